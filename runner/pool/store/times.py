"""Times of the store: steady times within a boot of the machine, wall times between boots."""

from __future__ import annotations

from math import inf

from assemblyzero_tui.runner.pool.grants.clock import Clock


class Times:
    """Converts times of rows that other processes wrote, possibly before a reboot of the machine.

    Besides its steady times, a row has their boot and both clock readings when it was written.
    Within one boot, setting the wall clock has no effect.
    """

    def __init__(self, clock: Clock, boot: int) -> None:
        self.clock = clock
        self.boot = boot
        """The number of this boot in the store."""

    def here(self, moment: float, boot: int, at: float, wall: float) -> float:
        """Converts a moment of a row to this process's clock.

        Args:
            moment: The steady time; infinity and 0 mean no time and are returned unchanged.
            boot: The boot of the row.
            at: The steady time when the row was written.
            wall: The wall time when the row was written, in seconds since the epoch.
        """
        if boot == self.boot or moment in (0.0, inf, -inf):
            return moment
        # A future moment is never farther away than when it was written, whatever the wall clock
        # shows now.
        return self.clock.now() - self._since(wall) + (moment - at)

    def wall(self, moment: float) -> float:
        """Converts a moment of this process's clock to seconds since the epoch."""
        return self.clock.wall_at(moment)

    def _since(self, wall: float) -> float:
        """Seconds of the pool's clock since a wall time; never negative."""
        now = self.clock.now()
        ratio = self.clock.wall_at(now + 1.0) - self.clock.wall_at(now)
        return max(0.0, (self.clock.wall() - wall) / ratio)
