"""The last row: the keys that act on what is focused, and what is out of sight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content

from assemblyzero_tui.widgets.text_line import Part, TextLine, cells, spread


@dataclass(frozen=True, slots=True)
class Hint:
    """One key and what it does now."""

    key: str
    label: str
    action: str
    """What a click does."""


class KeyHints(TextLine):
    """The footer; a hint can be clicked."""

    DEFAULT_CSS = """
    KeyHints { background: $panel; }
    """

    def tell(self, hints: Sequence[Hint], right: list[Part]) -> None:
        """Shows the hints that fit, the first ones first, and the text on the right."""
        width = max(1, self.size.width)
        room = width - cells(right) - 2
        left: list[Part] = [" "]
        actions: list[tuple[int, int, str]] = []
        at = 1
        for hint in hints:
            part = Content.assemble((hint.key, "bold $primary"), f" {hint.label}")
            if at + part.cell_length > room:
                break
            actions.append((at, at + part.cell_length, hint.action))
            left += [part, "  "]
            at += part.cell_length + 2
        self.show(spread(left, right, width), actions)
