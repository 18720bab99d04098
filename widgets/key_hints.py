"""The last row: the keys that have an effect now, and notes on what is out of sight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content

from assemblyzero_tui.widgets.text_line import Part, TextLine, cells, spread


@dataclass(frozen=True, slots=True)
class Hint:
    """One key and its present effect."""

    key: str
    label: str
    action: str
    """The action of a click."""


class KeyHints(TextLine):
    """The footer; a hint can be clicked."""

    DEFAULT_CSS = """
    KeyHints { background: $panel; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._current: tuple[Sequence[Hint], list[Part], Sequence[Hint]] | None = None

    def update(self, hints: Sequence[Hint], notes: list[Part], last: Sequence[Hint] = ()) -> None:
        """Shows as many of the hints as fit; notes and ``last`` on the right."""
        self._current = (hints, notes, last)
        width = max(1, self.size.width)
        right: list[Part] = [*notes]
        ends = [_content(hint) for hint in last]
        at = width - sum(end.cell_length + 2 for end in ends) + 1
        actions: list[tuple[int, int, str]] = []
        for hint, end in zip(last, ends, strict=True):
            actions.append((at, at + end.cell_length, hint.action))
            at += end.cell_length + 2
            right += [end, "  "]
        right[-1:] = [" "] if last else right[-1:]
        room = width - cells(right) - 2
        left: list[Part] = [" "]
        at = 1
        for hint in hints:
            part = _content(hint)
            if at + part.cell_length > room:
                break
            actions.append((at, at + part.cell_length, hint.action))
            left += [part, "  "]
            at += part.cell_length + 2
        self.show(spread(left[:-1], right, width), actions)

    def on_resize(self) -> None:
        """Shows as many hints as fit now."""
        if self._current is not None:
            self.update(*self._current)


def _content(hint: Hint) -> Content:
    return Content.assemble((hint.key, "bold $primary"), f" {hint.label}")
