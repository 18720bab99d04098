"""The dashboard on this terminal. Importing this module imports Textual."""

from __future__ import annotations

import asyncio
import os
import signal
import termios
from typing import Any

from assemblyzero_tui.app.faces import Face
from assemblyzero_tui.app.signals import Signals
from assemblyzero_tui.app.tui import DashboardApp
from assemblyzero_tui.runner.client import Source

HANGUP_PATIENCE = 2.0
"""Seconds a dashboard may need to leave a terminal that has gone."""


class CannotOpenError(Exception):
    """The terminal does not let itself be used."""


def show_dashboard(source: Source, face: Face, signals: Signals) -> int:
    """Shows the dashboard until the user leaves it. The work does not depend on it.

    Returns:
        The exit code: of the run if it has ended, 0 if it was left, 128 and the number of the
        signal that ended it.

    Raises:
        CannotOpenError: nothing was shown.
    """
    check_terminal()
    app = DashboardApp(source, ascii=face.ascii)
    ended_by = asyncio.run(_run(app, signals, mouse=face.mouse))
    if ended_by:
        return 128 + ended_by
    return app.return_code or source.state.exit_code or 0


def check_terminal() -> None:
    """Tries what the dashboard will do to the terminal.

    Raises:
        CannotOpenError: it does not work.
    """
    try:
        termios.tcgetattr(0)
        os.close(os.open(os.ttyname(1), os.O_RDWR | os.O_NOCTTY))
    except (OSError, termios.error) as error:
        raise CannotOpenError(error.args[-1]) from error


async def _run(app: DashboardApp, signals: Signals, *, mouse: bool) -> int:
    loop = asyncio.get_running_loop()
    ended_by = 0

    def end(number: int) -> None:
        nonlocal ended_by
        ended_by = number
        if number == signal.SIGHUP:
            loop.call_later(HANGUP_PATIENCE, os._exit, 128 + number)
        app.exit()

    signals.listen(loop, end)
    await app.run_async(mouse=mouse)
    return ended_by


def run_app(app: Any, signals: Signals, *, mouse: bool) -> int:
    """Runs any screenful; the number of the signal that ended it, or 0."""
    return asyncio.run(_run(app, signals, mouse=mouse))
