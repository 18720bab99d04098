"""Shows the dashboard on this terminal. Importing this module imports Textual."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import sys
import termios
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

import assemblyzero_tui.app.launch.frame_rate  # noqa: F401 - before anything imports Textual
from assemblyzero_tui.app.cli.output_mode import OutputMode, is_terminal
from assemblyzero_tui.app.cli.signals import Signals
from assemblyzero_tui.app.dashboard.app import DashboardApp
from assemblyzero_tui.app.launch.credential_access import credential_service_of_run
from assemblyzero_tui.app.launch.terminal_driver import TerminalDriver
from assemblyzero_tui.app.launch.terminal_size import terminal_size
from assemblyzero_tui.runner.base.exit_codes import ExitCode
from assemblyzero_tui.runner.base.paths import RunFolder
from assemblyzero_tui.runner.runs.engine_start import start_engine
from assemblyzero_tui.runner.runs.live_run import LiveRun
from assemblyzero_tui.runner.runs.run_source import RunSource
from assemblyzero_tui.runner.runs.runs import read_spec, renew_socket

if TYPE_CHECKING:
    from textual.app import App

SETTLED_AFTER = 1.0
"""Seconds after which the objects that an application has loaded and built stay until it ends."""
COLLECTIONS = (700, 10, 100)
"""Thresholds of garbage collections. Full ones are ten times rarer than by default, as each stops
the screen for a moment."""

Answer = TypeVar("Answer")


class CannotOpenError(Exception):
    """The terminal cannot be used."""


class InterruptedEarlyError(Exception):
    """Ctrl+C was pressed before the dashboard was shown; the signal is recorded again."""


def show_dashboard(source: RunSource, output: OutputMode, signals: Signals) -> int:
    """Shows the dashboard until the user quits or detaches. The run does not depend on it.

    Returns:
        The exit code: that of the run if it has ended, 1 if its engine is gone, 0 if the user
        detached, 128 plus the number of the signal that ended the dashboard.

    Raises:
        CannotOpenError: the terminal cannot be used; nothing was shown.
        InterruptedEarlyError: the user interrupted it before it was shown.
    """
    if signals.received:
        return 128 + signals.received[0]
    folder = source.folder
    app = DashboardApp(source, ascii=output.ascii)
    if isinstance(source, LiveRun):
        app = DashboardApp(
            source,
            resume=lambda: _serve_again(folder),
            retry=lambda items: _serve_again(folder, items),
            ascii=output.ascii,
        )
        app.credential_service = credential_service_of_run(
            read_spec(folder), folder, lambda: app.source
        )
    ended_by = run_app(app, signals, mouse=output.mouse)
    if ended_by == signal.SIGINT and not app.shown:
        signals.received.append(ended_by)
        raise InterruptedEarlyError
    if ended_by:
        return 128 + ended_by
    state = app.source.state
    if isinstance(app.source, LiveRun) and not app.source.live and state.unfinished():
        return app.return_code or state.exit_code or ExitCode.FAILED  # its engine has gone
    return app.return_code or state.exit_code or 0


def run_app(app: App[Answer], signals: Signals, *, mouse: bool) -> int:
    """Runs an application on this terminal; returns the number of the signal that ended it, or 0.

    Raises:
        CannotOpenError: the terminal cannot be used; nothing was shown.
    """
    check_terminal()
    app.driver_class = TerminalDriver
    with _painting():
        return asyncio.run(_run(app, signals, mouse=mouse))


class _LossyTerminal:
    """A terminal that may disappear: from then on everything written to it is dropped.

    Textual writes in a thread that an error would end; the screen would then wait for it forever.
    """

    def __init__(self, terminal: TextIO) -> None:
        self._terminal = terminal

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError):
            self._terminal.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self._terminal.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._terminal, name)


@contextlib.contextmanager
def _painting() -> Iterator[None]:
    """Lets Textual, which writes to stderr, write to the terminal even if stderr is redirected."""
    before = sys.__stderr__
    terminal = before if is_terminal(before) else sys.__stdout__
    assert terminal is not None
    sys.__stderr__ = _LossyTerminal(terminal)  # type: ignore[misc, assignment]
    try:
        yield
    finally:
        sys.__stderr__ = before  # type: ignore[misc]


def check_terminal() -> None:
    """Checks that an application can read from, and write to, the terminal.

    Raises:
        CannotOpenError: it cannot.
    """
    try:
        for descriptor in (0, 1):
            termios.tcgetattr(descriptor)
            os.close(os.open(os.ttyname(descriptor), os.O_RDWR | os.O_NOCTTY))
    except (OSError, termios.error) as error:
        raise CannotOpenError(str(error.args[-1])) from error


async def _serve_again(folder: RunFolder, retry: Sequence[str] | None = None) -> RunSource:
    """Starts the engine of a run again; ``retry`` has the ids of items to retry."""
    renew_socket(folder)
    await asyncio.to_thread(start_engine(folder, retry=retry).wait)
    return LiveRun(folder)


async def _run(app: App[Any], signals: Signals, *, mouse: bool) -> int:
    loop = asyncio.get_running_loop()
    ended_by = 0

    def end(number: int) -> None:
        nonlocal ended_by
        ended_by = number
        app.exit()

    signals.listen(loop, end)
    # Otherwise each full collection goes through all of Textual, which takes a tenth of a second.
    settling = loop.call_later(SETTLED_AFTER, gc.freeze)
    gc.set_threshold(*COLLECTIONS)
    try:
        await app.run_async(mouse=mouse, size=terminal_size())
    finally:
        settling.cancel()
    return ended_by
