"""Shows a Markdown text while a model is writing it."""

from __future__ import annotations

from collections.abc import Callable

from assemblyzero_tui.runner.workflows.drafting import log_style as style
from assemblyzero_tui.runner.workflows.drafting.texts import sections

_HEADING_WIDTH = 60
_COLUMN = 40


class SectionPrinter:
    """Prints each section's heading and size as soon as the section is complete."""

    def __init__(self, print_line: Callable[[str], None]) -> None:
        self._print_line = print_line
        self._text = ""
        self._scanned = 0
        self._printed = 0

    def feed(self, piece: str) -> None:
        """Adds the next piece of the text."""
        self._text += piece
        end = self._text.rfind("\n") + 1
        if "\n## " in "\n" + self._text[self._scanned : end]:
            self._print(sections(self._text[:end])[:-1])
        self._scanned = end

    def finish(self) -> None:
        """Prints the remaining sections; the text is complete."""
        self._print(sections(self._text))

    def _print(self, complete: list[tuple[str, int]]) -> None:
        for heading, size in complete[self._printed :]:
            shown = style.accent(style.plain(heading)[:_HEADING_WIDTH].ljust(_COLUMN))
            self._print_line(f"      {shown} {style.faint(f'{size:>6,}')}")
        self._printed = max(self._printed, len(complete))
