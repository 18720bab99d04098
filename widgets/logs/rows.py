"""Rows of a log pane: their styles, their text cut to the width, and the time before them."""

from __future__ import annotations

import time
from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from assemblyzero_tui.runner.logs.reader import LogReader
from assemblyzero_tui.widgets.logs.lines import Line
from assemblyzero_tui.widgets.logs.view import LogView

STAMP = "%H:%M:%S "
"""Format of the time before a line."""
STAMP_WIDTH = 9
"""Width of the time in cells."""


class RowStyles:
    """The styles of a pane, looked up once for all rows."""

    def __init__(self, pane: Widget, *, plain: bool) -> None:
        self.text = pane.rich_style
        self.step = pane.get_component_rich_style("log-pane--step", partial=False)
        self.marker = pane.get_component_rich_style("log-pane--marker")
        self.empty = pane.get_component_rich_style("log-pane--empty")
        self.time = pane.get_component_rich_style("log-pane--time")
        glyph = "#" if plain else "▐"
        self.thumb = Segment(glyph, pane.get_component_rich_style("log-pane--thumb"))
        self.track = Segment(" ", self.text)
        self._blank = Segment("", self.text)

    def blank(self, width: int) -> Segment:
        """An empty row, cached for its width."""
        if len(self._blank.text) != width:
            self._blank = Segment(" " * width, self.text)
        return self._blank


def cut(line: Line, start: int, width: int, style: Style, number: int) -> list[Segment]:
    """A part of a line, padded to the width; each piece has its offset, for selections."""
    shown = line.cells
    if start or line.width > width:
        shown = list(Strip(shown, line.width).crop(start, start + width))
    missing = width - max(0, line.width - start)
    if missing > 0:
        shown = [*shown, Segment(" " * min(missing, width), style)]
    cells, place = [], start
    for text, own, _ in shown:
        at = Style.from_meta({"offset": (place, number)})
        cells.append(Segment(text, own + at if own else at))
        place += len(text)
    return cells


def thumb(view: LogView, height: int) -> range:
    length = max(1, height * height // view.total)
    place = (height - length) * view.top // max(1, view.last_top)
    return range(place, place + length)


def stamps(reader: LogReader, rows: Sequence[tuple[int, int]], height: int) -> list[str]:
    """The time for each row in which a line begins, blanks for all others.

    Args:
        reader: The reader of the log.
        rows: Line number and part of the line for every row with text, in order.
        height: Total number of rows.
    """
    texts = [" " * STAMP_WIDTH] * height
    if rows:
        first = rows[0][0]
        times = reader.times(first, rows[-1][0] + 1)
        for y, (line, part) in enumerate(rows):
            if part == 0:
                texts[y] = time.strftime(STAMP, time.localtime(times[line - first]))
    return texts
