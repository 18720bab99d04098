"""A monotonic clock, derived from timestamps of a clock that can be set back."""

from __future__ import annotations

from dataclasses import dataclass

TOLERANCE = 1.0
"""Seconds by which timestamps can be out of order without the clock having been set back."""


@dataclass(slots=True)
class SteadyClock:
    """Reads timestamps in the order in which they were taken.

    When the source is set back, this clock does not move for that timestamp and continues from
    there at the same pace, so that durations stay correct.
    """

    now: float = 0.0
    """The latest time, in seconds since the epoch by the clock as it was at the start."""
    set_back: float = 0.0
    """Total seconds by which the source was set back."""
    _newest: float = 0.0

    def reading(self, time: float) -> float:
        """The time of this clock at the next timestamp; 0 means no timestamp."""
        if not time or time < self._newest - TOLERANCE:
            return self.now
        return max(self.now, time + self.set_back)

    def take(self, time: float) -> float:
        """Advances to this timestamp and returns the time of this clock."""
        self.now = self.reading(time)
        if time and time < self._newest - TOLERANCE:
            self.set_back = self.now - time
            self._newest = time
        self._newest = max(self._newest, time)
        return self.now
