"""Who may ask how often: projects, their keys, and a book of a minute and of a day per model."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

PACIFIC = ZoneInfo("America/Los_Angeles")
WINDOW = 60.0
"""Seconds of the sliding window in which starts are counted."""


class Clock:
    """The time of the server: that of the machine, moved by hand.

    Args:
        speed: Seconds that go by in a second.
    """

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed
        self.began = time.time()
        """When it was started, on the machine's clock."""
        self._offset = 0.0

    def elapsed(self) -> float:
        """Seconds that have gone by."""
        return (time.time() - self.began) * self.speed + self._offset

    def now(self) -> float:
        """Seconds since the epoch."""
        return self.began + self.elapsed()

    def set(self, moment: float) -> None:
        """Makes it this moment, in seconds since the epoch; the clock goes on from there."""
        self._offset += moment - self.now()

    def advance(self, seconds: float) -> None:
        """Moves it on."""
        self._offset += seconds


@dataclass(frozen=True, slots=True)
class Limits:
    """What one project may do with one model; ``None`` is no limit, 0 is no tier."""

    minute: int | None = None
    day: int | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """A limit that is used up."""

    kind: Literal["minute", "day", "no_tier"]
    limit: int
    retry_after: float
    """Seconds, as the real service says it: short, for the limit of a day as well."""


@dataclass
class Project:
    """A project of the service: its keys share its quotas."""

    name: str
    keys: Sequence[str]
    limits: dict[str, Limits] = field(default_factory=dict)
    """By model; ``*`` is every other one."""
    models: Sequence[str] | None = None
    """Those it may use of the server's; ``None`` is all."""
    _starts: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))
    _days: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))

    def count(self, model: str, now: float) -> Refused | None:
        """Counts a start, or says which limit forbids it; a refused start is not counted."""
        limits = self.limits.get(model) or self.limits.get("*") or Limits()
        starts = self._starts[model]
        while starts and starts[0] <= now - WINDOW:
            starts.popleft()
        day = (model, datetime.fromtimestamp(now, PACIFIC).date().isoformat())
        if 0 in (limits.minute, limits.day):
            return Refused("no_tier", 0, 36.0)
        if limits.day is not None and self._days[day] >= limits.day:
            return Refused("day", limits.day, 36.0)
        if limits.minute is not None and len(starts) >= limits.minute:
            return Refused("minute", limits.minute, max(0.1, starts[0] + WINDOW - now))
        starts.append(now)
        self._days[day] += 1
        return None
