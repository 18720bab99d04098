"""Keys that act on a log or on the program."""

from __future__ import annotations

from assemblyzero_tui.app.dashboard.actions.base import DashboardPart
from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.widgets.items.table import ItemTable
from assemblyzero_tui.widgets.logs.pane import LogPane


class Reading(DashboardPart):
    """Keys that act on a log or on the program."""

    @property
    def _log(self) -> LogPane | None:
        """The log that the keys act on."""
        pane = self._screen.current_pane
        return pane.log_pane if pane is not None else None

    @property
    def _scrolled(self) -> LogPane | ItemTable | None:
        """What keys scroll: the table, where one moves from item to item, or the log."""
        stage = self._screen.stage
        return self._screen.table if stage.shows_table and not stage.in_log else self._log

    def action_down(self) -> None:
        if self._scrolled is not None:
            self._scrolled.move(1)

    def action_up(self) -> None:
        if self._scrolled is not None:
            self._scrolled.move(-1)

    def action_page_down(self) -> None:
        if self._scrolled is not None:
            self._scrolled.move_pages(1)

    def action_page_up(self) -> None:
        if self._scrolled is not None:
            self._scrolled.move_pages(-1)

    def action_top(self) -> None:
        if self._scrolled is not None:
            self._scrolled.go_home()

    def action_bottom(self) -> None:
        if self._scrolled is not None:
            self._scrolled.go_end()

    def action_left(self) -> None:
        if self._log is not None:
            self._log.shift(-8)

    def action_right(self) -> None:
        if self._log is not None:
            self._log.shift(8)

    def action_follow(self) -> None:
        if self._log is not None:
            self._log.toggle_follow()

    def action_wrap(self) -> None:
        if self._log is not None:
            self._log.toggle_wrap()

    def action_times(self) -> None:
        if self._log is not None:
            self._log.toggle_times()

    def action_copy(self) -> None:
        screen = self._screen
        text = screen.get_selected_text() or (self._log.visible_text() if self._log else "")
        if not text:
            screen.notify("There is nothing to copy.")
            return
        self._app.copy_to_clipboard(text)
        lines = text.count("\n") + 1
        screen.notify(f"Copied {lines} line{'' if lines == 1 else 's'}.")
        screen.clear_selection()

    def action_summary(self) -> None:
        self._app.show_summary()

    def action_export(self) -> None:
        from assemblyzero_tui.runner.runs import report

        screen = self._screen
        folder = screen.source.folder
        try:
            report.write(report.build(screen.run_state, folder, screen.source_now()), folder)
        except (TuiError, OSError) as error:
            screen.notify(f"The summary was not written: {error}", severity="error", markup=False)
        else:
            screen.notify(f"Written: {folder.summary_markdown}", markup=False)

    def action_help(self) -> None:
        from assemblyzero_tui.app.screens.help import HelpScreen

        self._app.push_screen(HelpScreen(self._screen.glyphs))

    def action_command_palette(self) -> None:
        self._app.action_command_palette()

    def action_leave(self) -> None:
        self._app.leave()

    def action_ask_quit(self) -> None:
        self._app.ask_quit()

    def action_interrupt(self) -> None:
        if self._screen.get_selected_text():
            self.action_copy()
        else:
            self._app.ask_quit()
