"""Commands on items, most of them sent to the engine."""

from __future__ import annotations

from collections.abc import Collection

from assemblyzero_tui.app.dashboard.actions.base import Actions, Handler
from assemblyzero_tui.app.ui import item_commands
from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.model.commands import AnyCommand, Cancel
from assemblyzero_tui.runner.model.run_state import ItemState
from assemblyzero_tui.widgets.items.layout import Mode


class ItemActions(Actions):
    """Pause, cancel, retry, marks and order."""

    def handlers(self) -> dict[str, Handler]:
        """By the name of the action."""
        return {
            "pause": self.pause,
            "pause_all": self.pause_all,
            "cancel": self.cancel,
            "force_cancel": self.force_cancel,
            "retry": self.retry,
            "mark": self.mark,
            "mark_all": self.mark_all,
            "order": self.order,
            "resume_run": self.resume_run,
        }

    def _targets(self) -> list[ItemState]:
        """The items that a key acts on; scrolls the current one into view."""
        if self.screen.view_state.shows_table:
            self.screen.table.reveal()
        return self.screen.targets()

    def pause(self) -> None:
        self._send_or_notify(
            item_commands.pause_or_resume(self._targets()), "There is nothing to pause."
        )

    def pause_all(self) -> None:
        command = item_commands.pause_or_resume_all(self.screen.run_state)
        if command is None:
            self.screen.notify("There is nothing to pause.")
        else:
            self.send(command)

    def cancel(self, force: bool = False) -> None:
        items = item_commands.cancellable(self._targets())
        if not items:
            self.screen.notify("There is nothing to cancel.")
            return
        marks = self.screen.marked
        from assemblyzero_tui.widgets.dialogs import Confirm

        verb = "Force cancel" if force else "Cancel"
        detail = (
            "Its process is killed; the call in flight is lost. The checkpoint is kept."
            if force
            else "It ends as soon as possible. Its checkpoint is kept, so it can be retried."
        )

        def answered(yes: bool | None) -> None:
            if yes:
                self.send(Cancel(items=items, force=force), marks)

        self.screen.app.push_screen(
            Confirm(
                f"{verb} {item_commands.named(items)}?", detail, f"Yes, {verb.lower()}",
                glyphs=self.screen.glyphs,
            ),
            answered,
        )  # fmt: skip

    def force_cancel(self) -> None:
        self.cancel(force=True)

    def retry(self) -> None:
        command = item_commands.retry(self._targets())
        if self.screen.engine_gone:
            self.resume_run()
        elif command is not None and not self.screen.source.live:
            self.program.retry(command.items)
        else:
            self._send_or_notify(command, "There is nothing to retry.")

    def _send_or_notify(self, command: AnyCommand | None, otherwise: str) -> None:
        """Sends a command, or shows a notification if there is none."""
        if command is None:
            self.screen.notify(otherwise)
        else:
            self.send(command, self.screen.marked)

    def send(self, command: AnyCommand, marks: Collection[str] = ()) -> None:
        """Sends a command, and shows if it was refused or came too late for some items.

        Args:
            command: Names its items, so it does not depend on the current item when it arrives.
            marks: Removed once the engine has accepted the command.
        """
        self.screen.run_worker(self._send(command, marks), group="send")

    async def _send(self, command: AnyCommand, marks: Collection[str]) -> None:
        try:
            reply = await self.screen.source.send(command)
        except (TuiError, OSError) as error:
            self.screen.notify(str(error), severity="error", markup=False)
            return
        self.screen.table.unmark(marks)
        self.program.poll_now()
        items = self.screen.run_state.items
        late = item_commands.too_late(command, reply, [i for i in items if items[i].state.terminal])
        if late:
            words = ", ".join(f"{item} ({items[item].state.look.word})" for item in late[:3])
            more = f" and {len(late) - 3} more" if len(late) > 3 else ""
            self.screen.notify(f"{words}{more} had already ended.", severity="warning")

    def mark(self) -> None:
        if self.screen.view_state.shows_table:
            self.screen.table.toggle_mark()

    def mark_all(self) -> None:
        if self.screen.view_state.shows_table:
            self.screen.table.toggle_all_marks()

    def order(self) -> None:
        screen = self.screen
        if screen.view_state.mode is Mode.LIST:
            screen.table.next_order()
            screen.lay_out()

    def resume_run(self) -> None:
        self.program.resume_run()
