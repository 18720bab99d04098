"""Keys that tell the engine something."""

from __future__ import annotations

from collections.abc import Collection

from assemblyzero_tui.app.dashboard import banner_text
from assemblyzero_tui.app.dashboard.actions.base import DashboardPart
from assemblyzero_tui.app.ui import item_commands
from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.model.commands import AnyCommand, Cancel
from assemblyzero_tui.runner.model.run_state import ItemState
from assemblyzero_tui.widgets.banner import Trouble
from assemblyzero_tui.widgets.items.layout import Mode


class Working(DashboardPart):
    """Keys that tell the engine something."""

    def _meant(self) -> list[ItemState]:
        """The items that a key is meant for; the current one comes into sight."""
        if self._screen.stage.shows_table:
            self._screen.table.reveal()
        return self._screen.targets()

    def action_pause(self) -> None:
        self._wish(item_commands.pause_or_resume(self._meant()), "There is nothing to pause.")

    def action_pause_all(self) -> None:
        command = item_commands.pause_or_resume_all(self._screen.run_state)
        if command is None:
            self._screen.notify("There is nothing to pause.")
        else:
            self.send(command)

    def action_cancel(self, force: bool = False) -> None:
        items = item_commands.cancellable(self._meant())
        if not items:
            self._screen.notify("There is nothing to cancel.")
            return
        marks = self._screen.marked
        from assemblyzero_tui.widgets.dialogs import Confirm

        verb = "End at once" if force else "Cancel"
        detail = (
            "Its process is killed; the call in flight is lost. The checkpoint is kept."
            if force
            else "It ends at once if it can. Its checkpoint is kept, so it can be tried again."
        )

        def answered(yes: bool | None) -> None:
            if yes:
                self.send(Cancel(items=items, force=force), marks)

        self._app.push_screen(
            Confirm(
                f"{verb} {item_commands.named(items)}?", detail, f"Yes, {verb.lower()}",
                glyphs=self._screen.glyphs,
            ),
            answered,
        )  # fmt: skip

    def action_force_cancel(self) -> None:
        self.action_cancel(force=True)

    def action_retry(self) -> None:
        command = item_commands.retry(self._meant())
        if self.engine_gone:
            self.action_resume_run()
        elif command is not None and not self._screen.source.live:
            self._app.try_again(command.items)
        else:
            self._wish(command, "There is nothing to retry.")

    def _wish(self, command: AnyCommand | None, otherwise: str) -> None:
        """Sends a command; says so if there is none."""
        if command is None:
            self._screen.notify(otherwise)
        else:
            self.send(command, self._screen.marked)

    def send(self, command: AnyCommand, marks: Collection[str] = ()) -> None:
        """Sends a command. What comes back is shown: a refusal, or what came too late.

        Args:
            command: It names its items, whatever is current when it arrives.
            marks: Taken away when the engine has accepted it; they stay where it has not.
        """
        self._screen.run_worker(self._send(command, marks), group="send")

    async def _send(self, command: AnyCommand, marks: Collection[str]) -> None:
        try:
            reply = await self._screen.source.send(command)
        except (TuiError, OSError) as error:
            self._screen.notify(str(error), severity="error", markup=False)
            return
        self._screen.table.unmark(marks)
        self._app.look_now()
        items = self._screen.run_state.items
        late = item_commands.too_late(command, reply, [i for i in items if items[i].state.terminal])
        if late:
            words = ", ".join(f"{item} ({items[item].state.look.word})" for item in late[:3])
            more = f" and {len(late) - 3} more" if len(late) > 3 else ""
            verb = "has" if len(late) == 1 else "have"
            self._screen.notify(f"{words}{more} {verb} ended before.", severity="warning")

    def action_mark(self) -> None:
        if self._screen.stage.shows_table:
            self._screen.table.toggle_mark()

    def action_mark_all(self) -> None:
        if self._screen.stage.shows_table:
            self._screen.table.toggle_all_marks()

    def action_order(self) -> None:
        screen = self._screen
        if screen.stage.mode is Mode.LIST:
            screen.table.next_order()
            screen.lay_out()

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
        screen, app = self._screen, self._app
        watch = banner_text.Watch(screen.source.live, self.engine_gone, app.can_resume, app.parting)
        return banner_text.find(screen.run_state, screen.wall_now(), watch)
