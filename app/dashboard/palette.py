"""The command palette, without Textual's emoji."""

from __future__ import annotations

from textual.command import CommandPalette, SearchIcon

PROMPT = ">"
"""The prompt before the input; every terminal can show it, in one cell."""


class Palette(CommandPalette):
    """Finds a command by its name."""

    def on_mount(self) -> None:
        self.query_one(SearchIcon).icon = PROMPT
