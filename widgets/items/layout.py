"""Plans the panes of the dashboard from the number of items and the size, as a pure function."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import ceil

SMALLEST = (60, 15)
"""Columns and rows below which only a message is shown."""
SMALLEST_GRID = (80, 20)
"""Columns and rows below which a list is chosen instead of a grid."""
SMALLEST_PANE = (40, 8)
COMFORTABLE_PANE = (60, 12)
MOST_PANES = 12
"""The most panes that are mounted, and the most items for which a grid is chosen."""
MOST_PAGES = 2
"""The most pages for which a grid is chosen automatically."""
TALL = 30
"""Terminal rows from which the header has two rows."""
COLUMNS_FIRST = 180
"""Terminal columns from which more columns of panes are preferred to more rows; in narrower
terminals, log lines would be cut too often."""

_IDEAL_WIDTH = 120
_IDEAL_HEIGHT = 28


class Mode(StrEnum):
    """The shape of the dashboard."""

    GRID = "grid"
    """A live log for every item of a page."""
    LIST = "list"
    """A table of all items, and the log of the chosen one."""
    TOO_SMALL = "too small"
    """Only a message."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Position and size of a pane, in terminal cells from the corner of the grid."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Layout:
    """The plan for one size of the terminal."""

    cols: int
    rows: int
    per_page: int
    mode: Mode
    pages: int = 1

    def page_of(self, index: int) -> int:
        """The index of the page with the item at this index of the queue."""
        return index // self.per_page if self.per_page else 0

    def on_page(self, page: int, n: int) -> range:
        """The indexes of the items on a page."""
        first = page * self.per_page
        return range(min(first, n), min(first + self.per_page, n))

    def cells(self, count: int, width: int, height: int) -> list[Cell]:
        """The cells of the ``count`` panes of a page in a grid of this size.

        Panes are wider in a last row with fewer of them, and higher on a page with fewer rows.
        """
        if count <= 0 or self.mode is not Mode.GRID:
            return []
        rows = ceil(count / self.cols)
        cells = []
        for row, (y, tall) in enumerate(_shares(height, rows)):
            in_row = min(self.cols, count - row * self.cols)
            cells += [Cell(x, y, wide, tall) for x, wide in _shares(width, in_row)]
        return cells


def header_rows(height: int) -> int:
    """Rows of the header in a terminal with ``height`` rows."""
    return 2 if height >= TALL else 1


def body_rows(height: int) -> int:
    """Rows between the header and the footer."""
    return max(0, height - header_rows(height) - 1)


def plan(n: int, width: int, height: int, preferred: Mode | None = None) -> Layout:
    """The layout for ``n`` items in a terminal of ``width`` by ``height`` cells.

    Args:
        n: Items of the run.
        width: Columns of the terminal.
        height: Rows of the terminal.
        preferred: The mode that the user chose; used if it is possible.
    """
    if width < SMALLEST[0] or height < SMALLEST[1]:
        return Layout(0, 0, 0, Mode.TOO_SMALL)
    too_narrow = width < SMALLEST_GRID[0] or height < SMALLEST_GRID[1]
    crowded = (n > MOST_PANES or too_narrow) and n > 1
    if preferred is Mode.LIST or (crowded and preferred is not Mode.GRID):
        return Layout(0, 0, 0, Mode.LIST)
    most_pages = n if preferred is Mode.GRID else MOST_PAGES
    grids = [grid for grid in _grids(n, width, body_rows(height)) if grid.pages <= most_pages]
    if not grids:
        return Layout(0, 0, 0, Mode.LIST)
    return min(grids, key=lambda grid: _waste(grid, n, width, body_rows(height)))


def _grids(n: int, width: int, body: int) -> list[Layout]:
    """All grids whose panes are large enough, and always that of a single pane."""
    grids = []
    for cols in range(1, max(1, min(MOST_PANES, width // SMALLEST_PANE[0])) + 1):
        for rows in range(1, max(1, min(MOST_PANES // cols, body // SMALLEST_PANE[1])) + 1):
            per_page = cols * rows
            needed = cols <= max(1, n) and cols * (rows - 1) < max(1, n)
            if needed:
                grids.append(Layout(cols, rows, per_page, Mode.GRID, max(1, ceil(n / per_page))))
    return grids


def _waste(grid: Layout, n: int, width: int, body: int) -> float:
    """The cost of a grid: cramped panes, hidden items, an uneven last row."""
    wide, tall = width // grid.cols, body // grid.rows
    cramped = 4 * _lack(wide, COMFORTABLE_PANE[0])
    if width >= COLUMNS_FIRST:
        cramped += _lack(tall, _IDEAL_HEIGHT) - 0.001 * grid.cols
    else:
        cramped += 5 * _lack(tall, COMFORTABLE_PANE[1]) + 0.3 * _lack(wide, _IDEAL_WIDTH)
    shown = min(n, grid.per_page)
    last_row = shown - grid.cols * (grid.rows - 1)
    uneven = 0.05 * (grid.cols - last_row) / grid.cols
    hidden = 2 * (n - shown) / n + 0.1 * (grid.pages - 1) if n else 0.0
    return cramped + uneven + hidden


def _lack(got: int, wanted: int) -> float:
    return (max(0, wanted - got) / wanted) ** 2


def _shares(total: int, parts: int) -> list[tuple[int, int]]:
    """Offset and length of each part; the first parts get what does not divide evenly."""
    length, longer = divmod(total, parts)
    return [(i * length + min(i, longer), length + (i < longer)) for i in range(parts)]


SIDE_BY_SIDE = 110
"""Columns from which the table and the log of a list are side by side."""
TWO_LOGS = (180, 40)
"""Columns and rows of the body from which a list has two logs."""
SIDE_PANEL = (160, 20)
"""Columns and rows of the body from which a single log has a panel beside it."""
_PANEL_WIDTH = 38


def list_cells(width: int, height: int, n: int) -> tuple[Cell, list[Cell]]:
    """The cells of the table of a list, and of its logs."""
    if width < SIDE_BY_SIDE:
        rows = min(max(height * 45 // 100, 6), max(4, n + 3), height)
        log = [Cell(0, rows, width, height - rows)] if height > rows else []
        return Cell(0, 0, width, rows), log
    cols = min(max(width * 60 // 100, 62), 104)
    rest = width - cols
    table = Cell(0, 0, cols, height)
    if n > 1 and width >= TWO_LOGS[0] and height >= TWO_LOGS[1]:
        return table, [Cell(cols, y, rest, tall) for y, tall in _shares(height, 2)]
    return table, [Cell(cols, 0, rest, height)]


def single_cells(width: int, height: int) -> tuple[Cell, Cell | None]:
    """The cells of a single log and of the panel beside it, if there is room for one."""
    if width < SIDE_PANEL[0] or height < SIDE_PANEL[1]:
        return Cell(0, 0, width, height), None
    log = Cell(0, 0, width - _PANEL_WIDTH, height)
    return log, Cell(log.width, 0, _PANEL_WIDTH, height)
