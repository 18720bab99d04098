"""A list that draws only its visible rows, however many there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from assemblyzero_tui.widgets.glyphs import UNICODE, Glyphs

Draw = Callable[[int, int], Content]
"""Draws the row of an index for a width in cells."""


class RowList(ScrollView, can_focus=True):
    """Rows of one line each, with a cursor.

    Args:
        draw: Draws a row when it becomes visible.
        glyphs: The characters to draw with.
        one_click: Whether one click chooses, instead of two.
    """

    DEFAULT_CSS = """
    RowList {
        height: 1fr; scrollbar-size-vertical: 1; overflow-x: hidden;
        & > .row-list--cursor { background: $boost; }
        &:focus > .row-list--cursor { background: $primary 30%; text-style: bold; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"row-list--cursor"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home,g", "move_to(0)", "First", show=False),
        Binding("end,G", "move_to(-1)", "Last", show=False),
        Binding("enter", "choose", "Choose", show=False),
    ]
    ALLOW_SELECT = False

    cursor: reactive[int] = reactive(0, init=False)

    class Moved(Message):
        """The cursor moved to another row."""

        def __init__(self, rows: RowList, index: int) -> None:
            super().__init__()
            self.rows = rows
            self.index = index

        @property
        def control(self) -> RowList:
            """The list."""
            return self.rows

    class Chosen(Moved):
        """The row under the cursor was chosen."""

        def __init__(self, rows: RowList, index: int, clicked: bool) -> None:
            super().__init__(rows, index)
            self.clicked = clicked
            """Whether it was chosen with the mouse instead of enter."""

    def __init__(
        self,
        draw: Draw,
        *,
        glyphs: Glyphs = UNICODE,
        one_click: bool = False,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._draw = draw
        self._mark = glyphs.cursor
        self._one_click = one_click
        self.count = 0
        """Number of rows."""

    def show(self, count: int) -> None:
        """Sets the number of rows and redraws all of them."""
        self.count = count
        self.virtual_size = Size(0, count)
        self.cursor = max(0, min(self.cursor, count - 1))
        self.refresh()

    def validate_cursor(self, cursor: int) -> int:
        return max(0, min(cursor, self.count - 1))

    def watch_cursor(self, cursor: int) -> None:
        self.scroll_to_region(Region(0, cursor, 1, 1), animate=False, force=True)
        self.refresh()
        if self.count:
            self.post_message(self.Moved(self, cursor))

    def render_line(self, y: int) -> Strip:
        index = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        style = self.visual_style
        if index >= self.count or width <= 0:
            return Strip.blank(width, style.rich_style)
        mark = " "
        if index == self.cursor:
            style = style + self.get_visual_style("row-list--cursor")
            mark = self._mark
        row = Content.assemble((mark, "$primary"), self._draw(index, width - 1))
        row = row.truncate(width, ellipsis=True)
        strips = Visual.to_strips(self, row, width, 1, style, apply_selection=False, pad=True)
        return strips[0] if strips else Strip.blank(width, style.rich_style)

    def action_move(self, by: int) -> None:
        """Moves the cursor by rows."""
        self.cursor += by

    def action_page(self, by: int) -> None:
        """Moves the cursor by pages."""
        self.cursor += by * max(1, self.scrollable_content_region.height - 1)

    def action_move_to(self, index: int) -> None:
        """Moves the cursor to a row; a negative index counts from the end."""
        self.cursor = index if index >= 0 else self.count + index

    def action_choose(self, clicked: bool = False) -> None:
        """Chooses the row under the cursor."""
        if self.count:
            self.post_message(self.Chosen(self, self.cursor, clicked))

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor; a double click, or with ``one_click`` any, chooses the row."""
        offset = event.get_content_offset(self)
        if offset is None or not 0 <= offset.y + self.scroll_offset.y < self.count:
            return
        self.cursor = offset.y + self.scroll_offset.y
        if self._one_click or event.chain > 1:
            self.action_choose(clicked=True)
