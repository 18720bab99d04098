"""What the keys of the dashboard do."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from assemblyzero_tui.app import wishes
from assemblyzero_tui.app.stage import neighbour
from assemblyzero_tui.runner.errors import TuiError
from assemblyzero_tui.runner.events import AnyCommand, Cancel
from assemblyzero_tui.widgets.banner import Trouble
from assemblyzero_tui.widgets.item_table import ItemTable
from assemblyzero_tui.widgets.layout import Mode
from assemblyzero_tui.widgets.log_pane import LogPane
from assemblyzero_tui.widgets.workflow_pane import WorkflowPane

if TYPE_CHECKING:
    from assemblyzero_tui.app.dashboard import DashboardScreen
    from assemblyzero_tui.app.tui import DashboardApp


class DashboardActions:
    """One method for each command of :mod:`assemblyzero_tui.app.commands`."""

    @property
    def _screen(self) -> DashboardScreen:
        return cast("DashboardScreen", self)

    @property
    def _app(self) -> DashboardApp:
        return cast("DashboardApp", self._screen.app)

    # Moving

    def action_next_pane(self) -> None:
        self._focus_step(1)

    def action_previous_pane(self) -> None:
        self._focus_step(-1)

    def _focus_step(self, step: int) -> None:
        screen = self._screen
        if screen.stage.zoomed:
            self._zoom_step(step)
            return
        stops: list[ItemTable | LogPane] = [pane.log_pane for pane in screen.shown_panes]
        if screen.stage.mode is Mode.LIST:
            stops.insert(0, screen.table)
        if stops:
            focused = screen.focused
            place = stops.index(focused) if focused in stops else -step
            stops[(place + step) % len(stops)].focus()

    def _zoom_step(self, step: int) -> None:
        screen = self._screen
        screen.stage.zoomed = neighbour(screen.in_order, screen.stage.zoomed, step)
        screen.lay_out(screen.stage.zoomed)

    def action_pane(self, number: int) -> None:
        panes = self._screen.shown_panes
        if self._screen.stage.mode is Mode.GRID and 0 < number <= len(panes):
            panes[number - 1].log_pane.focus()

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
            self._screen.lay_out(self._screen.table.item)

    def on_item_table_opened(self) -> None:
        self.action_zoom()

    def on_log_pane_moved(self, event: LogPane.Moved) -> None:
        for pane in self._screen.shown_panes:
            if pane.log_pane is event.pane:
                pane.tell_place()
                self._screen.tell()

    def on_workflow_pane_chosen(self, event: WorkflowPane.Chosen) -> None:
        self._screen.tell()

    # Working

    def action_pause(self) -> None:
        self._wish(wishes.pause_or_resume(self._screen.targets()), "There is nothing to pause.")

    def action_pause_all(self) -> None:
        self._wish(wishes.pause_or_resume_all(self._screen.run_state), "There is nothing to pause.")

    def action_cancel(self, force: bool = False) -> None:
        items = wishes.cancellable(self._screen.targets())
        if not items:
            self._screen.notify("There is nothing to cancel.")
            return
        from assemblyzero_tui.widgets.dialogs import Confirm

        verb = "End at once" if force else "Cancel"
        detail = (
            "Its process is killed; the call in flight is lost. The checkpoint is kept."
            if force
            else "It ends at once if it can. Its checkpoint is kept, so it can be tried again."
        )

        def answered(yes: bool | None) -> None:
            if yes:
                self._wish(Cancel(items=items, force=force), "")

        self._app.push_screen(
            Confirm(
                f"{verb} {wishes.named(items)}?", detail, f"Yes, {verb.lower()}",
                glyphs=self._screen.glyphs,
            ),
            answered,
        )  # fmt: skip

    def action_force_cancel(self) -> None:
        self.action_cancel(force=True)

    def action_retry(self) -> None:
        if self.engine_gone:
            self.action_resume_run()
        else:
            self._wish(wishes.retry(self._screen.targets()), "There is nothing to retry.")

    def _wish(self, command: AnyCommand | None, otherwise: str) -> None:
        """Sends a command; says so if there is none."""
        if command is None:
            self._screen.notify(otherwise)
            return
        self._screen.table.marks.clear()
        self.send(command)

    def send(self, command: AnyCommand) -> None:
        """Sends a command; a refusal is shown."""
        self._screen.run_worker(self._send(command), group="send")

    async def _send(self, command: AnyCommand) -> bool:
        try:
            await self._screen.source.send(command)
        except (TuiError, OSError) as error:
            self._screen.notify(str(error), severity="error", markup=False)
            return False
        self._app.look_now()
        return True

    def action_mark(self) -> None:
        if self._screen.stage.mode is Mode.LIST:
            self._screen.table.toggle_mark()

    def action_mark_all(self) -> None:
        if self._screen.stage.mode is Mode.LIST:
            self._screen.table.toggle_all_marks()

    def action_order(self) -> None:
        screen = self._screen
        if screen.stage.mode is Mode.LIST:
            screen.table.next_order()
            screen.lay_out(screen.table.item)

    # Reading

    @property
    def _scrolled(self) -> LogPane | ItemTable | None:
        focused = self._screen.focused
        return focused if isinstance(focused, LogPane | ItemTable) else None

    @property
    def _log(self) -> LogPane | None:
        focused = self._screen.focused
        if isinstance(focused, LogPane):
            return focused
        panes = self._screen.shown_panes
        return panes[0].log_pane if panes else None

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

    # The program

    def action_summary(self) -> None:
        self._app.show_summary()

    def action_export(self) -> None:
        from assemblyzero_tui.runner import report

        screen = self._screen
        folder = screen.source.folder
        try:
            report.write(report.build(screen.run_state, folder, screen.source_now()), folder)
        except (TuiError, OSError) as error:
            screen.notify(f"The summary was not written: {error}", severity="error", markup=False)
        else:
            screen.notify(f"Written: {folder.summary_markdown}", markup=False)

    def action_help(self) -> None:
        from assemblyzero_tui.app.help_screen import HelpScreen

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

    # Trouble

    @property
    def engine_gone(self) -> bool:
        """Whether something is left to do and nobody does it, and somebody could."""
        screen = self._screen
        run = screen.run_state
        if screen.source.live or not run.unfinished():
            return False
        return self._app.can_resume or self._app.was_live

    def action_resume_run(self) -> None:
        self._app.resume_run()

    def find_trouble(self) -> Trouble | None:
        """What the banner says now."""
        app, run = self._app, self._screen.run_state
        if app.parting:
            return Trouble(app.parting)
        if self.engine_gone:
            stopped = run.ended is not None and run.end_reason == "stopped"
            what = "The run was stopped" if stopped else "The engine has gone"
            buttons = (("r", "Resume", "screen.resume_run"),) if app.can_resume else ()
            how = "" if buttons else f" Go on with: assemblyzero-tui resume {run.run}"
            return Trouble(f"{what}; nothing is lost.{how}", buttons, severe=not stopped)
        if run.held and not run.finished:
            why = f": {run.held_reason}" if run.held_reason else ""
            return Trouble(
                f"Paused{why}. No item is started.", (("P", "Resume all", "screen.pause_all"),)
            )
        return None
