"""Keys and clicks that move about the dashboard."""

from __future__ import annotations

from assemblyzero_tui.app.dashboard_part import DashboardPart
from assemblyzero_tui.app.stage import neighbour
from assemblyzero_tui.widgets.layout import Mode
from assemblyzero_tui.widgets.log_pane import LogPane
from assemblyzero_tui.widgets.workflow_pane import WorkflowPane


class Moving(DashboardPart):
    """Keys and clicks that move about the dashboard."""

    def action_next_pane(self) -> None:
        self._focus_step(1)

    def action_previous_pane(self) -> None:
        self._focus_step(-1)

    def _focus_step(self, step: int) -> None:
        screen = self._screen
        if screen.stage.zoomed:
            self._zoom_step(step)
            return
        panes = screen.shown_panes
        if screen.stage.mode is Mode.LIST:
            stops = [screen.table, *(pane.log_pane for pane in panes)]
            place = next((n for n, stop in enumerate(stops) if stop is screen.focused), -step)
            stops[(place + step) % len(stops)].focus()
        elif panes:
            place = [pane.item for pane in panes].index(screen.current)
            screen.choose(panes[(place + step) % len(panes)])

    def _zoom_step(self, step: int) -> None:
        screen = self._screen
        screen.stage.zoomed = neighbour(screen.in_order, screen.stage.zoomed, step)
        screen.lay_out(screen.stage.zoomed)

    def action_pane(self, number: int) -> None:
        panes = self._screen.shown_panes
        if self._screen.stage.mode is Mode.GRID and 0 < number <= len(panes):
            self._screen.choose(panes[number - 1])

    def action_next_page(self) -> None:
        self._turn(1)

    def action_previous_page(self) -> None:
        self._turn(-1)

    def _turn(self, step: int) -> None:
        screen = self._screen
        if screen.stage.zoomed:
            self._zoom_step(step)
        elif screen.stage.mode is Mode.LIST:
            screen.table.move_pages(step)
        elif screen.stage.turn(step):
            shown = screen.stage.in_grid(screen.items)
            screen.lay_out(shown[0] if shown else "")

    def action_attention(self) -> None:
        screen = self._screen
        items, run = screen.in_order, screen.run_state
        start = items.index(screen.current) + 1 if screen.current in items else 0
        for item in items[start:] + items[:start]:
            if run.items[item].state.wants_attention:
                self._app.seen()
                self._go_to(item)
                return
        screen.notify("Nothing needs attention.")

    def _go_to(self, item: str) -> None:
        screen = self._screen
        if screen.stage.zoomed:
            screen.stage.zoomed = item
        screen.stage.turn_to(screen.items, item)
        screen.lay_out(item)

    def zoom_in(self, item: str) -> None:
        """Puts the log of an item in front."""
        self._screen.stage.zoomed = item
        self._screen.lay_out(item)

    def action_zoom(self) -> None:
        screen = self._screen
        if screen.stage.zoomed:
            self.action_back()
        elif screen.current and (len(screen.items) > 1):
            self.zoom_in(screen.current)

    def action_back(self) -> None:
        screen = self._screen
        if item := screen.stage.zoomed:
            screen.stage.zoomed = ""
            screen.stage.turn_to(screen.items, item)
            screen.lay_out(item)
        else:
            screen.clear_selection()

    def action_toggle_list(self) -> None:
        screen = self._screen
        item = screen.current
        screen.stage.toggle()
        screen.lay_out(item)
        screen.stage.turn_to(screen.items, item)
        screen.lay_out(item)

    def on_item_table_moved(self) -> None:
        if not self._screen.stage.zoomed:
            self._screen.lay_out()

    def on_item_table_opened(self) -> None:
        self.action_zoom()

    def on_log_pane_moved(self, event: LogPane.Moved) -> None:
        for pane in self._screen.shown_panes:
            if pane.log_pane is event.pane:
                pane.tell_place()
                self._screen.tell()

    def on_workflow_pane_ready(self, event: WorkflowPane.Ready) -> None:
        screen = self._screen
        in_table = screen.stage.mode is Mode.LIST and not screen.stage.zoomed
        if event.pane.item == screen.chosen and not in_table:
            screen.choose(event.pane)

    def on_workflow_pane_chosen(self, event: WorkflowPane.Chosen) -> None:
        screen = self._screen
        screen.chosen = event.pane.item
        if screen.stage.mode is Mode.LIST and not screen.stage.zoomed:
            screen.table.hold()
        screen.tell()
