"""Places panes, table and side panel in given cells."""

from __future__ import annotations

from collections.abc import Sequence

from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.widget import Widget

from assemblyzero_tui.widgets.items.layout import Cell


class _Tiles(Layout):
    """Places every child in its assigned cell."""

    name = "tiles"

    def __init__(self) -> None:
        self.cells: dict[Widget, Cell] = {}

    def arrange(
        self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True
    ) -> ArrangeResult:
        placements = []
        for child in children:
            if (cell := self.cells.get(child)) is not None:
                region = Region(cell.x, cell.y, cell.width, cell.height)
                placements.append(
                    WidgetPlacement(region, NULL_OFFSET, NULL_SPACING, child, 0, False, False)
                )
        return placements


class Grid(Widget):
    """Shows children in the cells given to :meth:`place`, and hides all others."""

    DEFAULT_CSS = """
    Grid { width: 1fr; height: 1fr; overflow: hidden; }
    """

    def __init__(self, *children: Widget, id: str | None = None) -> None:
        super().__init__(*children, id=id)
        self._tiles = _Tiles()

    @property
    def layout(self) -> Layout:
        return self._tiles

    def place(self, placed: Sequence[tuple[Widget, Cell]]) -> None:
        """Shows these children in these cells and hides the others."""
        cells = dict(placed)
        if cells == self._tiles.cells:
            return
        self._tiles.cells = cells
        for child in self.children:
            child.display = child in cells
        for child in cells:  # refreshing the grid itself would reuse its cached placements
            child.refresh(layout=True)

    @property
    def placed(self) -> list[Widget]:
        """The visible children, in their order."""
        return list(self._tiles.cells)
