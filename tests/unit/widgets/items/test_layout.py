"""The layout rule: which grid for how many items in which terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assemblyzero_tui.widgets.items.layout import (
    MOST_PANES,
    SMALLEST_PANE,
    Cell,
    Mode,
    body_rows,
    header_rows,
    plan,
)


@pytest.mark.parametrize(
    ("n", "size", "shape"),
    [
        (1, (80, 24), (1, 1, 1)),
        (3, (80, 24), (2, 2, 1)),
        (6, (80, 24), (2, 2, 2)),
        (1, (120, 40), (1, 1, 1)),
        (3, (120, 40), (1, 3, 1)),
        (6, (120, 40), (2, 3, 1)),
        (10, (120, 40), (3, 3, 2)),
        (1, (200, 60), (1, 1, 1)),
        (2, (200, 60), (2, 1, 1)),
        (3, (200, 60), (3, 1, 1)),
        (6, (200, 60), (3, 2, 1)),
        (10, (200, 60), (4, 3, 1)),
        (12, (200, 60), (4, 3, 1)),
    ],
)
def test_grid_for_a_size(n: int, size: tuple[int, int], shape: tuple[int, int, int]) -> None:
    layout = plan(n, *size)
    assert layout.mode is Mode.GRID
    assert (layout.cols, layout.rows, layout.pages) == shape


@pytest.mark.parametrize(
    ("n", "size"),
    [(10, (80, 24)), (13, (200, 60)), (100, (120, 40)), (5000, (200, 60)), (3, (79, 24)),
     (3, (100, 19))],
)  # fmt: skip
def test_too_many_items_or_a_small_terminal_get_a_list(n: int, size: tuple[int, int]) -> None:
    assert plan(n, *size).mode is Mode.LIST


@pytest.mark.parametrize("size", [(20, 5), (59, 40), (200, 14), (1, 1), (0, 0)])
def test_below_the_smallest_size_there_is_one_line(size: tuple[int, int]) -> None:
    assert plan(3, *size).mode is Mode.TOO_SMALL


def test_a_single_item_has_its_log_even_in_a_small_terminal() -> None:
    assert plan(1, 60, 15).mode is Mode.GRID


def test_the_users_choice_beats_the_rule() -> None:
    assert plan(3, 120, 40, Mode.LIST).mode is Mode.LIST
    chosen = plan(100, 120, 40, Mode.GRID)
    assert chosen.mode is Mode.GRID
    assert chosen.pages * chosen.per_page >= 100
    assert plan(3, 20, 5, Mode.GRID).mode is Mode.TOO_SMALL


def test_the_last_row_stretches() -> None:
    cells = plan(3, 80, 24).cells(3, 80, 22)
    assert cells == [Cell(0, 0, 40, 11), Cell(40, 0, 40, 11), Cell(0, 11, 80, 11)]


def test_a_last_page_with_one_pane_fills_the_body() -> None:
    layout = plan(10, 120, 40)
    assert layout.on_page(1, 10) == range(9, 10)
    assert layout.cells(1, 120, 37) == [Cell(0, 0, 120, 37)]


def test_the_header_grows_with_the_terminal() -> None:
    assert (header_rows(29), header_rows(30)) == (1, 2)
    assert (body_rows(24), body_rows(40)) == (22, 37)


sizes = {"width": st.integers(0, 400), "height": st.integers(0, 150)}


@given(n=st.integers(0, 6000), preferred=st.sampled_from([None, *Mode]), **sizes)
def test_every_item_is_on_exactly_one_page(
    n: int, preferred: Mode | None, width: int, height: int
) -> None:
    layout = plan(n, width, height, preferred)
    if layout.mode is not Mode.GRID:
        return
    assert 1 <= layout.per_page <= MOST_PANES
    shown = [index for page in range(layout.pages) for index in layout.on_page(page, n)]
    assert shown == list(range(n))
    assert all(index in layout.on_page(layout.page_of(index), n) for index in shown[:50])


@given(n=st.integers(1, 12), width=st.integers(80, 400), height=st.integers(20, 150))
def test_panes_cover_the_body_and_never_overlap(n: int, width: int, height: int) -> None:
    layout = plan(n, width, height)
    if layout.mode is not Mode.GRID:
        return
    body = body_rows(height)
    for page in range(layout.pages):
        cells = layout.cells(len(layout.on_page(page, n)), width, body)
        assert sum(cell.width * cell.height for cell in cells) == width * body
        for cell in cells:
            assert cell.x + cell.width <= width
            assert cell.y + cell.height <= body
            assert cell.width >= SMALLEST_PANE[0]
            assert cell.height >= SMALLEST_PANE[1]
        taken = {(cell.x, cell.y) for cell in cells}
        assert len(taken) == len(cells)


@given(n=st.integers(0, 6000), preferred=st.sampled_from([None, *Mode]), **sizes)
def test_a_larger_terminal_never_turns_a_grid_into_nothing(
    n: int, preferred: Mode | None, width: int, height: int
) -> None:
    if plan(n, width, height, preferred).mode is not Mode.TOO_SMALL:
        assert plan(n, width + 1, height + 1, preferred).mode is not Mode.TOO_SMALL
