"""The dashboard on this terminal. Importing this module imports Textual."""

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
"""Seconds after which what an application has loaded and made stays until it ends."""
COLLECTIONS = (700, 10, 100)
"""Full collections ten times seldomer than Python's own: each stops the screen for a moment."""

Answer = TypeVar("Answer")


class CannotOpenError(Exception):
    """The terminal does not let itself be used."""


class InterruptedEarlyError(Exception):
    """Ctrl+C before there was a dashboard to press it in; the signal is noted again."""


def show_dashboard(source: RunSource, output: OutputMode, signals: Signals) -> int:
    """Shows the dashboard until the user leaves it. The work does not depend on it.

    Returns:
        The exit code: of the run if it has ended, 1 if nobody serves it any more, 0 if it was
        left, 128 and the number of the signal that ended it.

    Raises:
        CannotOpenError: nothing was shown.
        InterruptedEarlyError: the user did not wait for it.
    """
    if signals.noted:
        return 128 + signals.noted[0]
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
        signals.noted.append(ended_by)
        raise InterruptedEarlyError
    if ended_by:
        return 128 + ended_by
    state = app.source.state
    if isinstance(app.source, LiveRun) and not app.source.live and state.unfinished():
        return app.return_code or state.exit_code or ExitCode.FAILED  # its engine has gone
    return app.return_code or state.exit_code or 0


def run_app(app: App[Answer], signals: Signals, *, mouse: bool) -> int:
    """Runs an application on this terminal; the number of the signal that ended it, or 0.

    Raises:
        CannotOpenError: the terminal cannot be used; nothing was shown.
    """
    check_terminal()
    app.driver_class = TerminalDriver
    with _painting():
        return asyncio.run(_run(app, signals, mouse=mouse))


class _Canvas:
    """A terminal that may go away: from then on what is painted is dropped.

    Textual paints in a thread that an error ends; the screen would then wait for it for ever.
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
    """Textual paints on stderr; where that goes elsewhere (``2> file``), stdout is the terminal."""
    before = sys.__stderr__
    terminal = before if is_terminal(before) else sys.__stdout__
    assert terminal is not None
    sys.__stderr__ = _Canvas(terminal)  # type: ignore[misc, assignment]
    try:
        yield
    finally:
        sys.__stderr__ = before  # type: ignore[misc]


def check_terminal() -> None:
    """Tries what an application will do to the terminal.

    Raises:
        CannotOpenError: it does not work.
    """
    try:
        for descriptor in (0, 1):
            termios.tcgetattr(descriptor)
            os.close(os.open(os.ttyname(descriptor), os.O_RDWR | os.O_NOCTTY))
    except (OSError, termios.error) as error:
        raise CannotOpenError(str(error.args[-1])) from error


async def _serve_again(folder: RunFolder, retry: Sequence[str] | None = None) -> RunSource:
    """Starts the engine of a run again; ``retry`` names what is to be tried again."""
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
