"""The last resort for an engine that does not end in time: the process is killed."""

from __future__ import annotations

import faulthandler
import os
import sys
import threading
from collections.abc import Callable

from assemblyzero_tui.runner.base.exit_codes import ExitCode

STOPPING = 15.0
"""Seconds from a stop until the engine must have ended; 5 of them are for the workers."""
FORCED = 4.0
"""The same for a forced stop."""


class Deadline:
    """A thread that ends the process if it is still alive when the time is up.

    A disk that hangs, or a lock that another process keeps, can block the event loop for ever.
    As after a crash, everything up to the last checkpoint is safe.

    Args:
        kill: Kills all processes that were started, at once; called in the thread.
    """

    def __init__(self, kill: Callable[[], None]) -> None:
        self._kill = kill
        self._timers: list[threading.Timer] = []

    def end_within(self, seconds: float) -> None:
        """Ends the process after this many seconds, unless an earlier deadline is set."""
        timer = threading.Timer(seconds, self._end)
        timer.daemon = True
        self._timers.append(timer)
        timer.start()

    def cancel(self) -> None:
        """Stops the timers: the process ends normally."""
        for timer in self._timers:
            timer.cancel()

    def _end(self) -> None:
        try:
            print(
                "Stopping took too long; the engine ends at once. The stacks of its threads:",
                file=sys.stderr,
            )
            faulthandler.dump_traceback(2)
            self._kill()
        finally:
            os._exit(ExitCode.FAILED)
