"""One row of text that is painted again only when it has changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import events
from textual.content import Content
from textual.visual import VisualType
from textual.widget import Widget

Part = str | tuple[str, str] | Content
"""A piece of text: plain, or with a style."""


def cells(parts: list[Part]) -> int:
    """Cells that the parts need beside each other."""
    return sum(
        part.cell_length if isinstance(part, Content) else _plain(part).cell_length
        for part in parts
    )


def _plain(part: str | tuple[str, str]) -> Content:
    return Content(part if isinstance(part, str) else part[0])


def spread(left: list[Part], right: list[Part], width: int) -> Content:
    """Two groups of parts at both ends of a row; the left one is cut where they would meet."""
    ending = Content.assemble(*right)
    room = max(0, width - ending.cell_length - (1 if right else 0))
    beginning = Content.assemble(*left)
    if beginning.cell_length > room:
        beginning = beginning.truncate(room, ellipsis=True)
    gap = max(0, width - beginning.cell_length - ending.cell_length)
    return Content.assemble(beginning, " " * gap, ending)


Action = tuple[int, int, str]
"""First cell, cell behind the last one, and what a click between them does."""


class TextLine(Widget):
    """Shows text made for its width; as long as the text stays the same nothing is painted."""

    DEFAULT_CSS = """
    TextLine { height: 1; width: 1fr; }
    """
    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.content = Content("")
        """What is shown."""
        self._make: Callable[[int], Content] | None = None
        self._actions: list[Action] = []

    def fill(self, make: Callable[[int], Content]) -> None:
        """Shows what ``make`` gives for the width in cells, now and after a change of size."""
        self._make = make
        self._refill()

    def show(self, content: Content, actions: Sequence[Action] = ()) -> None:
        """Shows this, and does these things when it is clicked."""
        self._actions = list(actions)
        if not content.is_same(self.content):
            self.content = content
            self.refresh()

    def on_resize(self) -> None:
        """Fills the new width."""
        self._refill()

    def _refill(self) -> None:
        width = self.content_size.width
        if self._make is not None and width > 0:
            self.show(self._make(width))

    async def on_click(self, event: events.Click) -> None:
        """A click on a part that does something."""
        for first, behind, action in self._actions:
            if first <= event.x < behind:
                event.stop()
                await self.run_action(action)

    def render(self) -> VisualType:
        return self.content
