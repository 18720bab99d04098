"""Which items are in sight: the page, the list, or one log in front. No widget in here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from assemblyzero_tui.widgets.layout import Layout, Mode, plan


@dataclass
class Stage:
    """What the user looks at."""

    wish: Mode | None = None
    """Grid or list, if the user asked for one."""
    page: int = 0
    zoomed: str = ""
    """The item whose log is in front; empty for none."""
    layout: Layout = field(default_factory=lambda: plan(0, 80, 24))

    def fit(self, n: int, width: int, height: int) -> Layout:
        """Plans for so many items in a terminal of this size."""
        first = self.page * self.layout.per_page
        self.layout = plan(n, width, height, self.wish)
        if self.layout.per_page:
            self.page = self.layout.page_of(first)
        self.page = max(0, min(self.page, self.layout.pages - 1))
        return self.layout

    @property
    def mode(self) -> Mode:
        """Grid, list or too small."""
        return self.layout.mode

    def toggle(self) -> None:
        """Wishes for the other shape."""
        self.wish = Mode.GRID if self.mode is Mode.LIST else Mode.LIST
        self.zoomed = ""

    def in_grid(self, items: Sequence[str]) -> list[str]:
        """The items of the page."""
        return [items[index] for index in self.layout.on_page(self.page, len(items))]

    def turn(self, pages: int) -> bool:
        """Turns to another page; false if there is none."""
        page = max(0, min(self.page + pages, self.layout.pages - 1))
        changed, self.page = page != self.page, page
        return changed

    def turn_to(self, items: Sequence[str], item: str) -> None:
        """Turns to the page of an item."""
        if self.mode is Mode.GRID and item in items:
            self.page = self.layout.page_of(items.index(item))

    def out_of_sight(self, items: Sequence[str]) -> list[str]:
        """The items of the other pages."""
        if self.mode is not Mode.GRID or self.zoomed:
            return []
        page = set(self.layout.on_page(self.page, len(items)))
        return [item for index, item in enumerate(items) if index not in page]


def neighbour(items: Sequence[str], item: str, step: int) -> str:
    """The item so many places further; the ends stop it."""
    if item not in items:
        return items[0] if items else ""
    return items[max(0, min(items.index(item) + step, len(items) - 1))]
