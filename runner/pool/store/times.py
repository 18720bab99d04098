"""Times of the store: steady times within a boot of the machine, wall times between boots."""

from __future__ import annotations

from math import inf

from assemblyzero_tui.runner.pool.grants.clock import Clock


class Times:
    """Converts times of rows that other processes wrote, maybe before a restart of the machine.

    Besides its steady times, a row has their boot and both clock readings at the time of writing.
    Within one boot, setting the wall clock changes nothing.
    """

    def __init__(self, clock: Clock, boot: int) -> None:
        self.clock = clock
        self.boot = boot
        """The number of this boot in the store."""

    def here(self, moment: float, boot: int, at: float, wall: float) -> float:
        """A moment of a row by this process's clock.

        Args:
            moment: The steady time; infinite and 0 mean no time and stay as they are.
            boot: The boot of the row.
            at: The steady time at which it was written.
            wall: The wall time then, in seconds since the epoch.
        """
        if boot == self.boot or moment in (0.0, inf, -inf):
            return moment
        # A future moment is never farther away than when it was written, wherever the wall clock
        # is now.
        return self.clock.now() - self._since(wall) + (moment - at)

    def wall(self, moment: float) -> float:
        """A moment of this process's clock, in seconds since the epoch."""
        return self.clock.wall_at(moment)

    def _since(self, wall: float) -> float:
        """Seconds of the pool's clock since a wall time; never negative."""
        now = self.clock.now()
        each = self.clock.wall_at(now + 1.0) - self.clock.wall_at(now)
        return max(0.0, (self.clock.wall() - wall) / each)
