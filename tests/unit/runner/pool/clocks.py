"""A clock that is set by hand."""

from __future__ import annotations

MORNING = 1_790_000_000.0
"""A day in September 2026, 07:13 in California: no day ends for many hours."""


class HandClock:
    """Implements :class:`~assemblyzero_tui.runner.pool.grants.clock.Clock`."""

    def __init__(self, now: float = 1000.0, wall: float = MORNING) -> None:
        self.steady = now
        self.on_the_wall = wall

    def now(self) -> float:
        return self.steady

    def wall(self) -> float:
        return self.on_the_wall

    def wall_at(self, moment: float) -> float:
        return self.on_the_wall + moment - self.steady

    def awake(self) -> float:
        return self.steady

    def advance(self, seconds: float) -> None:
        """Lets time go by."""
        self.steady += seconds
        self.on_the_wall += seconds
