"""Commands on logs and on the program."""

from __future__ import annotations

from assemblyzero_tui.app.dashboard.actions.base import Actions, Handler
from assemblyzero_tui.widgets.items.table import ItemTable
from assemblyzero_tui.widgets.logs.pane import LogPane


class LogActions(Actions):
    """Scrolling, display and copying of a log; the program's own commands."""

    def handlers(self) -> dict[str, Handler]:
        """By the name of the action."""
        return {
            "down": self.down,
            "up": self.up,
            "page_down": self.page_down,
            "page_up": self.page_up,
            "top": self.top,
            "bottom": self.bottom,
            "left": self.left,
            "right": self.right,
            "follow": self.follow,
            "wrap": self.wrap,
            "times": self.times,
            "copy": self.copy,
            "summary": self.summary,
            "export": self.export,
            "help": self.help,
            "command_palette": self.command_palette,
            "detach": self.detach,
            "ask_quit": self.ask_quit,
            "interrupt": self.interrupt,
        }

    @property
    def _log(self) -> LogPane | None:
        """The log that the keys act on."""
        pane = self.screen.current_pane
        return pane.log_pane if pane is not None else None

    @property
    def _scrolled(self) -> LogPane | ItemTable | None:
        """The widget that keys scroll: the table if it is active, else the log."""
        view_state = self.screen.view_state
        return self.screen.table if view_state.shows_table and not view_state.in_log else self._log

    def down(self) -> None:
        if self._scrolled is not None:
            self._scrolled.move(1)

    def up(self) -> None:
        if self._scrolled is not None:
            self._scrolled.move(-1)

    def page_down(self) -> None:
        if self._scrolled is not None:
            self._scrolled.move_pages(1)

    def page_up(self) -> None:
        if self._scrolled is not None:
            self._scrolled.move_pages(-1)

    def top(self) -> None:
        if self._scrolled is not None:
            self._scrolled.go_home()

    def bottom(self) -> None:
        if self._scrolled is not None:
            self._scrolled.go_end()

    def left(self) -> None:
        if self._log is not None:
            self._log.shift(-8)

    def right(self) -> None:
        if self._log is not None:
            self._log.shift(8)

    def follow(self) -> None:
        if self._log is not None:
            self._log.toggle_follow()

    def wrap(self) -> None:
        if self._log is not None:
            self._log.toggle_wrap()

    def times(self) -> None:
        if self._log is not None:
            self._log.toggle_times()

    def copy(self) -> None:
        screen = self.screen
        text = screen.get_selected_text() or (self._log.visible_text() if self._log else "")
        if not text:
            screen.notify("There is nothing to copy.")
            return
        screen.app.copy_to_clipboard(text)
        lines = text.count("\n") + 1
        screen.notify(f"Copied {lines} line{'' if lines == 1 else 's'}.")
        screen.clear_selection()

    def summary(self) -> None:
        self.program.show_summary()

    def export(self) -> None:
        from assemblyzero_tui.app.ui.report_export import export_report

        export_report(self.screen.app.screen, self.screen.source)

    def help(self) -> None:
        from assemblyzero_tui.app.screens.help import HelpScreen

        self.screen.app.push_screen(HelpScreen(self.screen.glyphs))

    def command_palette(self) -> None:
        self.program.show_palette()

    def detach(self) -> None:
        self.program.detach()

    def ask_quit(self) -> None:
        self.program.ask_quit()

    def interrupt(self) -> None:
        if self.screen.get_selected_text():
            self.copy()
        else:
            self.program.ask_quit()
