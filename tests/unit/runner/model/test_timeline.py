"""The cells of a timeline."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from assemblyzero_tui.runner.model.run_state import Span
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.model.timeline import MARKS, bar, draw

Q, R, P, D, F = State.QUEUED, State.RUNNING, State.PAUSED, State.DONE, State.FAILED


def test_each_cell_shows_the_state_of_its_time() -> None:
    spans = [Span(Q, 0, 2), Span(R, 2, 5), Span(P, 5, 6), Span(R, 6, 9), Span(D, 9, 9)]
    assert bar(spans, 0, 10, 10) == [Q, Q, R, R, R, P, R, R, R, D]


def test_a_cell_goes_to_the_state_with_the_largest_share() -> None:
    assert bar([Span(Q, 0, 1.4), Span(R, 1.4, 4)], 0, 4, 2) == [Q, R]


def test_an_open_span_reaches_to_the_end() -> None:
    assert bar([Span(R, 0, None)], 0, 10, 3) == [R, R, R]


def test_an_end_at_the_very_end_is_in_the_last_cell() -> None:
    assert bar([Span(R, 0, 10), Span(D, 10, 10)], 0, 10, 4) == [R, R, R, D]


def test_a_retry_shows_the_failure_and_the_gap() -> None:
    spans = [Span(R, 0, 2), Span(F, 2, 5), Span(R, 5, 10)]
    assert bar(spans, 0, 10, 10) == [R, R, F, None, None, R, R, R, R, R]


def test_what_lies_outside_is_not_shown() -> None:
    assert bar([Span(R, -5, -1), Span(D, -1, -1), Span(R, 20, 30)], 0, 10, 2) == [None, None]


def test_no_time_and_no_width_do_no_harm() -> None:
    assert bar([Span(R, 0, 0)], 0, 0, 0) == []
    assert bar([Span(D, 0, 0)], 0, 0, 3)[-1] in (D, None)


def test_every_state_has_one_character_in_both_alphabets() -> None:
    assert set(MARKS) == set(State)
    assert all(len(mark) == 1 for pair in MARKS.values() for mark in pair)
    assert all(ascii_mark.isascii() for _, ascii_mark in MARKS.values())
    assert draw([Q, None, R, D]) == "· ━✓"
    assert draw([Q, None, R, D], ascii_only=True) == ". =+"


times = st.floats(0, 1e6, allow_nan=False)


@given(st.lists(st.tuples(st.sampled_from(State), times, times)), times, times, st.integers(0, 200))
def test_there_are_always_as_many_cells_as_asked(
    spans: list[tuple[State, float, float]], start: float, end: float, width: int
) -> None:
    cells = bar([Span(state, a, b) for state, a, b in spans], start, end, width)
    assert len(cells) == width
    assert {cell for cell in cells if cell} <= {state for state, _, _ in spans}
