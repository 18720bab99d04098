"""The main screen: the panes or the list, the header, the banner, the footer."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.reactive import Reactive
from textual.widget import Widget

from assemblyzero_tui.app.dashboard.actions.base import Actions, Context, Handler, Program
from assemblyzero_tui.app.dashboard.actions.credentials import CredentialActions
from assemblyzero_tui.app.dashboard.actions.items import ItemActions
from assemblyzero_tui.app.dashboard.actions.logs import LogActions
from assemblyzero_tui.app.dashboard.actions.navigation import NavigationActions
from assemblyzero_tui.app.dashboard.banner_text import Engine, find_banner_text
from assemblyzero_tui.app.dashboard.footer import LAST_HINTS, Situation, hints, page_parts
from assemblyzero_tui.app.dashboard.log_polling import LogPolling
from assemblyzero_tui.app.dashboard.placement import Placement
from assemblyzero_tui.app.ui.keymap import bindings, needs_sight
from assemblyzero_tui.app.ui.view_state import ViewState
from assemblyzero_tui.runner.model.commands import AnyCommand
from assemblyzero_tui.runner.model.run_state import ItemState, RunState
from assemblyzero_tui.runner.model.states import AT_WORK, State
from assemblyzero_tui.runner.runs.run_source import RunSource
from assemblyzero_tui.widgets.banner import Banner, BannerText
from assemblyzero_tui.widgets.credentials.strip import PoolStrip
from assemblyzero_tui.widgets.glyphs import UNICODE, Glyphs
from assemblyzero_tui.widgets.header import Header
from assemblyzero_tui.widgets.items.grid import Grid
from assemblyzero_tui.widgets.items.layout import Mode, header_rows
from assemblyzero_tui.widgets.items.steps import SidePanel
from assemblyzero_tui.widgets.items.table import ItemTable
from assemblyzero_tui.widgets.items.workflow_pane import WorkflowPane
from assemblyzero_tui.widgets.key_hints import KeyHints
from assemblyzero_tui.widgets.logs.pane import LogPane
from assemblyzero_tui.widgets.steady_screen import SteadyScreen
from assemblyzero_tui.widgets.text_line import TextLine

STATUS_PERIOD = 1.0
"""Seconds between two updates of what changes with time alone."""
IDLE_TICKS = 10
"""Periods between two updates while nothing is at work."""
QUIET_TICKS = 2
"""Periods between two updates while items are at work but print nothing."""
QUIET_AFTER = 5.0
"""Seconds without output after which items count as quiet."""
_ACTIVE = AT_WORK | {State.QUOTA, State.RETRYING}
"""States that are shown with a running time."""


def _handlers(*groups: Actions) -> dict[str, Handler]:
    return {name: handler for group in groups for name, handler in group.handlers().items()}


class DashboardScreen(SteadyScreen[None]):
    """Shows the run of a :class:`RunSource`, its only access to the run."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings())
    AUTO_FOCUS = ""
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    """The focused widget. Textual's attribute repaints the whole screen when it changes; here the
    two panes that look different repaint themselves."""
    DEFAULT_CSS = """
    DashboardScreen {
        layout: vertical;
        background: $background;
        & > PoolStrip { display: none; }
        &.-tall > PoolStrip { display: block; }
        & > #too-small { display: none; height: 1fr; content-align: center middle; }
        &.-too-small > * { display: none; }
        &.-too-small > Banner { display: none; }
        &.-too-small > #too-small { display: block; }
    }
    """

    def __init__(
        self,
        source: RunSource,
        program: Program,
        glyphs: Glyphs = UNICODE,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self.source = source
        self.program = program
        self.glyphs = glyphs
        self.view_state = ViewState()
        self.banner_text: BannerText | None = None
        self.table = ItemTable(
            lambda: self.run_state, self.source_now, lambda: self.current, self.go_to, glyphs
        )
        self.side = SidePanel(classes="-ascii" if glyphs.plain else "")
        self.grid = Grid(self.table, self.side)
        self.header = Header()
        self.pool_strip = PoolStrip()
        self.banner = Banner()
        self.hints = KeyHints()
        self.placement = Placement(self, self.grid, self.side)
        self.clock = clock
        self.log_polling = LogPolling(self, clock)
        context = Context(self, program)
        self.navigation = NavigationActions(context)
        self.item_actions = ItemActions(context)
        self.handlers = _handlers(
            self.navigation, self.item_actions, CredentialActions(context), LogActions(context)
        )
        """The handler of each action of the keymap."""
        self._placed_items = -1
        self._ticks = 0
        if glyphs.plain:
            self.table.add_class("-ascii")

    def compose(self) -> ComposeResult:
        yield self.header
        yield self.pool_strip
        yield self.banner
        yield self.grid
        yield self.hints
        yield TextLine(id="too-small")

    def on_mount(self) -> None:
        self.set_interval(STATUS_PERIOD, self._tick)
        self.run_worker(self.log_polling.run(), group="logs")

    # The run and the current item

    @property
    def run_state(self) -> RunState:
        """The run as it is now."""
        return self.source.state

    def source_now(self) -> float:
        """The present time of the source."""
        return self.source.now()

    def wall_now(self) -> float:
        """The wall-clock time, by the run's clock; it advances even if nothing is at work."""
        return self.source.time_of_day() + self.run_state.clock.set_back

    def adopt(self, source: RunSource) -> None:
        """Shows another source of the same run, for example after it was resumed."""
        self.source = source
        self.placement.reset()
        self.lay_out()

    @property
    def items(self) -> list[str]:
        """The ids of all items in the order of the queue."""
        return list(self.run_state.items)

    @property
    def in_order(self) -> list[str]:
        """The ids in the order in which they are shown."""
        return self.table.rows if self.view_state.mode is Mode.LIST else self.items

    @property
    def shown_panes(self) -> list[WorkflowPane]:
        """The panes in sight."""
        return self.placement.shown_panes

    @property
    def current(self) -> str:
        """The item that the keys act on; empty while there is none."""
        return self.view_state.current if self.view_state.current in self.run_state.items else ""

    @property
    def current_pane(self) -> WorkflowPane | None:
        """The pane in sight that shows the current item."""
        return next((pane for pane in self.shown_panes if pane.item == self.current), None)

    def go_to(self, item: str, *, in_log: bool = False) -> None:
        """Makes an item the current one on behalf of the user, and shows it.

        Args:
            item: Id of the item.
            in_log: In the list: whether keys then scroll its log instead of the table.
        """
        view_state = self.view_state
        view_state.current = item
        if view_state.shows_table:
            view_state.in_log = in_log
        if view_state.mode is Mode.GRID and not view_state.zoomed and self.current_pane is not None:
            self.focus_current()
            self.update_widgets()
        else:
            self.lay_out()

    def focus_current(self) -> None:
        """Focuses the widget that shows the current item, so that the next frame shows it.

        Until that widget is mounted nothing is focused: the focus is never on another item, where
        Textual would leave or move it.
        """
        if not self.app.app_focus:
            return
        pane, table = self.current_pane, self.view_state.shows_table and not self.view_state.in_log
        target = self.table if table else pane.log_pane if pane is not None else None
        self.set_focus(target if target is not None and target.is_mounted else None)

    @property
    def marked(self) -> list[str]:
        """The marked items, where marks are in sight."""
        return sorted(self.table.marks) if self.view_state.shows_table else []

    def targets(self) -> list[ItemState]:
        """The items that a command acts on: the marked ones, else the current one."""
        run = self.run_state
        return [run.items[item] for item in self.marked or [self.current] if item in run.items]

    @property
    def engine_gone(self) -> bool:
        """Whether work is left, no engine serves it, and one could be started."""
        if self.source.live or not self.run_state.unfinished():
            return False
        return self.program.can_resume or self.program.was_live

    def send(self, command: AnyCommand, marks: Collection[str] = ()) -> None:
        """Sends a command to the engine; removes the marks once it has been accepted."""
        self.item_actions.send(command, marks)

    # Acting

    def action_do(self, name: str, *arguments: object) -> None:
        """Carries out a command of the keymap."""
        self.handlers[name](*arguments)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disables commands on items and logs while the terminal is too small to show them."""
        too_small = self.view_state.mode is Mode.TOO_SMALL
        if action == "do" and too_small and needs_sight(str(parameters[0])):
            return False
        return super().check_action(action, parameters)

    def on_item_table_opened(self, event: ItemTable.Opened) -> None:
        self.navigation.zoom_in(event.item)

    def on_log_pane_moved(self, event: LogPane.Moved) -> None:
        for pane in self.shown_panes:
            if pane.log_pane is event.pane:
                pane.update_place()
                self.update_widgets()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """A click on a pane makes its item the current one.

        The event bubbles up here as key events do, so a key that is pressed after the click is
        handled after it.
        """
        for pane in self.shown_panes:
            if pane.region.contains_point(event.screen_offset):
                self.go_to(pane.item, in_log=True)

    def on_workflow_pane_ready(self) -> None:
        self.focus_current()

    # Placing

    def on_resize(self) -> None:
        self.lay_out()

    def lay_out(self) -> None:
        """Arranges all widgets so that the current item is visible."""
        if not self.grid.is_attached:
            return
        width, height = self.app.size
        self._placed_items = len(self.run_state.items)
        layout = self.view_state.fit(self._placed_items, width, height)
        self.set_class(layout.mode is Mode.TOO_SMALL, "-too-small")
        self.set_class(header_rows(height) == 2 and layout.mode is not Mode.TOO_SMALL, "-tall")
        if layout.mode is Mode.TOO_SMALL:
            self._show_too_small(width, height)
            return
        if not self.current:  # there were no items before, or those of another run
            self.table.update()
            self.view_state.current = next(iter(self.in_order), "")
        body = height - header_rows(height) - 1 - (self.banner_text is not None)
        with self.app.batch_update():
            self.placement.place(width, body)
        self.focus_current()
        self.call_after_refresh(self.update_widgets)

    def _show_too_small(self, width: int, height: int) -> None:
        times = self.glyphs.times
        text = f"{width}{times}{height} is too small; 60{times}15 will do"
        if len(text) > width:
            text = f"small: needs 60{times}15"
        self.query_one("#too-small", TextLine).show(Content(text[: max(0, width)]))

    # Updating

    def refresh_run(self) -> None:
        """Shows what new events have changed."""
        if len(self.run_state.items) != self._placed_items:
            self.lay_out()
        self.update_widgets()

    def _tick(self) -> None:
        """Updates what changes with time alone; less often while nothing is at work."""
        self._ticks += 1
        run = self.run_state
        counting = run.ended is None and (bool(run.items_waiting) or run.pool.paused)
        active = counting or any(run.counts[state] for state in _ACTIVE)
        quiet = self.clock() - self.log_polling.grew > QUIET_AFTER and not counting
        if self._ticks % (IDLE_TICKS if not active else QUIET_TICKS if quiet else 1) == 0:
            self.update_widgets()
        elif self.grid.is_attached and self.view_state.mode is not Mode.TOO_SMALL:
            self._update_banner()

    def update_widgets(self) -> None:
        """Updates all widgets; cheap while nothing has changed."""
        if self.view_state.mode is Mode.TOO_SMALL or not self.grid.is_attached:
            return
        run, now = self.run_state, self.source_now()
        with self.app.batch_update():
            self._update_banner()
            self.header.update(
                run, now, self.glyphs,
                served=run.ended is None and not self.engine_gone,
                time=self.source.time_of_day(),
                with_credentials=not self.has_class("-tall"),
            )  # fmt: skip
            self.pool_strip.update(run, now, self.glyphs)
            if self.view_state.mode is Mode.LIST:
                self.table.update()
                self.placement.follow_the_table()
            self.focus_current()
            self.placement.update_panes()
            self._update_hints(run, now)

    def _update_hints(self, run: RunState, now: float) -> None:
        situation = Situation(
            run,
            self.view_state,
            frozenset(item.state for item in self.targets()),
            engine_gone=self.engine_gone and self.program.can_resume,
            live=self.source.live,
            credentials_unusable=run.pool.usable(now) < len(run.pool.present),
        )
        notes = page_parts(run, self.items, self.view_state, self.glyphs)
        self.hints.update(hints(situation), notes, LAST_HINTS)

    def _current_banner_text(self) -> BannerText | None:
        program = self.program
        engine = Engine(self.source.live, self.engine_gone, program.can_resume, program.closing)
        return find_banner_text(self.run_state, self.wall_now(), engine)

    def _update_banner(self) -> None:
        banner_text = self._current_banner_text()
        if banner_text != self.banner_text:
            was = self.banner_text
            self.banner_text = banner_text
            self.banner.update(banner_text, self.glyphs)
            moved = (was is None) != (banner_text is None)
            self.call_after_refresh(self.lay_out if moved else self.update_widgets)
        elif banner_text is not None:
            self.banner.update(banner_text, self.glyphs)
