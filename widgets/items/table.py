"""The table of all items. Only visible rows are built, so thousands of items cost nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection
from enum import StrEnum
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from assemblyzero_tui.runner.model.run_state import RunState
from assemblyzero_tui.widgets.format import count
from assemblyzero_tui.widgets.glyphs import UNICODE, Glyphs
from assemblyzero_tui.widgets.items.row import TONE_NAMES, Cells, Columns, head, row_cells


class Order(StrEnum):
    """How the rows are sorted."""

    ATTENTION = "attention first"
    QUEUE = "order of the queue"
    LONGEST = "longest at work first"


def sorted_items(run: RunState, order: Order, now: float) -> list[str]:
    """The ids of all items in an order."""
    items = list(run.items.values())
    if order is Order.ATTENTION:
        items.sort(key=lambda item: (item.state.look.order, item.index))
    elif order is Order.LONGEST:
        items.sort(key=lambda item: (-item.active_seconds(now), item.index))
    return [item.id for item in items]


class ItemTable(Widget, can_focus=True, inherit_bindings=False):
    """All items, with a cursor and marks.

    The cursor stays on the current item wherever the order puts it, so that no key acts on another
    one; only the user moves it. The visible rows follow it, with one exception: when the item ends
    and is sorted to the end of the list, the items at work stay visible. The next key that moves
    the cursor, or acts on the item, scrolls to it.

    Args:
        run: Returns the run.
        now: Returns the time.
        current: Returns the id of the current item.
        go_to: Makes another item the current one.
        glyphs: The characters to draw with.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"item-table--{name}" for name in TONE_NAMES}
    DEFAULT_CSS = """
    ItemTable {
        border: round $foreground 22%;
        border-title-color: $text-muted;
        border-subtitle-color: $text-muted;
        &.-ascii { border: ascii $foreground 30%; }
        &:focus {
            border: round $primary;
            border-title-color: $background;
            border-title-background: $primary;
            border-title-style: bold;
            &.-ascii { border: ascii $primary; }
        }
        & > .item-table--muted { color: $text-muted; }
        & > .item-table--work { color: $primary; }
        & > .item-table--pause { color: $secondary; }
        & > .item-table--wait { color: $warning; }
        & > .item-table--ask { color: $accent; text-style: bold; }
        & > .item-table--good { color: $success; }
        & > .item-table--bad { color: $error; text-style: bold; }
        & > .item-table--text { color: $foreground; }
        & > .item-table--head { color: $text-muted; text-style: bold; }
        & > .item-table--mark { color: $accent; text-style: bold; }
        & > .item-table--cursor { background: $primary 18%; }
    }
    """

    class Opened(Message):
        """An item was clicked twice."""

        def __init__(self, item: str) -> None:
            super().__init__()
            self.item = item

    def __init__(
        self,
        run: Callable[[], RunState],
        now: Callable[[], float],
        current: Callable[[], str],
        go_to: Callable[[str], None],
        glyphs: Glyphs = UNICODE,
        *,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._run = run
        self._now = now
        self._current = current
        self._go_to = go_to
        self.glyphs = glyphs
        self.order = Order.ATTENTION
        self.marks: set[str] = set()
        """Ids of the marked items."""
        self.rows: list[str] = []
        """Ids of all items in the order shown."""
        self.cursor = 0
        """Row of the cursor."""
        self.top = 0
        """The first visible row."""
        self._painted: list[Cells] = []
        self._columns = Columns.fitting(0, ())
        self._titles = ("", "")
        self._fitted: Size | None = None
        """The size for which the columns and the first row were calculated."""
        self._last_current = ("", False)
        """The current item at the last update, and whether it had ended."""
        self._in_sight = True
        """Whether the cursor is visible."""

    # Showing

    @property
    def item(self) -> str:
        """Id of the item under the cursor; empty in an empty table."""
        return self.rows[self.cursor] if self.rows else ""

    @property
    def height(self) -> int:
        """Rows of items that fit."""
        return max(0, self.size.height - 1)

    def update(self) -> None:
        """Reads the present state of the run; repaints only if a visible row changed."""
        current, run = self._current(), self._run()
        self.rows = sorted_items(run, self.order, self._now())
        self.cursor = self.rows.index(current) if current in run.items else 0
        ended = current in run.items and run.items[current].state.terminal
        before, self._last_current = self._last_current, (current, ended)
        self._fit()
        self._columns = Columns.fitting(self.size.width, self.rows)
        just_ended = before == (current, False) and ended
        self._place(follow=before[0] != current or (self._in_sight and not just_ended))
        self._update_titles()
        if self._rows_in_sight() != self._painted:
            self.refresh()

    def _update_titles(self) -> None:
        n = len(self.rows)
        marked = f" {self.glyphs.dot} {len(self.marks)} marked" if self.marks else ""
        title = f"{count(n)} item{'' if n == 1 else 's'}{marked}"
        place = self.order.value
        if n > self.height > 0:
            place += f" {self.glyphs.dot} {count(self.cursor + 1)} of {count(n)}"
        if (title, place) != self._titles:
            self._titles = (title, place)
            self.border_title = Content(title)
            self.border_subtitle = Content(place)

    def _rows_in_sight(self) -> list[Cells]:
        run, now = self._run(), self._now()
        return [
            row_cells(run.items[id], self._columns, now, self.glyphs, marked=id in self.marks)
            for id in self.rows[self.top : self.top + self.height]
        ]

    def render_line(self, y: int) -> Strip:
        self._fit()  # the size changes before the resize message arrives
        width = self.size.width
        if y == 0:
            return self._strip(head(self._columns), width, Style())
        if y == 1:
            self._painted = self._rows_in_sight()
        row = y - 1
        if row >= len(self._painted):
            return Strip.blank(width, self.rich_style)
        under = Style()
        if self.top + row == self.cursor:
            under = self.get_component_rich_style("item-table--cursor", partial=False)
            under = Style(bgcolor=under.bgcolor, bold=True)
        return self._strip(self._painted[row], width, under)

    def _strip(self, cells: Cells, width: int, under: Style) -> Strip:
        base = self.rich_style + under
        segments = [
            Segment(text, self.get_component_rich_style(f"item-table--{tone}") + under)
            for text, tone in cells
        ]
        return Strip(segments).crop_extend(0, width, base)

    # Moving

    def move(self, rows: int) -> None:
        """Moves the cursor."""
        self._go(self.cursor + rows)

    def move_pages(self, pages: int) -> None:
        """Moves the cursor by pages."""
        self.move(pages * max(1, self.height - 1))

    def go_home(self) -> None:
        """Goes to the first row."""
        self._go(0)

    def go_end(self) -> None:
        """Goes to the last row."""
        self._go(len(self.rows) - 1)

    def _go(self, row: int) -> None:
        if self.rows:
            self._go_to(self.rows[max(0, min(row, len(self.rows) - 1))])
        self.reveal()

    def reveal(self) -> None:
        """Scrolls the cursor into view."""
        self._place(follow=True)
        self.refresh()

    def _place(self, *, follow: bool) -> None:
        height = max(1, self.height)
        self.cursor = max(0, min(self.cursor, len(self.rows) - 1))
        self.top = max(0, min(self.top, len(self.rows) - height))
        if follow:
            self.top = max(min(self.top, self.cursor), self.cursor - height + 1)
        self._in_sight = self.top <= self.cursor < self.top + height

    def _fit(self) -> None:
        if self.size != self._fitted:
            self._fitted = self.size
            self._columns = Columns.fitting(self.size.width, self.rows)
            self._place(follow=True)  # also when it is shown again: it has no size while hidden

    def next_order(self) -> Order:
        """Switches to the next order."""
        orders = list(Order)
        self.order = orders[(orders.index(self.order) + 1) % len(orders)]
        self.update()
        self._place(follow=True)
        self.refresh()
        return self.order

    # Marks

    def toggle_mark(self) -> None:
        """Marks or unmarks the item under the cursor, and moves to the next row."""
        if self.item:
            self.marks ^= {self.item}
            self.refresh()
            self.move(1)
            self._update_titles()

    def unmark(self, items: Collection[str]) -> None:
        """Unmarks these items."""
        if not self.marks.isdisjoint(items):
            self.marks.difference_update(items)
            self._update_titles()
            self.refresh()

    def toggle_all_marks(self) -> None:
        """Marks all items, or unmarks all if some are marked."""
        self.marks = set() if self.marks else set(self.rows)
        self._update_titles()
        self.refresh()

    # Mouse and size

    def on_resize(self) -> None:
        self._fit()
        self._update_titles()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.move(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.move(-3)

    def on_click(self, event: events.Click) -> None:
        row = event.y - 2 + self.top
        if event.y >= 2 and 0 <= row < len(self.rows):
            self._go(row)
            if event.chain == 2:
                self.post_message(self.Opened(self.item))
