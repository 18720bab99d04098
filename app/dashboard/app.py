"""The Textual application: follows a source, and says in the end how it was left."""

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
from assemblyzero_tui.app.dashboard.notifications import Herald, terminal_title
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

BREATH = 0.05
"""Seconds between two looks at the journal, however much is announced."""
BUSY_PATIENCE = 0.1
"""Seconds to wait for news right after some came in."""
CALM_PATIENCE = 0.5
"""Seconds to wait for news when nothing has happened for a while."""
CALM_AFTER = 2.0
BELL_PERIOD = 1.0
"""Seconds between two rings of the bell, at least."""


ANSWER = 3.0
"""Seconds an engine may need to answer when the dashboard is left."""


class Ending(StrEnum):
    """How the dashboard was left."""

    LEFT = "left"
    """Whatever goes on goes on."""
    STOPPED = "stopped"
    CANCELLED = "cancelled"
    FINISHED = "finished"
    """All items were through."""


PARTING = {Ending.STOPPED: 8.0, Ending.CANCELLED: 15.0}
"""Seconds until the dashboard closes whether or not the engine has ended."""


class DashboardApp(App[Ending], inherit_bindings=False):
    """The dashboard of one run.

    Args:
        source: Where the run comes from.
        resume: Starts the engine of the run again and returns the new source.
        retry: The same, with these items of a run that is over to be tried again.
        ascii: Draws with ASCII characters only.
        keep_summary: Shows the summary when the run is over, until the user leaves it.
        light: Begins with the light theme.
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
        """Whether an engine has served the run while it was looked at."""
        self.shown = False
        """Whether it has been on the screen, where keys are keys and no signals."""
        self.parting = ""
        """What is being waited for before the dashboard closes."""
        self.glyphs = ASCII if ascii else UNICODE
        self._resume = resume
        self._retry = retry
        self._keep_summary = keep_summary
        self._clock = clock
        self._herald = Herald()
        self._unseen = 0
        self._rang = 0.0
        self._title = ""
        self._ending: Ending | None = None
        self._summary_shown = False
        self._last_news = clock()
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.ansi_theme_dark, self.ansi_theme_light = DARK_LOGS, LIGHT_LOGS
        self.theme = LIGHT.name if light else DARK.name
        self.dashboard = DashboardScreen(source, self, self.glyphs, clock=clock)

    def get_default_screen(self) -> Screen[None]:
        return self.dashboard

    def on_load(self) -> None:
        self._take(self.source.poll(), first=True)

    def on_mount(self) -> None:
        self.shown = True
        self._listen_for_signals()
        self._write_title()
        self.run_worker(self._follow(), group="follow", exclusive=True)

    def _listen_for_signals(self) -> None:
        """A closed terminal closes the dashboard and nothing else."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_DFL:
                with contextlib.suppress(RuntimeError, ValueError):
                    loop.add_signal_handler(number, self.detach)

    # Following the run

    async def _follow(self) -> None:
        while True:
            calm = self._clock() - self._last_news > CALM_AFTER
            await self.source.wait_for_change(CALM_PATIENCE if calm else BUSY_PATIENCE)
            self.look_now()
            await asyncio.sleep(BREATH)

    def look_now(self) -> None:
        """Takes in what is new."""
        try:
            events = self.source.poll()
        except TuiError as error:
            self.exit(Ending.LEFT, return_code=error.exit_code, message=str(error))
            return
        self._take(events)

    def _take(self, events: Sequence[AnyEvent], *, first: bool = False) -> None:
        live = self.source.live
        if live and not self.was_live:
            self.was_live = True
        if first:
            self._herald.begin(self.source.state)
        else:
            self._announce(events)
        if events:
            self._last_news = self._clock()
            self.dashboard.refresh_run()
            self._write_title()
        over = any(isinstance(event, RunEnded) for event in events)
        if self._ending is not None and (over or not live):
            self.exit(self._ending)
        elif over and not first and self.source.state.finished and self._keep_summary:
            self.show_summary(ended=True)

    def _announce(self, events: Sequence[AnyEvent]) -> None:
        for said in self._herald.announce(events, self._clock()):
            self.notify(
                said.text, title=said.title, severity=said.severity, timeout=said.timeout,
                markup=False,
            )  # fmt: skip
            if said.attention and not self.app_focus:
                self._unseen += 1
                if self._clock() - self._rang >= BELL_PERIOD:
                    self._rang = self._clock()
                    self.bell()

    def seen(self) -> None:
        """The user has looked."""
        if self._unseen:
            self._unseen = 0
            self._write_title()

    def on_app_focus(self) -> None:
        self.seen()
        self.call_later(self.dashboard.focus_current)  # what had it before may be out of sight

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
        """Starts the engine again."""
        if self._resume is not None:
            self.run_worker(self._start_again(self._resume()), group="resume", exclusive=True)

    async def _start_again(self, starting: Awaitable[RunSource], again: Sequence[str] = ()) -> None:
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
        self.dashboard.table.unmark(again)
        self.dashboard.adopt(source)
        self.run_worker(self._follow(), group="follow", exclusive=True)

    # Leaving

    def detach(self) -> None:
        """Closes the dashboard; whatever goes on goes on."""
        self.exit(Ending.FINISHED if self.source.state.finished else Ending.LEFT)

    def ask_quit(self) -> None:
        """Leaves, or asks what becomes of the work if some goes on."""
        from assemblyzero_tui.widgets.dialogs import QuitDialog

        if isinstance(self.screen, QuitDialog):
            return
        if not self.source.live or self.source.state.finished:
            self.detach()
            return
        state = self.source.state
        self.push_screen(QuitDialog(state.counts, state.run, glyphs=self.glyphs), self._quit)

    def _quit(self, choice: str | None) -> None:
        if choice == "leave":
            self.detach()
        elif choice == "stop":
            self.run_worker(self._part(Stop(), Ending.STOPPED, "Stopping: every item saves."))
        elif choice == "cancel":
            self.run_worker(self._part(Cancel(), Ending.CANCELLED, "Cancelling: every item ends."))

    async def _part(self, command: Stop | Cancel, ending: Ending, text: str) -> None:
        try:
            async with asyncio.timeout(ANSWER):
                await self.source.send(command)
        except (TuiError, OSError) as error:
            stopping = isinstance(command, Stop)
            if not (stopping and signal_engine(self.source.folder, signal.SIGTERM)):
                said = str(error) or "The engine does not answer."
                self.notify(said, severity="error", markup=False)
                return
        self._ending, self.parting = ending, text
        self.set_timer(PARTING[ending], self._part_without_it)
        self.dashboard.tell()
        self.look_now()

    def _part_without_it(self) -> None:
        """The engine does not come to its end: the dashboard is left all the same."""
        self.exit(Ending.LEFT, message=describe_survivors(self.source.folder) or None)

    def show_summary(self, *, ended: bool = False) -> None:
        """Shows the summary; once by itself when the run has ended."""
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
        """What failed is to be tried again."""
        self.retry(event.items)

    def retry(self, items: list[str]) -> None:
        """Tries items again that did not succeed; starts the engine for that if it has left."""
        if self.source.live:
            self.dashboard.send(Retry(items=items))
            self._to_dashboard()
        elif self._retry is not None:
            self.run_worker(self._start_again(self._retry(items), items), group="resume")
        else:
            run = self.source.state.run
            self.notify(f"Run: assemblyzero-tui resume {run} --failed", markup=False)

    def on_credentials_screen_detach(self) -> None:
        """``d`` detaches on every screen."""
        self.detach()

    def on_summary_screen_leave(self) -> None:
        """The user is done."""
        self.detach()

    # The palette

    def action_command_palette(self) -> None:
        """Textual's own name for it."""
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
