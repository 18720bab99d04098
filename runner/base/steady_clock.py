"""A clock that never goes back, out of one that may."""

from __future__ import annotations

from dataclasses import dataclass

TOLERANCE = 1.0
"""Seconds by which times may be out of order without a clock having been set back."""


@dataclass(slots=True)
class SteadyClock:
    """Reads times of day in the order in which they were taken.

    Where the clock they were taken from was set back, time is taken to have stood still at that
    moment, and to go on at its own pace from there: lengths of time stay right.
    """

    now: float = 0.0
    """The newest time, in seconds since the epoch by the clock as it was at the beginning."""
    set_back: float = 0.0
    """By how many seconds the clock has been set back in all."""
    _newest: float = 0.0

    def reading(self, time: float) -> float:
        """What this clock shows at a time of day that comes next; 0 is no time."""
        if not time or time < self._newest - TOLERANCE:
            return self.now
        return max(self.now, time + self.set_back)

    def take(self, time: float) -> float:
        """Goes on to this time of day and says what the clock shows then."""
        self.now = self.reading(time)
        if time and time < self._newest - TOLERANCE:
            self.set_back = self.now - time
            self._newest = time
        self._newest = max(self._newest, time)
        return self.now
