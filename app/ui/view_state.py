"""The view and the current item, without widgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from assemblyzero_tui.widgets.items.layout import Layout, Mode, plan


@dataclass
class ViewState:
    """The view that the user has chosen, and the item that the keys act on.

    This is the only place that stores the current item. Widgets show it, and the focus follows it.
    Only the user changes it: never a view, a size, a page or an event of the run.
    """

    preferred_mode: Mode | None = None
    """Grid or list, if the user chose one."""
    current: str = ""
    """Id of the current item; empty until there are items."""
    zoomed: bool = False
    """Whether its log fills the screen."""
    in_log: bool = False
    """In the list: whether keys scroll its log instead of the table."""
    layout: Layout = field(default_factory=lambda: plan(0, 80, 24))

    def fit(self, n: int, width: int, height: int) -> Layout:
        """Plans the layout of ``n`` items in a terminal of this size."""
        self.layout = plan(n, width, height, self.preferred_mode)
        if self.mode is Mode.GRID:
            self.in_log = False
        return self.layout

    @property
    def mode(self) -> Mode:
        """Grid, list or too small."""
        return self.layout.mode

    @property
    def shows_table(self) -> bool:
        """Whether the table is visible, and with it the marks."""
        return self.mode is Mode.LIST and not self.zoomed

    def toggle(self) -> None:
        """Switches between grid and list."""
        self.preferred_mode = Mode.GRID if self.mode is Mode.LIST else Mode.LIST
        self.zoomed = False

    def page(self, items: Sequence[str]) -> int:
        """The index of the visible page, always that of the current item."""
        return self.layout.page_of(items.index(self.current)) if self.current in items else 0

    def in_grid(self, items: Sequence[str]) -> list[str]:
        """The items of the page."""
        return [items[index] for index in self.layout.on_page(self.page(items), len(items))]

    def page_start(self, items: Sequence[str], pages: int) -> str:
        """The first item of the page ``pages`` further on; empty if there is none."""
        page = self.page(items) + pages
        shown = self.layout.on_page(page, len(items)) if page >= 0 else range(0)
        return items[shown[0]] if shown else ""

    def out_of_sight(self, items: Sequence[str]) -> list[str]:
        """The items of the other pages."""
        if self.mode is not Mode.GRID or self.zoomed:
            return []
        page = set(self.layout.on_page(self.page(items), len(items)))
        return [item for index, item in enumerate(items) if index not in page]


def neighbour(items: Sequence[str], item: str, step: int) -> str:
    """The item ``step`` places further on, within the list."""
    if item not in items:
        return items[0] if items else ""
    return items[max(0, min(items.index(item) + step, len(items) - 1))]
