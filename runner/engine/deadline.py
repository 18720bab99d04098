"""The last resort when an engine does not come to its end: it is as if it had been killed."""

from __future__ import annotations

import faulthandler
import os
import sys
import threading
from collections.abc import Callable

from assemblyzero_tui.runner.base.exit_codes import ExitCode

STOPPING = 15.0
"""Seconds from the wish to stop until the engine has left, at most; 5 are for the workers."""
FORCED = 4.0
"""The same when the wish is to stop at once."""


class Deadline:
    """A thread that ends the process if it still lives when the time is up.

    A disk that hangs, or a lock that somebody keeps, may hold the event loop up for ever. What is
    lost then is what a crash loses: nothing up to the last checkpoint.

    Args:
        kill: Ends everything that was started, at once; called in the thread.
    """

    def __init__(self, kill: Callable[[], None]) -> None:
        self._kill = kill
        self._timers: list[threading.Timer] = []

    def leave_within(self, seconds: float) -> None:
        """Ends the process in so many seconds, unless an earlier time was given before."""
        timer = threading.Timer(seconds, self._end)
        timer.daemon = True
        self._timers.append(timer)
        timer.start()

    def met(self) -> None:
        """The end has come by itself."""
        for timer in self._timers:
            timer.cancel()

    def _end(self) -> None:
        try:
            print("Stopping took too long; the engine ends at once. It was here:", file=sys.stderr)
            faulthandler.dump_traceback(2)
            self._kill()
        finally:
            os._exit(ExitCode.FAILED)
