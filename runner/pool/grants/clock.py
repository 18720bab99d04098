"""The pool's clock: it keeps running while the machine sleeps, and cannot be set."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Protocol

_BOOTTIME: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""macOS has no ``CLOCK_BOOTTIME``; its monotonic clock runs during sleep."""
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Clock(Protocol):
    """The times that the pool reads."""

    def now(self) -> float:
        """Seconds since an arbitrary moment; never goes back, and keeps running during sleep."""

    def wall(self) -> float:
        """Seconds since the epoch by the wall clock, which can be set."""

    def wall_at(self, moment: float) -> float:
        """The value of :meth:`wall` at a moment of :meth:`now`, unless it is set until then."""

    def awake(self) -> float:
        """Like :meth:`now`, but it stops while the machine sleeps."""


class MachineClock:
    """The clocks of this machine.

    Args:
        speed: Seconds of the pool's clock per real second; for demonstrations and benchmarks.
    """

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed

    def now(self) -> float:
        return time.clock_gettime(_BOOTTIME) * self.speed

    def wall(self) -> float:
        return time.time()

    def wall_at(self, moment: float) -> float:
        return time.time() + (moment - self.now()) / self.speed

    def awake(self) -> float:
        return time.monotonic() * self.speed


def boot_id() -> str:
    """Identifies this boot of the machine: clock readings of two boots cannot be compared."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return f"since {round((time.time() - time.clock_gettime(_BOOTTIME)) / 60)}"
