"""The palette of commands, without the emoji of Textual's own."""

from __future__ import annotations

from textual.command import CommandPalette, SearchIcon

PROMPT = ">"
"""Stands before what is typed; every terminal has it, in one cell."""


class Palette(CommandPalette):
    """Finds a command by its name."""

    def on_mount(self) -> None:
        self.query_one(SearchIcon).icon = PROMPT
