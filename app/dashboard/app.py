"""The Textual application of the dashboard: follows a source and returns how it was closed."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.screen import Screen

from assemblyzero_tui.app.credentials.actions import CredentialService
from assemblyzero_tui.app.dashboard.notifications import Notifier, terminal_title
from assemblyzero_tui.app.dashboard.screen import DashboardScreen
from assemblyzero_tui.app.ui.keymap import COMMANDS
from assemblyzero_tui.app.ui.themes import DARK, DARK_LOGS, LIGHT, LIGHT_LOGS
from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.locks.engine_process import describe_survivors, signal_engine
from assemblyzero_tui.runner.model.commands import Cancel, Retry, Stop
from assemblyzero_tui.runner.model.events import AnyEvent, RunEnded
from assemblyzero_tui.runner.runs.run_source import RunSource
from assemblyzero_tui.widgets.glyphs import ASCII, UNICODE

if TYPE_CHECKING:
    from assemblyzero_tui.app.screens.summary import SummaryScreen

LEAST_PERIOD = 0.05
"""Least seconds between two polls of the journal, however often changes are signalled."""
BUSY_TIMEOUT = 0.1
"""Seconds to wait for a change shortly after the last one."""
CALM_TIMEOUT = 0.5
"""Seconds to wait for a change when nothing has happened for a while."""
CALM_AFTER = 2.0
"""Seconds without events after which the longer timeout is used."""
BELL_PERIOD = 1.0
"""Least seconds between two rings of the bell."""


ANSWER = 3.0
"""Seconds an engine may take to answer when the user quits."""


class Ending(StrEnum):
    """How the dashboard was closed."""

    DETACHED = "detached"
    """The run continues."""
    STOPPED = "stopped"
    CANCELLED = "cancelled"
    FINISHED = "finished"
    """All items had finished."""


CLOSING_LIMITS = {Ending.STOPPED: 8.0, Ending.CANCELLED: 15.0}
"""Seconds until the dashboard closes whether or not the engine has ended."""


class DashboardApp(App[Ending], inherit_bindings=False):
    """The dashboard of one run.

    Args:
        source: The source of the run.
        resume: Starts the engine of the run again and returns the new source.
        retry: The same for a run that has ended, retrying these items.
        ascii: Draws with ASCII characters only.
        keep_summary: Shows the summary when the run has ended, until the user closes it.
        light: Starts with the light theme.
        credential_service: Manages credentials; without one they are only shown.
        clock: Seconds that never go back; for tests.
    """

    BINDINGS: ClassVar[list[BindingType]] = []
    COMMAND_PALETTE_BINDING = "ctrl+p"
    ENABLE_COMMAND_PALETTE = True
    CSS = """
    Toast { background: $panel; }
    """

    def __init__(
        self,
        source: RunSource,
        *,
        resume: Callable[[], Awaitable[RunSource]] | None = None,
        retry: Callable[[Sequence[str]], Awaitable[RunSource]] | None = None,
        ascii: bool = False,
        keep_summary: bool = True,
        light: bool = False,
        credential_service: CredentialService | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self.source = source
        self.credential_service = credential_service
        self.was_live = False
        """Whether an engine has served the run while it was shown."""
        self.shown = False
        """Whether the dashboard has been shown, so that ctrl+c is a key and not a signal."""
        self.closing = ""
        """What the dashboard waits for before it closes; empty while it does not close."""
        self.glyphs = ASCII if ascii else UNICODE
        self._resume = resume
        self._retry = retry
        self._keep_summary = keep_summary
        self._clock = clock
        self._notifier = Notifier()
        self._unseen = 0
        self._rang = 0.0
        self._title = ""
        self._ending: Ending | None = None
        self._summary_shown = False
        self._last_event_at = clock()
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.ansi_theme_dark, self.ansi_theme_light = DARK_LOGS, LIGHT_LOGS
        self.theme = LIGHT.name if light else DARK.name
        self.dashboard = DashboardScreen(source, self, self.glyphs, clock=clock)

    def get_default_screen(self) -> Screen[None]:
        return self.dashboard

    def on_load(self) -> None:
        self._handle_events(self.source.poll(), first=True)

    def on_mount(self) -> None:
        self.shown = True
        self._listen_for_signals()
        self._write_title()
        self.run_worker(self._follow(), group="follow", exclusive=True)

    def _listen_for_signals(self) -> None:
        """Makes a closed terminal close only the dashboard."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_DFL:
                with contextlib.suppress(RuntimeError, ValueError):
                    loop.add_signal_handler(number, self.detach)

    # Following the run

    async def _follow(self) -> None:
        while True:
            calm = self._clock() - self._last_event_at > CALM_AFTER
            await self.source.wait_for_change(CALM_TIMEOUT if calm else BUSY_TIMEOUT)
            self.poll_now()
            await asyncio.sleep(LEAST_PERIOD)

    def poll_now(self) -> None:
        """Reads and shows new events."""
        try:
            events = self.source.poll()
        except TuiError as error:
            self.exit(Ending.DETACHED, return_code=error.exit_code, message=str(error))
            return
        self._handle_events(events)

    def _handle_events(self, events: Sequence[AnyEvent], *, first: bool = False) -> None:
        live = self.source.live
        if live and not self.was_live:
            self.was_live = True
        if first:
            self._notifier.begin(self.source.state)
        else:
            self._show_notifications(events)
        if events:
            self._last_event_at = self._clock()
            self.dashboard.refresh_run()
            self._write_title()
        over = any(isinstance(event, RunEnded) for event in events)
        if self._ending is not None and (over or not live):
            self.exit(self._ending)
        elif over and not first and self.source.state.finished and self._keep_summary:
            self.show_summary(ended=True)

    def _show_notifications(self, events: Sequence[AnyEvent]) -> None:
        for notification in self._notifier.notifications(events, self._clock()):
            self.notify(
                notification.text,
                title=notification.title,
                severity=notification.severity,
                timeout=notification.timeout,
                markup=False,
            )
            if notification.attention and not self.app_focus:
                self._unseen += 1
                if self._clock() - self._rang >= BELL_PERIOD:
                    self._rang = self._clock()
                    self.bell()

    def mark_seen(self) -> None:
        """Resets the count of unseen notifications."""
        if self._unseen:
            self._unseen = 0
            self._write_title()

    def on_app_focus(self) -> None:
        self.mark_seen()
        self.call_later(self.dashboard.focus_current)  # the last focused widget may be hidden

    def _write_title(self) -> None:
        title = terminal_title(self.source.state, self._unseen)
        if title != self._title and self._driver is not None and not self.is_headless:
            self._driver.write(("" if self._title else "\x1b[22;0t") + f"\x1b]0;{title}\x07")
            self._title = title

    def on_unmount(self) -> None:
        if self._title and self._driver is not None:
            self._driver.write("\x1b[23;0t")

    # Resuming

    @property
    def can_resume(self) -> bool:
        """Whether the run can be resumed from here."""
        return self._resume is not None

    def resume_run(self) -> None:
        """Starts the engine of the run again."""
        if self._resume is not None:
            self.run_worker(self._restart_engine(self._resume()), group="resume", exclusive=True)

    async def _restart_engine(
        self, starting: Awaitable[RunSource], retried: Sequence[str] = ()
    ) -> None:
        try:
            source = await starting
        except (TuiError, OSError) as error:
            self.notify(str(error), severity="error", markup=False)
            return
        if source is not self.source:
            await self.source.close()
        self.source = source
        self.source.poll()
        self._summary_shown = False
        self._to_dashboard()
        self.dashboard.table.unmark(retried)
        self.dashboard.adopt(source)
        self.run_worker(self._follow(), group="follow", exclusive=True)

    # Closing

    def detach(self) -> None:
        """Closes the dashboard; the run continues."""
        self.exit(Ending.FINISHED if self.source.state.finished else Ending.DETACHED)

    def ask_quit(self) -> None:
        """Closes the dashboard, after a question if the run is not finished."""
        from assemblyzero_tui.widgets.dialogs import QuitDialog

        if isinstance(self.screen, QuitDialog):
            return
        if not self.source.live or self.source.state.finished:
            self.detach()
            return
        state = self.source.state
        self.push_screen(QuitDialog(state.counts, state.run, glyphs=self.glyphs), self._quit)

    def _quit(self, choice: str | None) -> None:
        if choice == "detach":
            self.detach()
        elif choice == "stop":
            text = "Stopping: every item saves."
            self.run_worker(self._close_after(Stop(), Ending.STOPPED, text))
        elif choice == "cancel":
            text = "Cancelling: every item ends."
            self.run_worker(self._close_after(Cancel(), Ending.CANCELLED, text))

    async def _close_after(self, command: Stop | Cancel, ending: Ending, text: str) -> None:
        try:
            async with asyncio.timeout(ANSWER):
                await self.source.send(command)
        except (TuiError, OSError) as error:
            stopping = isinstance(command, Stop)
            if not (stopping and signal_engine(self.source.folder, signal.SIGTERM)):
                message = str(error) or "The engine does not answer."
                self.notify(message, severity="error", markup=False)
                return
        self._ending, self.closing = ending, text
        self.set_timer(CLOSING_LIMITS[ending], self._close_without_engine)
        self.dashboard.update_widgets()
        self.poll_now()

    def _close_without_engine(self) -> None:
        """Closes the dashboard although the engine has not ended in time."""
        self.exit(Ending.DETACHED, message=describe_survivors(self.source.folder) or None)

    def show_summary(self, *, ended: bool = False) -> None:
        """Shows the summary; ``ended`` shows it automatically, once, when the run has ended."""
        if ended and self._summary_shown:
            return
        from assemblyzero_tui.app.screens.summary import SummaryScreen

        if isinstance(self.screen, SummaryScreen):
            return
        self._summary_shown = self._summary_shown or ended
        self.push_screen(SummaryScreen(self.source, glyphs=self.glyphs))

    def _to_dashboard(self) -> None:
        while len(self.screen_stack) > 1:
            self.pop_screen()

    def on_summary_screen_open_log(self, event: SummaryScreen.OpenLog) -> None:
        """A log was chosen in the summary."""
        self._to_dashboard()
        self.dashboard.navigation.zoom_in(event.item)

    def on_summary_screen_retry_failed(self, event: SummaryScreen.RetryFailed) -> None:
        """Retries what failed."""
        self.retry(event.items)

    def retry(self, items: list[str]) -> None:
        """Retries items that did not succeed; starts the engine first if it is gone."""
        if self.source.live:
            self.dashboard.send(Retry(items=items))
            self._to_dashboard()
        elif self._retry is not None:
            self.run_worker(self._restart_engine(self._retry(items), items), group="resume")
        else:
            run = self.source.state.run
            self.notify(f"Run: assemblyzero-tui resume {run} --failed", markup=False)

    def action_detach(self) -> None:
        """Detaches; ``d`` is bound to it on every other screen."""
        self.detach()

    def on_summary_screen_quit(self) -> None:
        """``q`` on the summary closes the dashboard."""
        self.detach()

    # The palette

    def action_command_palette(self) -> None:
        """Opens the palette; Textual calls it by this name."""
        self.show_palette()

    def show_palette(self) -> None:
        """Opens the palette."""
        from assemblyzero_tui.app.dashboard.palette import Palette

        if not isinstance(self.screen, Palette):
            self.push_screen(Palette())

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        for command in COMMANDS:
            if command.id.startswith("pane_") or command.id == "command_palette":
                continue
            keys = " ".join(command.shown_keys)
            yield SystemCommand(
                f"{command.label} ({keys})",
                command.help,
                lambda does=command.does: self.dashboard.run_action(does),
            )
        yield SystemCommand(
            "Light or dark",
            "Change between the light and the dark theme.",
            self.action_toggle_theme,
        )
        yield SystemCommand(
            "Screenshot", "Save the screen as a picture (SVG).", self.action_screenshot
        )

    def action_toggle_theme(self) -> None:
        """Changes between light and dark."""
        self.theme = LIGHT.name if self.theme == DARK.name else DARK.name
