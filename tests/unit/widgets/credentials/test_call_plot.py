"""Calls over time as bars."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from assemblyzero_tui.runner.model.credential_state import Traffic
from assemblyzero_tui.widgets.credentials.call_plot import bars, plot_lines, series, window
from assemblyzero_tui.widgets.glyphs import ASCII, UNICODE


def traffic(*moments: float, answered: bool = True) -> Traffic:
    found = Traffic()
    for moment in moments:
        found.count(moment, answered=answered)
    return found


def test_each_cell_has_the_calls_of_the_minute_before_it() -> None:
    shown = series("a", traffic(605.0, 606.0, 650.0), 600.0, 899.0, 20)
    assert list(shown.answered) == [2, 2, 2, 3, 1, 1, 1, *[0] * 13]


def test_calls_shortly_before_the_plot_count_in_its_first_minute() -> None:
    shown = series("a", traffic(595.0), 600.0, 899.0, 20)
    assert list(shown.answered) == [1, 1, 1, *[0] * 17]


def test_refusals_are_apart() -> None:
    shown = series("a", traffic(650.0, answered=False), 600.0, 899.0, 10)
    assert sum(shown.answered) == 0
    assert max(shown.refused) == 1


@given(
    st.lists(st.floats(0, 10_000), max_size=40), st.integers(1, 200), st.floats(150, 3_600),
)  # fmt: skip
def test_no_call_of_the_time_shown_is_lost(moments: list[float], width: int, length: float) -> None:
    moments.sort()
    start, end = window(10_000 - length, 10_000)
    shown = series("a", traffic(*moments), start, end, width)
    assert len(shown.answered) == len(shown.refused) == width
    assert bool(sum(shown.answered)) >= any(start <= moment < end for moment in moments)


def test_a_plot_shows_the_run_but_an_hour_at_most() -> None:
    assert window(1_000.0, 2_000.0) == (1_000.0, 2_000.0)
    assert window(1_990.0, 2_000.0) == (1_880.0, 2_000.0)
    assert window(0.0, 90_000.0) == (86_400.0, 90_000.0)


def test_bars() -> None:
    assert bars([0, 1, 8, 16], 2) == ["   █", " ▁██"]
    assert bars([0, 1, 4, 6], 2, ASCII) == ["  .#", " .##"]
    assert bars([0, 0], 1) == ["  "]
    assert bars([1, 1000], 1) == ["▁█"]


@given(st.lists(st.integers(0, 50), min_size=1, max_size=30), st.integers(1, 12), st.booleans())
def test_every_bar_has_its_cell(values: list[int], rows: int, plain: bool) -> None:
    drawn = bars(values, rows, ASCII if plain else UNICODE)
    assert len(drawn) == rows
    assert all(len(row) == len(values) for row in drawn)
    assert [bool(value) for value in values] == [cell != " " for cell in drawn[-1]]
    assert not plain or "".join(drawn).isascii()


def test_a_plot_has_names_and_figures() -> None:
    shown = series("a-key-with-a-long-name", traffic(605.0, 606.0), 600.0, 899.0, 20)
    lines = [line.plain for line in plot_lines(shown, 2, 1234, 0, UNICODE)]
    assert lines[0].startswith("a-key-with… ")
    assert lines[0].endswith("peak 2/min")
    assert lines[1].endswith("1 234 answered")
    assert lines[2].startswith("  refused   ")
    assert lines[2].endswith("0 refused")
    assert len({len(line) for line in lines}) == 1
