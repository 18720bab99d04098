"""The pane of one item: border and title by its state, its log and its status."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.color import Color
from textual.content import Content
from textual.message import Message
from textual.style import Style
from textual.widget import Widget

from assemblyzero_tui.runner.base.text import one_line
from assemblyzero_tui.runner.model.run_state import ItemState, RunState
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.widgets.format import cut
from assemblyzero_tui.widgets.glyphs import Glyphs
from assemblyzero_tui.widgets.items.status_line import LogFigures, StatusLine
from assemblyzero_tui.widgets.items.steps import StepsLine
from assemblyzero_tui.widgets.logs.pane import LogPane
from assemblyzero_tui.widgets.logs.view import LogView

STEPS_FROM = (76, 16)
"""Columns and rows from which a single pane shows the nodes."""


def empty_log_text(item: ItemState) -> str:
    """The text shown in an empty log of this item."""
    if item.state is State.QUEUED:
        return one_line(item.reason) if item.elsewhere else "waiting for a free slot"
    return "no output" if item.state.terminal else "no output yet"


class WorkflowPane(Widget):
    """Shows the item that is assigned to it."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"workflow-pane--chosen"}
    DEFAULT_CSS = """
    WorkflowPane {
        layout: vertical;
        padding: 0;
        border: round $foreground 22%;
        border-title-color: $foreground;
        border-title-style: none;
        border-subtitle-color: $text-muted;
        &.-round { border: round $foreground 22%; }
        &.-dashed { border: dashed $foreground 30%; }
        &.-heavy { border: heavy $foreground 30%; }
        &.-ascii { border: ascii $foreground 30%; }
        &.-failed, &.-lost {
            border-title-color: $error;
            &.-heavy { border: heavy $error 60%; }
        }
        &.-quota {
            border-title-color: $warning;
            &.-heavy { border: heavy $warning 50%; }
        }
        &.-asking {
            border-title-color: $accent;
            &.-heavy { border: heavy $accent 70%; }
        }
        &.-paused, &.-pausing { &.-dashed { border: dashed $secondary 60%; } }
        &.-cancelling { &.-dashed { border: dashed $warning 60%; } }
        &.-done, &.-cancelled, &.-skipped, &.-queued {
            &.-round { border: round $foreground 14%; }
            border-title-color: $text-muted;
        }
        &:focus-within {
            &.-round { border: round $primary; }
            &.-dashed { border: dashed $primary; }
            &.-heavy { border: heavy $primary; }
            &.-ascii { border: ascii $primary; }
        }
        & > .workflow-pane--chosen {
            color: $background;
            background: $primary;
            text-style: bold;
        }
        & > StepsLine { display: none; }
        &.-alone > StepsLine { display: block; }
    }
    """
    _KINDS = ("round", "dashed", "heavy", "ascii")

    class Ready(Message):
        """The pane can take the focus from now on."""

    def __init__(self, glyphs: Glyphs, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.glyphs = glyphs
        self.item: str = ""
        """Id of the item shown; empty while the pane is unused."""
        self.log_pane = LogPane(glyphs)
        self.status = StatusLine()
        self.steps = StepsLine()
        self._title: tuple[int | None, str, str, bool, int] | None = None
        self._titled: tuple[ItemState, int | None] | None = None
        self._subtitle = ""
        self._state: State | None = None
        self._alone = False

    def compose(self) -> ComposeResult:
        yield self.steps
        yield self.log_pane
        yield self.status

    def assign(self, item: ItemState, view: LogView, *, alone: bool = False) -> None:
        """Shows this item from now on."""
        self.item = item.id
        self._alone = alone
        self.log_pane.read(view, empty_log_text(item))
        self._show_steps()

    def update(self, item: ItemState, run: RunState, now: float, number: int | None) -> None:
        """Shows the present state of the item; repaints only what has changed.

        Args:
            item: The item that was assigned.
            run: Its run.
            now: Seconds since the epoch.
            number: The digit that focuses the pane, if one does.
        """
        if item.state is not self._state:
            self._restyle(item.state)
        if self.log_pane.view is not None:
            self.log_pane.read(self.log_pane.view, empty_log_text(item))
        self._update_title(item, number)
        self.status.update(item, run, self.figures(), now, self.glyphs)
        self.steps.update(item, run, self.glyphs)
        self.update_place()

    def _update_title(self, item: ItemState, number: int | None) -> None:
        self._titled = (item, number)
        room = self.size.width if self.glyphs.plain else 0
        title = (number, item.id, item.info.title, item.state.wants_attention, room)
        if title != self._title:
            self._title = title
            self.border_title = self._title_content(item, number)

    def update_place(self) -> None:
        """Shows the position in the log in the lower border."""
        view = self.log_pane.view
        subtitle = ""
        if view is not None:
            notes = ["wrapped"] if view.wrapping else []
            if not view.following and view.total:
                notes.append(f"line {view.top + 1} of {view.total}")
            subtitle = f" {self.glyphs.dot} ".join(notes)
        if subtitle != self._subtitle:
            self._subtitle = subtitle
            self.border_subtitle = Content(subtitle)

    def figures(self) -> LogFigures:
        """The figures of the log for the status line."""
        view = self.log_pane.view
        if view is None:
            return LogFigures()
        return LogFigures(view.total, view.new_lines, view.reader.last_write)

    def _title_content(self, item: ItemState, number: int | None) -> Content:
        flag = f"{self.glyphs.flag} " if item.state.wants_attention else ""
        place = f"{number} " if number is not None else ""
        title = f"  {one_line(item.info.title)}" if item.info.title else ""
        if self.glyphs.plain:
            title = cut(title, self.size.width - len(place + flag + item.id) - 4, "~")
        return Content.assemble((place, "dim"), flag, (item.id, "bold"), title)

    def _restyle(self, state: State) -> None:
        if self._state is not None:
            self.remove_class(f"-{self._state.value}")
        self._state = state
        self.add_class(f"-{state.value}")
        kind = self.glyphs.border(state)
        self.remove_class(*(f"-{other}" for other in self._KINDS if other != kind))
        self.add_class(f"-{kind}")

    def on_mount(self) -> None:
        self.post_message(self.Ready())

    def on_resize(self) -> None:
        self._show_steps()
        if self._titled is not None:
            self._update_title(*self._titled)

    def _get_title_style_information(self, background: Color) -> tuple[Color, Color, Style]:
        """The style of the title: filled while the pane has the focus.

        Rules under ``:focus-within`` would have the same effect, but Textual repaints all children
        for each of them: two whole logs whenever the focus moves.
        """
        if not self.has_focus_within:
            return super()._get_title_style_information(background)
        chosen = self.get_component_styles("workflow-pane--chosen")
        style = Style.from_rich_style(chosen.text_style)
        return chosen.color, chosen.background, style

    def _show_steps(self) -> None:
        roomy = self.size.width >= STEPS_FROM[0] and self.size.height >= STEPS_FROM[1]
        self.set_class(self._alone and roomy, "-alone")
