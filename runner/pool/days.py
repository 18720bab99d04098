"""The service's day: it ends at midnight in California, and so do the quotas of a day."""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


class Days(Protocol):
    """A way to count days."""

    def name(self, wall: float) -> str:
        """What the day of a time, in seconds since the epoch, is called."""

    def end(self, wall: float) -> float:
        """When that day ends, in seconds since the epoch."""


class PacificDays:
    """The days of Gemini's quotas (https://ai.google.dev/gemini-api/docs/rate-limits); those of 23
    and of 25 hours are counted right.
    """

    def __init__(self) -> None:
        self._zone = _pacific()

    def name(self, wall: float) -> str:
        return datetime.fromtimestamp(wall, self._zone).date().isoformat()

    def end(self, wall: float) -> float:
        tomorrow = (datetime.fromtimestamp(wall, self._zone) + timedelta(days=1)).date()
        midnight = datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=self._zone)
        return midnight.timestamp()


class ShortDays:
    """Days of so many seconds, for a demonstration; the first begins at ``start``."""

    def __init__(self, seconds: float, start: float = 0.0) -> None:
        self._seconds = seconds
        self._start = start

    def name(self, wall: float) -> str:
        return f"day {math.floor((wall - self._start) / self._seconds) + 1}"

    def end(self, wall: float) -> float:
        return self._start + (math.floor((wall - self._start) / self._seconds) + 1) * self._seconds


def _pacific() -> tzinfo:
    try:
        return ZoneInfo("America/Los_Angeles")
    except ZoneInfoNotFoundError:
        return timezone(timedelta(hours=-8))
