"""Showing a Markdown text while a model is writing it."""

from __future__ import annotations

from collections.abc import Callable

from assemblyzero_tui.runner.workflows.drafting import log_style as style
from assemblyzero_tui.runner.workflows.drafting.texts import sections

_HEADING_WIDTH = 60
_COLUMN = 40


class SectionPrinter:
    """Prints each section's heading and size as soon as the section is complete."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._text = ""
        self._looked = 0
        self._printed = 0

    def feed(self, piece: str) -> None:
        """Takes the next piece of the text."""
        self._text += piece
        end = self._text.rfind("\n") + 1
        if "\n## " in "\n" + self._text[self._looked : end]:
            self._print(sections(self._text[:end])[:-1])
        self._looked = end

    def finish(self) -> None:
        """Prints what is left: the text is complete."""
        self._print(sections(self._text))

    def _print(self, complete: list[tuple[str, int]]) -> None:
        for heading, size in complete[self._printed :]:
            shown = style.accent(style.plain(heading)[:_HEADING_WIDTH].ljust(_COLUMN))
            self._say(f"      {shown} {style.faint(f'{size:>6,}')}")
        self._printed = max(self._printed, len(complete))
