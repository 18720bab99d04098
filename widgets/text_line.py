"""One row of text that is repainted only when it has changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.segment import Segment
from rich.style import Style as RichStyle
from textual import events
from textual.content import Content
from textual.strip import Strip
from textual.style import Style
from textual.visual import VisualType
from textual.widget import Widget

Part = str | tuple[str, str] | Content
"""A piece of text: plain, or with a style."""


def cells(parts: list[Part]) -> int:
    """The width of the parts in cells."""
    return sum(
        part.cell_length if isinstance(part, Content) else _plain(part).cell_length
        for part in parts
    )


def _plain(part: str | tuple[str, str]) -> Content:
    return Content(part if isinstance(part, str) else part[0])


def spread(left: list[Part], right: list[Part], width: int, ellipsis: str = "…") -> Content:
    """Two groups of parts at both ends of a row; the left one is cut if they do not fit."""
    ending = Content.assemble(*right)
    room = max(0, width - ending.cell_length - (1 if right else 0))
    beginning = Content.assemble(*left)
    if beginning.cell_length > room:
        beginning = beginning.truncate(max(0, room - len(ellipsis))) + ellipsis[:room]
    gap = max(0, width - beginning.cell_length - ending.cell_length)
    return Content.assemble(beginning, " " * gap, ending)


Action = tuple[int, int, str]
"""First cell, cell after the last one, and the action of a click between them."""


class TextLine(Widget):
    """Shows text built for its width; repaints only if the text has changed."""

    DEFAULT_CSS = """
    TextLine { height: 1; width: 1fr; }
    """
    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.content = Content("")
        """The present text."""
        self._make: Callable[[int], Content] | None = None
        self._actions: list[Action] = []
        self._styles_seen: dict[str, RichStyle] = {}

    def fill(self, make: Callable[[int], Content]) -> None:
        """Shows the result of ``make`` for the width in cells, now and after each resize."""
        self._make = make
        self._refill()

    def show(self, content: Content, actions: Sequence[Action] = ()) -> None:
        """Shows a text, with these actions for clicks."""
        self._actions = list(actions)
        if not content.is_same(self.content):
            self.content = content
            self.refresh()

    def on_resize(self) -> None:
        """Builds the text for the new width."""
        self._refill()

    def _refill(self) -> None:
        width = self.content_size.width
        if self._make is not None and width > 0:
            self.show(self._make(width))

    async def on_click(self, event: events.Click) -> None:
        """Runs the action of the clicked part, if it has one."""
        for first, end, action in self._actions:
            if first <= event.x < end:
                event.stop()
                await self.run_action(action)

    def render(self) -> VisualType:
        return self.content

    def render_line(self, y: int) -> Strip:
        """Renders one row directly, which is fast: many of these change every second."""
        spans = self.content.spans
        ends = [0, *(span.end for span in spans)]
        apart = all(span.start >= end for span, end in zip(spans, ends, strict=False))
        if not apart or y or self.size.height != 1:
            return super().render_line(y)
        text = self.content.plain
        segments: list[Segment] = []
        at = 0
        for start, end, style in spans:
            if start > at:
                segments.append(Segment(text[at:start], self._rich_style("")))
            segments.append(Segment(text[start:end], self._rich_style(str(style))))
            at = end
        segments.append(Segment(text[at:], self._rich_style("")))
        return Strip(segments).adjust_cell_length(self.size.width, self._rich_style(""))

    def _rich_style(self, style: str) -> RichStyle:
        rich_style = self._styles_seen.get(style)
        if rich_style is None:
            rich_style = (self.visual_style + Style.parse(style)).rich_style
            self._styles_seen[style] = rich_style
        return rich_style

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles_seen.clear()
