"""Plots calls over time as bars: answered ones upwards, refused ones in a row below."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Size
from textual.visual import VisualType
from textual.widget import Widget

from assemblyzero_tui.runner.model.credential_state import BUCKET, BUCKETS, Traffic
from assemblyzero_tui.widgets.format import count, fit
from assemblyzero_tui.widgets.glyphs import UNICODE, Glyphs
from assemblyzero_tui.widgets.timeline import axis

MINUTE = 60.0
SHORTEST = 120.0
"""Least seconds that a plot shows."""
LONGEST = BUCKET * BUCKETS
"""Most seconds that a plot shows: as much as the run state keeps."""
BLOCKS = " ▁▂▃▄▅▆▇█"
ASCII_BLOCKS = " .:#"
NAMES = 12
"""Cells for the names on the left."""
FIGURES = 14
"""Cells for the figures on the right."""

Local = Callable[[float], time.struct_time]


@dataclass(frozen=True, slots=True)
class Series:
    """The calls of a credential, or of all, in the minute before each cell."""

    name: str
    answered: Sequence[int]
    refused: Sequence[int]


def window(started: float, now: float) -> tuple[float, float]:
    """Start and end of a plot: those of the run, within the shortest and the longest span."""
    return now - min(LONGEST, max(SHORTEST, now - started)), now


def series(name: str, traffic: Traffic, start: float, end: float, width: int) -> Series:
    """The calls of each cell: the maximum over all minutes that end in it."""
    first, last = int(start // BUCKET), int(end // BUCKET)
    minute = round(MINUTE / BUCKET)
    answered = [0] * (last - first + minute)
    refused = [0] * (last - first + minute)
    for begin, good, bad in traffic.between(start - MINUTE, end + BUCKET):
        place = int(begin // BUCKET) - first + minute - 1
        if 0 <= place < len(answered):
            answered[place], refused[place] = good, bad
    return Series(name, _cells(answered, minute, width), _cells(refused, minute, width))


def _cells(counts: Sequence[int], minute: int, width: int) -> list[int]:
    sums = [sum(counts[place : place + minute]) for place in range(len(counts) - minute + 1)]
    n = len(sums)
    cells = []
    for cell in range(width):
        begin = cell * n // width
        cells.append(max(sums[begin : max(begin + 1, (cell + 1) * n // width)], default=0))
    return cells


def bars(values: Sequence[int], rows: int, glyphs: Glyphs = UNICODE) -> list[str]:
    """The values as bars of ``rows`` rows, the top one first; values above zero are visible."""
    blocks = ASCII_BLOCKS if glyphs.plain else BLOCKS
    steps = len(blocks) - 1
    peak = max(values, default=0)
    heights = [
        max(1, round(value / peak * rows * steps)) if value else 0 for value in values
    ]  # fmt: skip
    return [
        "".join(blocks[max(0, min(steps, height - row * steps))] for height in heights)
        for row in reversed(range(rows))
    ]


def plot_lines(
    shown: Series, rows: int, answered: int, refused: int, glyphs: Glyphs
) -> list[Content]:
    """One plot: bars of answered calls, and below them one row of refused ones.

    Args:
        shown: The calls to draw.
        rows: Rows of the bars of answered calls.
        answered: Total of answered calls.
        refused: Total of refused calls.
        glyphs: The characters to draw with.
    """
    lines = []
    peak = max(shown.answered, default=0)
    names = [fit(shown.name, NAMES - 1, glyphs.ellipsis), *([""] * (rows - 1))]
    figures = ["", *([""] * (rows - 1))]
    figures[0] = f"peak {count(peak)}/min" if peak else ""
    figures[-1] = f"{count(answered)} answered" if rows > 1 or not peak else figures[-1]
    drawn = bars(shown.answered, rows, glyphs)
    for name, bar, figure in zip(names, drawn, figures, strict=True):
        lines.append(_line(name, bar, figure, "bold", "$primary"))
    (bar,) = bars(shown.refused, 1, glyphs)
    what = f"{count(refused)} refused"
    style = "$error" if refused else "$text-muted"
    lines.append(_line("  refused", bar, what, style, "$error"))
    return lines


def _line(name: str, bar: str, figure: str, name_style: str, style: str) -> Content:
    gap = " " * max(0, NAMES - cell_len(name))
    return Content.assemble(
        (name, name_style), gap, (bar, style), (f"{figure:>{FIGURES}}", "$text-muted")
    )


class CallPlot(Widget):
    """The calls of one credential and those of all, over the same time."""

    DEFAULT_CSS = """
    CallPlot { height: auto; }
    """
    ALLOW_SELECT = False

    def __init__(
        self, glyphs: Glyphs = UNICODE, *, local: Local = time.localtime, id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self._glyphs = glyphs
        self._local = local
        self._drawn: tuple[object, ...] = ()
        self._lines: list[Content] = []

    def update(
        self,
        plots: Sequence[tuple[str, Traffic, int, int]],
        start: float,
        end: float,
        rows: int,
    ) -> None:
        """Shows these plots: name, calls, total of answered and of refused calls."""
        width = self.size.width - NAMES - FIGURES - 2
        if width < 8:
            return
        shown = [
            (series(name, traffic, start, end, width), answered, refused)
            for name, traffic, answered, refused in plots
        ]
        drawn_state = (shown, rows, int(start // BUCKET), int(end // BUCKET), width)
        if drawn_state == self._drawn:
            return
        self._drawn = drawn_state
        lines: list[Content] = []
        for one, answered, refused in shown:
            lines += [Content("")] if lines else []
            lines += plot_lines(one, rows, answered, refused, self._glyphs)
        times = " " * NAMES + axis(start, end, width, self._local)
        taller = len(lines) + 1 != len(self._lines)
        self._lines = [*lines, Content.styled(times, "$text-muted")]
        self.refresh(layout=taller)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._lines)

    def render(self) -> VisualType:
        return Content("\n").join(self._lines)
