"""Commands that move between panes, pages and views."""

from __future__ import annotations

from assemblyzero_tui.app.dashboard.actions.base import Actions, Handler
from assemblyzero_tui.app.ui.view_state import neighbour
from assemblyzero_tui.widgets.items.layout import Mode


class NavigationActions(Actions):
    """Panes, pages, views and zoom."""

    def handlers(self) -> dict[str, Handler]:
        """By the name of the action."""
        return {
            "next_pane": self.next_pane,
            "previous_pane": self.previous_pane,
            "pane": self.pane,
            "next_page": self.next_page,
            "previous_page": self.previous_page,
            "attention": self.attention,
            "zoom": self.zoom,
            "back": self.back,
            "toggle_list": self.toggle_list,
        }

    def next_pane(self) -> None:
        self._step(1)

    def previous_pane(self) -> None:
        self._step(-1)

    def _step(self, step: int) -> None:
        screen = self.screen
        if screen.view_state.zoomed:
            screen.go_to(neighbour(screen.in_order, screen.current, step))
        elif screen.view_state.mode is Mode.LIST:
            self._step_in_list(step)
        elif shown := screen.view_state.in_grid(screen.items):
            screen.go_to(shown[(shown.index(screen.current) + step) % len(shown)])

    def _step_in_list(self, step: int) -> None:
        """Cycles through the table and the logs beside it."""
        screen, in_log = self.screen, self.screen.view_state.in_log
        logs = [pane.item for pane in screen.shown_panes]
        at = logs.index(screen.current) + 1 if in_log and screen.current in logs else 0
        place = (at + step) % (len(logs) + 1)
        screen.go_to(logs[place - 1] if place else screen.current, in_log=place > 0)

    def pane(self, number: int) -> None:
        screen = self.screen
        shown = screen.view_state.in_grid(screen.items)
        if not screen.view_state.zoomed and 0 < number <= len(shown):
            screen.go_to(shown[number - 1])

    def next_page(self) -> None:
        self._turn(1)

    def previous_page(self) -> None:
        self._turn(-1)

    def _turn(self, step: int) -> None:
        screen = self.screen
        if screen.view_state.zoomed:
            self._step(step)
        elif screen.view_state.mode is Mode.LIST:
            screen.table.move_pages(step)
        elif first := screen.view_state.page_start(screen.items, step):
            screen.go_to(first)

    def attention(self) -> None:
        screen = self.screen
        items, run = screen.in_order, screen.run_state
        start = items.index(screen.current) + 1 if screen.current in items else 0
        for item in items[start:] + items[:start]:
            if run.items[item].state.wants_attention:
                self.program.mark_seen()
                screen.go_to(item)
                return
        screen.notify("Nothing needs attention.")

    def zoom_in(self, item: str) -> None:
        """Zooms into the log of an item."""
        self.screen.view_state.zoomed = True
        self.screen.go_to(item)

    def zoom(self) -> None:
        screen = self.screen
        if screen.view_state.zoomed:
            self.back()
        elif screen.current and (len(screen.items) > 1):
            self.zoom_in(screen.current)

    def back(self) -> None:
        screen = self.screen
        if screen.view_state.zoomed:
            screen.view_state.zoomed = False
            screen.lay_out()
        else:
            screen.clear_selection()

    def toggle_list(self) -> None:
        self.screen.view_state.toggle()
        self.screen.lay_out()
