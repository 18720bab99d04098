"""Where a reader stands in a log that grows."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assemblyzero_tui.runner.logs.reader import LogReader
from assemblyzero_tui.widgets.logs.view import LogView


class Growing(LogReader):
    """A log of so many lines, without a file."""

    def __init__(self) -> None:
        super().__init__(Path("/nonexistent/log"))
        self.count = 0

    @property
    def line_count(self) -> int:
        return self.count

    def refresh(self) -> bool:
        return False


def view_of(lines: int, height: int = 10) -> LogView:
    reader = Growing()
    reader.count = lines
    view = LogView(reader)
    view.resize(height)
    return view


def grow(view: LogView, lines: int) -> None:
    assert isinstance(view.reader, Growing)
    view.reader.count += lines
    view.take_in()


def test_it_begins_at_the_end_and_follows() -> None:
    view = view_of(100)
    assert (view.top, view.following, view.new_lines) == (90, True, 0)
    grow(view, 5)
    assert view.top == 95


def test_a_view_scrolled_back_stays_and_counts_new_lines() -> None:
    view = view_of(100)
    view.scroll(-1)
    assert (view.top, view.following) == (89, False)
    grow(view, 7)
    assert (view.top, view.new_lines) == (89, 7)
    view.follow()
    assert (view.top, view.new_lines) == (97, 0)


def test_scrolling_to_the_end_follows_again() -> None:
    view = view_of(100)
    view.scroll(-5)
    view.scroll(5)
    assert view.following


def test_a_log_that_fits_is_always_followed() -> None:
    view = view_of(3)
    view.scroll(-1)
    assert (view.top, view.following) == (0, True)


def test_staying_on_purpose() -> None:
    view = view_of(100)
    view.unfollow()
    grow(view, 4)
    assert (view.top, view.new_lines) == (90, 4)


def test_shifting_sideways_ends_at_the_widest_line() -> None:
    view = view_of(10)
    view.shift(8, widest=100, width=95)
    assert view.left == 5
    view.shift(-80, widest=100, width=95)
    assert view.left == 0


steps = st.one_of(
    st.tuples(st.just("grow"), st.integers(0, 1000)),
    st.tuples(st.just("scroll"), st.integers(-500, 500)),
    st.tuples(st.just("resize"), st.integers(0, 200)),
    st.tuples(st.just("go"), st.integers(-5, 3000)),
    st.tuples(st.sampled_from(["follow", "unfollow"]), st.just(0)),
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(steps, max_size=60))
def test_whatever_happens_it_stays_inside_and_never_drifts(
    happenings: list[tuple[str, int]],
) -> None:
    view = view_of(50)
    for name, number in happenings:
        top, following = view.top, view.following
        if name == "grow":
            grow(view, number)
            assert following or view.top == top, "growing moved a reader"
        elif name == "scroll":
            view.scroll(number)
        elif name == "resize":
            view.resize(number)
        elif name == "go":
            view.go_to(number)
        elif name == "follow":
            view.follow()
        else:
            view.unfollow()
        assert 0 <= view.top <= view.last_top
        assert view.new_lines >= 0
        if view.following:
            assert view.top == view.last_top
