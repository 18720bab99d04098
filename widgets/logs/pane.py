"""A live log: paints the visible lines from the file, however long it is."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.cache import LRUCache
from textual.geometry import Offset, Size
from textual.message import Message
from textual.selection import Selection
from textual.strip import Strip
from textual.widget import Widget

from assemblyzero_tui.runner.logs.sanitise import plain_text
from assemblyzero_tui.widgets.format import counted
from assemblyzero_tui.widgets.glyphs import UNICODE, Glyphs
from assemblyzero_tui.widgets.logs.lines import Line, LogLines
from assemblyzero_tui.widgets.logs.rows import STAMP_WIDTH, RowStyles, cut, stamps, thumb
from assemblyzero_tui.widgets.logs.view import LogView

WHEEL = 3
"""Lines per step of the mouse wheel."""
COPIED = 10_000
"""Most lines that are copied."""
_KEPT = 128
"""Painted rows that are cached."""


class LogPane(Widget, can_focus=True, inherit_bindings=False):
    """Shows a :class:`LogView`. Only the visible lines are read."""

    ALLOW_SELECT = True
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "log-pane--step",
        "log-pane--marker",
        "log-pane--thumb",
        "log-pane--empty",
        "log-pane--time",
    }
    DEFAULT_CSS = """
    LogPane {
        height: 1fr;
        padding: 0 0 0 1;
        color: $foreground;
        & > .log-pane--step { color: $primary; background: $primary 10%; text-style: bold; }
        & > .log-pane--marker { color: $background; background: $accent; text-style: bold; }
        & > .log-pane--thumb { color: $foreground 35%; }
        & > .log-pane--empty, & > .log-pane--time { color: $text-disabled; }
    }
    """

    class Moved(Message):
        """The user scrolled, or stopped or started following the end."""

        def __init__(self, pane: LogPane) -> None:
            super().__init__()
            self.pane = pane

    def __init__(
        self, glyphs: Glyphs = UNICODE, *, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.glyphs = glyphs
        self.view: LogView | None = None
        self.empty_text = ""
        """The text shown in an empty log."""
        self._lines: LogLines | None = None
        self._rows: list[tuple[int, int]] = []
        """Line number and part of the line for every visible row."""
        self._stamps: list[str] | None = None
        """The time before every visible row; ``None`` if times are hidden."""
        self._stale = True
        self._styles: RowStyles | None = None
        self._painted: LRUCache[tuple[int, int, int], tuple[Line, list[Segment]]] = LRUCache(_KEPT)
        self._text_width = 1
        """Cells of a row for its text."""
        self._thumb: range | None = None
        """The rows of the scrollbar's thumb; ``None`` if all lines are visible."""
        self._grabbed = False

    def read(self, view: LogView, empty_text: str = "") -> None:
        """Shows a log, at the position of its view."""
        if view is self.view and empty_text == self.empty_text:
            return
        self.empty_text = empty_text
        if view is not self.view:
            self.view = view
            self._lines = LogLines(view.reader)
        view.resize(self.size.height)
        self.repaint()

    def grow(self) -> bool:
        """Paints new lines if the log has grown; returns whether it has."""
        if self.view is None or not self.view.take_in():
            return False
        self.repaint()
        return True

    def repaint(self) -> None:
        """Repaints all visible rows."""
        self._stale = True
        self.refresh()

    def on_focus(self, event: events.Focus) -> None:
        self._note_focus(event, focused=True)

    def on_blur(self, event: events.Blur) -> None:
        self._note_focus(event, focused=False)

    def _note_focus(self, event: events.Focus | events.Blur, *, focused: bool) -> None:
        """Does what Textual does, without repainting the log, which looks the same with the focus.

        Otherwise the border of the pane, which looks different, would have to wait for a frame.
        """
        event.prevent_default()
        self.has_focus = focused
        if self.parent is not None:
            about = events.DescendantFocus if focused else events.DescendantBlur
            self.parent.post_message(about(self))

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles = None
        self._stale = True

    def on_resize(self) -> None:
        if self.view is not None:
            self.view.resize(self.size.height)
            self.repaint()

    # Moving

    def move(self, lines: int) -> None:
        """Scrolls by lines."""
        if self.view is not None:
            self.view.scroll(lines)
            self._moved()

    def move_pages(self, pages: int) -> None:
        """Scrolls by pages, which overlap by one line."""
        self.move(pages * max(1, self.size.height - 1))

    def go_home(self) -> None:
        """Goes to the first line."""
        if self.view is not None:
            self.view.go_to(0)
            self._moved()

    def go_end(self) -> None:
        """Goes to the end and follows it."""
        if self.view is not None:
            self.view.follow()
            self._moved()

    def toggle_follow(self) -> None:
        """Follows the end, or stops following it."""
        if self.view is not None:
            if self.view.following:
                self.view.unfollow()
            else:
                self.view.follow()
            self._moved()

    def toggle_wrap(self) -> None:
        """Wraps long lines, or cuts them."""
        if self.view is not None:
            self.view.wrapping = not self.view.wrapping
            self.view.left = 0
            self._moved()

    def toggle_times(self) -> None:
        """Shows or hides the time of each line."""
        if self.view is not None:
            self.view.stamped = not self.view.stamped
            self._moved()

    def shift(self, cells: int) -> None:
        """Scrolls sideways over long lines."""
        if self.view is not None and self._lines is not None and not self.view.wrapping:
            self._arrange()
            widest = max([self._lines.line(line).width for line, _ in self._rows], default=0)
            self.view.shift(cells, widest, self._text_width)
            self._moved()

    def _moved(self) -> None:
        self.repaint()
        self.post_message(self.Moved(self))

    # Painting

    def _arrange(self) -> None:
        """Calculates the lines of all rows, and what the rows have in common."""
        if not self._stale or self.view is None or self._lines is None:
            return
        self._stale = False
        view, (width, height) = self.view, self.size
        view.resize(height)  # at the time of a resize event the size may not be known yet
        self._thumb = thumb(view, height) if view.total > height > 0 else None
        gutter = STAMP_WIDTH if view.stamped and width > 2 * STAMP_WIDTH else 0
        self._text_width = max(1, width - gutter - (self._thumb is not None))
        if self._styles is None:
            self._styles = RowStyles(self, plain=self.glyphs.plain)
        self._lines.restyle(self._styles.text, self._styles.step)
        stop = min(view.total, view.top + height)
        self._lines.fetch(view.top, stop)
        if view.wrapping:
            self._rows = self._wrapped(view, stop)
        else:
            self._rows = [(line, 0) for line in range(view.top, stop)]
        self._stamps = stamps(view.reader, self._rows, height) if gutter else None

    def _wrapped(self, view: LogView, stop: int) -> list[tuple[int, int]]:
        height = self.size.height
        rows: list[tuple[int, int]] = []
        at_end = view.top >= view.last_top
        for line in range(stop - 1, view.top - 1, -1) if at_end else range(view.top, stop):
            parts = [(line, part) for part in range(self._parts(line))]
            rows = parts + rows if at_end else rows + parts
            if len(rows) >= height:
                break
        return rows[-height:] if at_end else rows[:height]

    def _parts(self, line: int) -> int:
        assert self._lines is not None
        return max(1, -(-self._lines.line(line).width // self._text_width))

    def render_line(self, y: int) -> Strip:
        self._arrange()
        if self.view is None or self._styles is None:
            return Strip.blank(self.size.width, self.rich_style)
        if not self._rows and y == 0 and self.empty_text:
            nothing = Strip([Segment(self.empty_text, self._styles.empty)])
            return nothing.crop_extend(0, self.size.width, self._styles.text)
        cells = self._row(y) if y < len(self._rows) else [self._styles.blank(self._text_width)]
        if self.view.new_lines and y == self.size.height - 1:
            cells = self._with_marker(cells)
        width = self._text_width
        if self._stamps is not None:
            cells = [Segment(self._stamps[y], self._styles.time), *cells]
            width += STAMP_WIDTH
        if self._thumb is None:
            return Strip(cells, width)
        bar = self._styles.thumb if y in self._thumb else self._styles.track
        return Strip([*cells, bar], width + 1)

    def _row(self, y: int) -> list[Segment]:
        assert self.view is not None
        assert self._lines is not None
        assert self._styles is not None
        line, part = self._rows[y]
        whole = self._selected(self._lines.line(line), line)
        start = part * self._text_width if self.view.wrapping else self.view.left
        key = (line, start, self._text_width)
        cached = self._painted.get(key)
        if cached is not None and cached[0] is whole:
            return cached[1]
        style = self._styles.step if self._lines.is_step(line) else self._styles.text
        cells = cut(whole, start, self._text_width, style, line)
        self._painted[key] = whole, cells
        return cells

    def _selected(self, line: Line, number: int) -> Line:
        selection = self.text_selection
        if selection is None or (span := selection.get_span(number)) is None:
            return line
        start, end = span
        end = line.width if end == -1 else min(end, line.width)
        if start >= end:
            return line
        style = self.screen.get_component_rich_style("screen--selection")
        strip = Strip(line.cells, line.width)
        before, chosen, after = strip.divide([start, end, line.width])
        return Line([*before, *chosen.apply_style(style), *after], line.width)

    def _with_marker(self, cells: list[Segment]) -> list[Segment]:
        assert self.view is not None
        assert self._styles is not None
        text = f" {self.glyphs.down} {counted(self.view.new_lines, 'new line')} "
        marker = Segment(text, self._styles.marker)
        room = self._text_width - marker.cell_length
        return cells if room < 0 else [*Strip(cells).crop(0, room), marker]

    # Selecting and copying

    def selection_updated(self, selection: Selection | None) -> None:
        self.repaint()

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        if self.view is None:
            return None
        first = selection.start.y if selection.start is not None else 0
        last = selection.end.y if selection.end is not None else self.view.total - 1
        raw = self.view.reader.lines(first, min(last + 1, first + COPIED))
        start = Offset(selection.start.x, 0) if selection.start is not None else None
        end = Offset(selection.end.x, last - first) if selection.end is not None else None
        text = "\n".join(plain_text(line) for line in raw)
        return Selection(start, end).extract(text), "\n"

    def visible_text(self) -> str:
        """The visible lines, without colours."""
        self._arrange()
        if self.view is None or not self._rows:
            return ""
        raw = self.view.reader.lines(self._rows[0][0], self._rows[-1][0] + 1)
        return "\n".join(plain_text(line) for line in raw)

    # Mouse

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.move(WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.move(-WHEEL)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        place = event.get_content_offset(self)
        if place is None:
            return
        if self._thumb is not None and place.x == self.size.width - 1:
            self._grabbed = True
            self.capture_mouse()
            self._jump(place.y)
        elif self.view is not None and self.view.new_lines and place.y == self.size.height - 1:
            self.go_end()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._grabbed:
            event.stop()
            self._jump(event.y)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        if self._grabbed:
            self._grabbed = False
            self.release_mouse()

    def _jump(self, y: int) -> None:
        if self.view is not None:
            share = min(1.0, max(0.0, y / max(1, self.size.height - 1)))
            self.view.go_to(round(share * self.view.last_top))
            self._moved()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return container.height
