"""A widget to pick one of several values on one row: ``‹ 3 ›``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Generic, TypeVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.visual import VisualType
from textual.widget import Widget

from assemblyzero_tui.widgets.glyphs import UNICODE, Glyphs

Value = TypeVar("Value")


class Picker(Widget, Generic[Value], can_focus=True):
    """Picks one of several values with left, right or a click.

    Args:
        options: The values and their labels.
        index: Index of the initial value.
        glyphs: The characters to draw with.
    """

    DEFAULT_CSS = """
    Picker {
        width: auto; height: 1; color: $foreground;
        &:hover { background: $boost; }
        &:focus { background: $primary 30%; text-style: bold; }
    }
    """
    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h,minus", "turn(-1)", "Previous", show=False),
        Binding("right,l,plus,space", "turn(1)", "Next", show=False),
    ]

    index: reactive[int] = reactive(0, layout=True, init=False)

    class Changed(Message):
        """Another value was picked."""

        def __init__(self, picker: Picker[Any]) -> None:
            super().__init__()
            self.picker = picker

        @property
        def control(self) -> Picker[Any]:
            """The picker."""
            return self.picker

    def __init__(
        self,
        options: Sequence[tuple[Value, str]],
        *,
        index: int = 0,
        glyphs: Glyphs = UNICODE,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._options = options
        self._arrows = ("<", ">") if glyphs.plain else ("‹", "›")
        self.set_reactive(Picker.index, index)

    @property
    def value(self) -> Value:
        """The present value."""
        return self._options[self.index][0]

    @property
    def single(self) -> bool:
        """Whether there is only one value."""
        return len(self._options) < 2

    def get_content_width(self, container: Size, viewport: Size) -> int:
        return self._content().cell_length

    def _content(self) -> Content:
        label = self._options[self.index][1]
        if self.single:
            return Content(f"  {label}  ")
        left, right = self._arrows
        return Content.assemble((f"{left} ", "$primary"), label, (f" {right}", "$primary"))

    def render(self) -> VisualType:
        return self._content()

    def watch_index(self) -> None:
        self.post_message(self.Changed(self))

    def action_turn(self, by: int) -> None:
        """Moves by ``by`` values, wrapping around at the ends."""
        self.index = (self.index + by) % len(self._options)

    def on_click(self, event: events.Click) -> None:
        """A click on the left arrow picks the previous value, any other click the next one."""
        self.action_turn(-1 if event.x < 2 else 1)
