"""Keys and clicks that move about the dashboard."""

from __future__ import annotations

from textual import events

from assemblyzero_tui.app.dashboard.actions.base import DashboardPart
from assemblyzero_tui.app.dashboard.view_state import neighbour
from assemblyzero_tui.widgets.items.layout import Mode
from assemblyzero_tui.widgets.items.table import ItemTable
from assemblyzero_tui.widgets.logs.pane import LogPane


class Moving(DashboardPart):
    """Keys and clicks that move about the dashboard."""

    def action_next_pane(self) -> None:
        self._step(1)

    def action_previous_pane(self) -> None:
        self._step(-1)

    def _step(self, step: int) -> None:
        screen = self._screen
        if screen.stage.zoomed:
            screen.go_to(neighbour(screen.in_order, screen.current, step))
        elif screen.stage.mode is Mode.LIST:
            self._step_in_list(step)
        elif shown := screen.stage.in_grid(screen.items):
            screen.go_to(shown[(shown.index(screen.current) + step) % len(shown)])

    def _step_in_list(self, step: int) -> None:
        """From the table to the logs beside it and around."""
        screen = self._screen
        logs = [pane.item for pane in screen.shown_panes]
        at = logs.index(screen.current) + 1 if screen.stage.in_log and screen.current in logs else 0
        place = (at + step) % (len(logs) + 1)
        screen.go_to(logs[place - 1] if place else screen.current, in_log=place > 0)

    def action_pane(self, number: int) -> None:
        screen = self._screen
        shown = screen.stage.in_grid(screen.items)
        if not screen.stage.zoomed and 0 < number <= len(shown):
            screen.go_to(shown[number - 1])

    def action_next_page(self) -> None:
        self._turn(1)

    def action_previous_page(self) -> None:
        self._turn(-1)

    def _turn(self, step: int) -> None:
        screen = self._screen
        if screen.stage.zoomed:
            self._step(step)
        elif screen.stage.mode is Mode.LIST:
            screen.table.move_pages(step)
        elif first := screen.stage.page_start(screen.items, step):
            screen.go_to(first)

    def action_attention(self) -> None:
        screen = self._screen
        items, run = screen.in_order, screen.run_state
        start = items.index(screen.current) + 1 if screen.current in items else 0
        for item in items[start:] + items[:start]:
            if run.items[item].state.wants_attention:
                self._app.seen()
                screen.go_to(item)
                return
        screen.notify("Nothing needs attention.")

    def zoom_in(self, item: str) -> None:
        """Puts the log of an item in front."""
        self._screen.stage.zoomed = True
        self._screen.go_to(item)

    def action_zoom(self) -> None:
        screen = self._screen
        if screen.stage.zoomed:
            self.action_back()
        elif screen.current and (len(screen.items) > 1):
            self.zoom_in(screen.current)

    def action_back(self) -> None:
        screen = self._screen
        if screen.stage.zoomed:
            screen.stage.zoomed = False
            screen.lay_out()
        else:
            screen.clear_selection()

    def action_toggle_list(self) -> None:
        self._screen.stage.toggle()
        self._screen.lay_out()

    def on_item_table_opened(self, event: ItemTable.Opened) -> None:
        self.zoom_in(event.item)

    def on_log_pane_moved(self, event: LogPane.Moved) -> None:
        for pane in self._screen.shown_panes:
            if pane.log_pane is event.pane:
                pane.tell_place()
                self._screen.tell()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """A click on a pane goes to its item.

        The event itself comes up here, on the way that keys take, too: a key that is pressed after
        the click is acted on after it.
        """
        screen = self._screen
        for pane in screen.shown_panes:
            if pane.region.contains_point(event.screen_offset):
                screen.go_to(pane.item, in_log=True)

    def on_workflow_pane_ready(self) -> None:
        self._screen.focus_current()
