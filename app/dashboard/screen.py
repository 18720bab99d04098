"""The main screen: the panes or the list, the header, the banner, the footer."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.reactive import Reactive
from textual.widget import Widget

from assemblyzero_tui.app.dashboard.actions.credentials import Keeping
from assemblyzero_tui.app.dashboard.actions.items import Working
from assemblyzero_tui.app.dashboard.actions.logs import Reading
from assemblyzero_tui.app.dashboard.actions.navigation import Moving
from assemblyzero_tui.app.dashboard.footer import LAST_HINTS, Situation, hints, page_parts
from assemblyzero_tui.app.dashboard.log_polling import Watching
from assemblyzero_tui.app.dashboard.view_state import Stage
from assemblyzero_tui.app.ui.keymap import bindings, needs_sight
from assemblyzero_tui.runner.model.run_state import ItemState, RunState
from assemblyzero_tui.runner.model.states import AT_WORK, State
from assemblyzero_tui.runner.runs.run_source import RunSource
from assemblyzero_tui.widgets.banner import Banner, Trouble
from assemblyzero_tui.widgets.credentials.strip import PoolStrip
from assemblyzero_tui.widgets.glyphs import UNICODE, Glyphs
from assemblyzero_tui.widgets.header import Header
from assemblyzero_tui.widgets.items.grid import Grid
from assemblyzero_tui.widgets.items.layout import (
    MOST_PANES,
    Cell,
    Mode,
    header_rows,
    list_cells,
    single_cells,
)
from assemblyzero_tui.widgets.items.steps import SidePanel
from assemblyzero_tui.widgets.items.table import ItemTable
from assemblyzero_tui.widgets.items.workflow_pane import WorkflowPane
from assemblyzero_tui.widgets.key_hints import KeyHints
from assemblyzero_tui.widgets.logs.view import LogView
from assemblyzero_tui.widgets.steady_screen import SteadyScreen
from assemblyzero_tui.widgets.text_line import TextLine

STATUS_PERIOD = 1.0
"""Seconds between two looks at what changes with the time of day alone."""
RESTING_TICKS = 10
"""How much seldomer that is while nothing is at work."""
QUIET_TICKS = 2
"""How much seldomer it is while work goes on and nothing has been printed for a while."""
QUIET_AFTER = 5.0
"""Seconds of that while."""
_MOVING = AT_WORK | {State.QUOTA, State.RETRYING}
"""States that show a time that runs."""


class DashboardScreen(Moving, Working, Keeping, Reading, Watching, SteadyScreen[None]):
    """Shows the run of a :class:`RunSource` and knows nothing else of it."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings())
    AUTO_FOCUS = ""
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    """The widget that has the focus. Textual's own paints the whole screen anew when it moves; the
    two panes that look different afterwards see to themselves."""
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
        glyphs: Glyphs = UNICODE,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self.source = source
        self.glyphs = glyphs
        self.stage = Stage()
        self.trouble: Trouble | None = None
        self.table = ItemTable(
            lambda: self.run_state, self.source_now, lambda: self.current, self.go_to, glyphs
        )
        self.side = SidePanel(classes="-ascii" if glyphs.plain else "")
        self.grid = Grid(self.table, self.side)
        self.header = Header()
        self.pool = PoolStrip()
        self.banner = Banner()
        self.hints = KeyHints()
        self.panes: list[WorkflowPane] = []
        self.clock = clock
        self._views: dict[str, LogView] = {}
        self._placed_items = -1
        self._ticks = 0
        if glyphs.plain:
            self.table.add_class("-ascii")

    def compose(self) -> ComposeResult:
        yield self.header
        yield self.pool
        yield self.banner
        yield self.grid
        yield self.hints
        yield TextLine(id="too-small")

    def on_mount(self) -> None:
        self.set_interval(STATUS_PERIOD, self._tick)
        self.run_worker(self.watch_logs(), group="logs")

    # What there is to show

    @property
    def run_state(self) -> RunState:
        """The run as it is now."""
        return self.source.state

    def source_now(self) -> float:
        """The time that the source is at."""
        return self.source.now()

    def wall_now(self) -> float:
        """The time on the wall, by the run's clock: it goes on when nobody works, too."""
        return self.source.time_of_day() + self.run_state.clock.set_back

    def adopt(self, source: RunSource) -> None:
        """Shows another source of the same run, as after a resumption."""
        self.source = source
        self._views.clear()
        for pane in self.panes:
            pane.item = ""
        self.lay_out()

    @property
    def items(self) -> list[str]:
        """The ids of all items in the order of the queue."""
        return list(self.run_state.items)

    @property
    def in_order(self) -> list[str]:
        """The ids in the order in which they are shown."""
        return self.table.rows if self.stage.mode is Mode.LIST else self.items

    @property
    def shown_panes(self) -> list[WorkflowPane]:
        """The panes in sight."""
        return [w for w in self.grid.placed if isinstance(w, WorkflowPane)]

    @property
    def current(self) -> str:
        """The item that the keys act on; empty while there is none."""
        return self.stage.current if self.stage.current in self.run_state.items else ""

    @property
    def current_pane(self) -> WorkflowPane | None:
        """The pane in sight that shows the current item."""
        return next((pane for pane in self.shown_panes if pane.item == self.current), None)

    def go_to(self, item: str, *, in_log: bool = False) -> None:
        """Makes this the current item, as the user moves, and shows it.

        Args:
            item: Its id.
            in_log: In the list: keys that scroll go to its log from now on, and not to the table.
        """
        stage = self.stage
        stage.current = item
        if stage.shows_table:
            stage.in_log = in_log
        if stage.mode is Mode.GRID and not stage.zoomed and self.current_pane is not None:
            self.focus_current()
            self.tell()
        else:
            self.lay_out()

    def focus_current(self) -> None:
        """Gives the focus to what shows the current item, at once, in the frame that comes next.

        While that is still being made nothing has it: the focus is never on another item, where
        Textual would leave it or put it by itself.
        """
        if not self.app.app_focus:
            return
        pane, table = self.current_pane, self.stage.shows_table and not self.stage.in_log
        wanted = self.table if table else pane.log_pane if pane is not None else None
        self.set_focus(wanted if wanted is not None and wanted.is_mounted else None)

    @property
    def marked(self) -> list[str]:
        """The marked items, where marks are in sight."""
        return sorted(self.table.marks) if self.stage.shows_table else []

    def targets(self) -> list[ItemState]:
        """The items that a command is meant for: the marked ones, else the current one."""
        run = self.run_state
        return [run.items[item] for item in self.marked or [self.current] if item in run.items]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing moves, and no item is acted on, while none is in sight."""
        if self.stage.mode is Mode.TOO_SMALL and needs_sight(action):
            return False
        return super().check_action(action, parameters)

    def view_of(self, item: str) -> LogView:
        """Where the reader stands in the log of an item."""
        if item not in self._views:
            self._views[item] = LogView(self.source.log(item))
        return self._views[item]

    # Placing

    def on_resize(self) -> None:
        self.lay_out()

    def lay_out(self) -> None:
        """Puts everything in its place; the current item is in sight afterwards."""
        if not self.grid.is_attached:
            return
        width, height = self.app.size
        self._placed_items = len(self.run_state.items)
        layout = self.stage.fit(self._placed_items, width, height)
        self.set_class(layout.mode is Mode.TOO_SMALL, "-too-small")
        self.set_class(header_rows(height) == 2 and layout.mode is not Mode.TOO_SMALL, "-tall")
        if layout.mode is Mode.TOO_SMALL:
            times = self.glyphs.times
            text = f"{width}{times}{height} is too small; 60{times}15 will do"
            if len(text) > width:
                text = f"small: needs 60{times}15"
            self.query_one("#too-small", TextLine).show(Content(text[: max(0, width)]))
            return
        if not self.current:  # there were no items before, or those of another run
            self.table.tell()
            self.stage.current = next(iter(self.in_order), "")
        body = height - header_rows(height) - 1 - (self.trouble is not None)
        with self.app.batch_update():
            self.grid.place(self._placed(width, body))
        self.focus_current()
        self.call_after_refresh(self.tell)

    def _placed(self, width: int, body: int) -> list[tuple[Widget, Cell]]:
        items = self.items
        if self.stage.mode is Mode.LIST:
            self.table.tell()
        alone = len(items) == 1 and self.stage.mode is Mode.GRID
        if self.current and (alone or self.stage.zoomed):
            log, panel = single_cells(width, body)
            self._assign([self.current], alone=panel is None)
            return [(self.panes[0], log), *([(self.side, panel)] if panel else [])]
        if self.stage.mode is Mode.LIST:
            table, logs = list_cells(width, body, len(items))
            self.stage.in_log = self.stage.in_log and bool(logs)
            chosen = self._beside_the_table(len(logs))
            self._assign(chosen)
            return [(self.table, table), *zip(self.panes, logs[: len(chosen)], strict=False)]
        shown = self.stage.in_grid(items)
        self._assign(shown)
        cells = self.stage.layout.cells(len(shown), width, body)
        return list(zip(self.panes, cells, strict=False))

    def _beside_the_table(self, logs: int) -> list[str]:
        """The current item, and its neighbours where there is room for more logs.

        While one of the logs is read, they stay.
        """
        shown = [pane.item for pane in self.shown_panes]
        if self.stage.in_log and len(shown) == logs and self.current in shown:
            return shown
        rows, cursor = self.table.rows, self.table.cursor
        after = rows[cursor : cursor + logs]
        return after + rows[:cursor][::-1][: logs - len(after)]

    def _follow_the_table(self) -> None:
        """Shows the logs of the rows at the cursor, if they are other ones by now."""
        shown = [pane.item for pane in self.shown_panes]
        wanted = self._beside_the_table(len(shown))
        if shown != wanted and not self.stage.zoomed:
            self._assign(wanted)

    def _assign(self, items: list[str], *, alone: bool = False) -> None:
        """Gives the first panes these items; panes are made as they are needed."""
        missing = min(len(items), MOST_PANES) - len(self.panes)
        if missing > 0:
            made = [WorkflowPane(self.glyphs) for _ in range(missing)]
            self.panes += made
            self.grid.mount(*made)
        run = self.run_state
        for pane, item in zip(self.panes, items, strict=False):
            pane.assign(run.items[item], self.view_of(item), alone=alone)
            pane.tell(run.items[item], run, self.source_now(), self._number(pane, items))

    def _number(self, pane: WorkflowPane, items: list[str]) -> int | None:
        place = self.panes.index(pane)
        if self.stage.mode is Mode.LIST or self.stage.zoomed or len(items) == 1 or place > 9:
            return None
        return (place + 1) % 10

    # Telling

    def refresh_run(self) -> None:
        """Shows what the newest events changed."""
        if len(self.run_state.items) != self._placed_items:
            self.lay_out()
        self.tell()

    def _tick(self) -> None:
        """Shows what changes by itself; while nothing is at work, that is little."""
        self._ticks += 1
        run = self.run_state
        counting = run.ended is None and (bool(run.items_waiting) or run.pool.paused)
        moving = counting or any(run.counts[state] for state in _MOVING)
        quiet = self.clock() - self.grew > QUIET_AFTER and not counting
        if self._ticks % (RESTING_TICKS if not moving else QUIET_TICKS if quiet else 1) == 0:
            self.tell()
        elif self.grid.is_attached and self.stage.mode is not Mode.TOO_SMALL:
            self._tell_trouble()

    def tell(self) -> None:
        """Shows what has changed; costs little while nothing has."""
        if self.stage.mode is Mode.TOO_SMALL or not self.grid.is_attached:
            return
        run, now = self.run_state, self.source_now()
        with self.app.batch_update():
            self._tell_trouble()
            self.header.tell(
                run, now, self.glyphs,
                served=run.ended is None and not self.engine_gone,
                time=self.source.time_of_day(),
                with_keys=not self.has_class("-tall"),
            )  # fmt: skip
            self.pool.tell(run, now, self.glyphs)
            if self.stage.mode is Mode.LIST:
                self.table.tell()
                self._follow_the_table()
            self.focus_current()
            shown = self.shown_panes
            for pane in shown:
                if pane.item in run.items:
                    number = self._number(pane, [p.item for p in shown])
                    pane.tell(run.items[pane.item], run, now, number)
            if self.side.display and shown and shown[0].item in run.items:
                self.side.tell(run.items[shown[0].item], run, now, self.glyphs)
            states = frozenset(item.state for item in self.targets())
            can_go_on = self.engine_gone and self._app.can_resume
            pool = run.pool
            trouble = pool.usable(now) < len(pool.present)
            situation = Situation(run, self.stage, states, can_go_on, self.source.live, trouble)
            notes = page_parts(run, self.items, self.stage, self.glyphs)
            self.hints.tell(hints(situation), notes, LAST_HINTS)

    def _tell_trouble(self) -> None:
        trouble = self.find_trouble()
        if trouble != self.trouble:
            was = self.trouble
            self.trouble = trouble
            self.banner.tell(trouble, self.glyphs)
            moved = (was is None) != (trouble is None)
            self.call_after_refresh(self.lay_out if moved else self.tell)
        elif trouble is not None:
            self.banner.tell(trouble, self.glyphs)
