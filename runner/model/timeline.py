"""The timeline of an item as a row of cells, one state for each cell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Protocol

from assemblyzero_tui.runner.model.states import State


class Period(Protocol):
    """A period in one state, in seconds since the epoch; open if ``end`` is ``None``."""

    @property
    def state(self) -> State: ...

    @property
    def start(self) -> float: ...

    @property
    def end(self) -> float | None: ...


MARKS: dict[State, tuple[str, str]] = {
    **{state: (state.look.glyph, state.look.ascii) for state in State},
    State.QUEUED: ("·", "."),
    State.STARTING: ("━", "="),
    State.RUNNING: ("━", "="),
    State.PAUSING: ("━", "="),
    State.CANCELLING: ("━", "="),
    State.PAUSED: ("╌", "-"),
    State.QUOTA: ("╍", ":"),
}
"""The character of a cell, and the one for terminals without Unicode."""

LEGEND: tuple[tuple[State, str], ...] = (
    (State.RUNNING, "at work"),
    (State.QUEUED, "waiting"),
    (State.PAUSED, "paused"),
    (State.QUOTA, "waiting for quota"),
    (State.DONE, "done"),
    (State.FAILED, "failed"),
)
"""The meaning of the marks."""


def bar(spans: Iterable[Period], start: float, end: float, width: int) -> list[State | None]:
    """Returns the states of ``width`` equal cells between two times.

    A cell has the state with the largest share of it; of two equal ones, the later. A terminal
    state (done, failed, ...) always gets its cell. ``None`` is a cell in which the item had no
    state: before it was queued, after its end, or while no engine ran.

    Args:
        spans: The periods of the item, in order.
        start: The begin of the first cell, in seconds since the epoch.
        end: The end of the last cell, in seconds since the epoch.
        width: The number of cells.
    """
    if width <= 0:
        return []
    length = max(end - start, 1e-9) / width
    shares: list[defaultdict[State, float]] = [defaultdict(float) for _ in range(width)]
    ends: dict[int, State] = {}
    for span in spans:
        if span.state.terminal:
            if start <= span.start <= end:
                ends[min(int((span.start - start) / length), width - 1)] = span.state
            continue
        left = max(span.start, start)
        right = min(end if span.end is None else span.end, end)
        if right < left:
            continue
        first = min(int((left - start) / length), width - 1)
        last = min(int((right - start) / length), width - 1)
        for cell in range(first, last + 1):
            cell_start = start + cell * length
            share = min(right, cell_start + length) - max(left, cell_start)
            if share > 0:
                shares[cell][span.state] += share
    return [ends.get(cell, _longest(share_of)) for cell, share_of in enumerate(shares)]


def _longest(shares: Mapping[State, float]) -> State | None:
    """The state with the largest share; of two equal ones, the later."""
    longest: State | None = None
    for state, share in shares.items():
        if longest is None or share >= shares[longest]:
            longest = state
    return longest


def draw(cells: Iterable[State | None], *, ascii_only: bool = False) -> str:
    """Returns the cells as text, one character each."""
    return "".join(" " if cell is None else MARKS[cell][ascii_only] for cell in cells)
