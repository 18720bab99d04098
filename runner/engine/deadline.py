"""The last resort when an engine does not end by itself: it is as if it had been killed."""

from __future__ import annotations

import faulthandler
import os
import sys
import threading
from collections.abc import Callable

from assemblyzero_tui.runner.base.exit_codes import ExitCode

STOPPING = 15.0
"""Seconds from a stop until the engine has ended, at most; 5 are for the workers."""
FORCED = 4.0
"""The same for a stop at once."""


class Deadline:
    """A thread that ends the process if it still lives when the time is up.

    A disk that hangs, or a lock that another process keeps, may block the event loop for ever.
    No more is lost than by a crash: nothing up to the last checkpoint.

    Args:
        kill: Ends everything that was started, at once; called in the thread.
    """

    def __init__(self, kill: Callable[[], None]) -> None:
        self._kill = kill
        self._timers: list[threading.Timer] = []

    def end_within(self, seconds: float) -> None:
        """Ends the process in this many seconds, unless it is to end earlier already."""
        timer = threading.Timer(seconds, self._end)
        timer.daemon = True
        self._timers.append(timer)
        timer.start()

    def cancel(self) -> None:
        """Stops the timers: the process ends by itself."""
        for timer in self._timers:
            timer.cancel()

    def _end(self) -> None:
        try:
            print(
                "Stopping took too long; the engine ends at once. Its threads were here:",
                file=sys.stderr,
            )
            faulthandler.dump_traceback(2)
            self._kill()
        finally:
            os._exit(ExitCode.FAILED)
