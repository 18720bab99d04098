"""The grid alone."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.widgets import Static

from assemblyzero_tui.widgets.items.grid import Grid
from assemblyzero_tui.widgets.items.layout import Cell


class GridApp(App[None]):
    """A grid with two children."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = Static("first"), Static("second")
        self.grid = Grid(self.first, self.second)

    def compose(self) -> ComposeResult:
        yield self.grid


async def test_children_move_although_nothing_else_has_changed() -> None:
    app = GridApp()
    async with app.run_test(size=(40, 10)) as pilot:
        for rows in (5, 4, 5, 3):
            app.grid.place([(app.first, Cell(0, 0, 40, rows)), (app.second, Cell(0, rows, 40, 2))])
            await pilot.pause()
            assert app.first.region == Region(0, 0, 40, rows)
            assert app.second.region == Region(0, rows, 40, 2)
