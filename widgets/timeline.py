"""Timelines of items: strips of one row each under a common time axis."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

from textual.content import Content
from textual.geometry import Size
from textual.visual import VisualType
from textual.widget import Widget

from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.model.timeline import LEGEND, MARKS, Period, bar, draw
from assemblyzero_tui.widgets.format import STATE_STYLES
from assemblyzero_tui.widgets.glyphs import UNICODE, Glyphs

Row = tuple[str, Sequence[Period]]
"""The name of an item and its periods."""

_STYLES = {**STATE_STYLES, State.QUEUED: "$text-disabled"}
_AXIS_STEP = 18
"""Least cells from one time on the axis to the next."""


def strip(cells: Iterable[State | None], glyphs: Glyphs = UNICODE) -> Content:
    """The cells of a bar with the colours of their states."""
    parts: list[tuple[str, str]] = []
    for state, group in groupby(cells):
        text = draw(group, ascii_only=glyphs.plain)
        style = _STYLES[state] if state is not None else ""
        parts.append((text, f"{style} bold" if state is not None and state.terminal else style))
    return Content.assemble(*parts)


def axis(
    start: float,
    end: float,
    width: int,
    local: Callable[[float], time.struct_time] = time.localtime,
) -> str:
    """A time axis of exactly ``width`` cells, with times of day at their positions.

    Args:
        start: Time of the first cell, seconds since the epoch.
        end: Time of the last cell.
        width: Width in cells.
        local: Converts seconds since the epoch to local time.
    """
    form = "%H:%M:%S" if end - start < 600 else "%H:%M"
    label = time.strftime(form, local(start))
    if width < len(label):
        return " " * max(0, width)
    last = width - len(label)
    steps = max(1, width // _AXIS_STEP)
    places = [round(last * step / steps) for step in range(steps + 1)]
    if last <= len(label):
        places = [0]
    line = ""
    for place in places:
        moment = start + (end - start) * (place / last if last else 0.0)
        line = f"{line:{place}}{time.strftime(form, local(moment))}"
    return f"{line:{width}}"


def legend(glyphs: Glyphs = UNICODE) -> Content:
    """The meanings of the characters of a strip."""
    parts: list[tuple[str, str] | str] = []
    for state, word in LEGEND:
        parts += [(MARKS[state][glyphs.plain], _STYLES[state]), (f" {word}   ", "$text-muted")]
    return Content.assemble(*parts).rstrip()


class Timeline(Widget):
    """The strips of some items, with the axis above and the legend below."""

    DEFAULT_CSS = """
    Timeline { height: auto; }
    """
    ALLOW_SELECT = False

    def __init__(
        self,
        glyphs: Glyphs = UNICODE,
        *,
        local: Callable[[float], time.struct_time] = time.localtime,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._glyphs = glyphs
        self._local = local
        self._rows: Sequence[Row] = ()
        self._start = self._end = 0.0

    def show(self, rows: Sequence[Row], start: float, end: float) -> None:
        """Shows these items from ``start`` to ``end``, in seconds since the epoch."""
        taller = len(rows) != len(self._rows)
        self._rows, self._start, self._end = rows, start, end
        self.refresh(layout=taller)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._rows) + 2 if self._rows else 0

    def render(self) -> VisualType:
        if not self._rows:
            return ""
        names = max(len(name) for name, _ in self._rows)
        width = max(1, self.content_size.width - names - 2)
        margin = " " * (names + 2)
        lines = [
            Content.assemble(
                margin, (axis(self._start, self._end, width, self._local), "$text-muted")
            )
        ]
        for name, spans in self._rows:
            cells = bar(spans, self._start, self._end, width)
            lines.append(Content.assemble(f"{name:{names}}  ", strip(cells, self._glyphs)))
        lines.append(Content.assemble(margin, legend(self._glyphs)))
        return Content("\n").join(lines)
