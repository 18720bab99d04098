"""The service's day: it ends at midnight in California, and so do the quotas of a day."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta, timezone, tzinfo
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from assemblyzero_tui.runner.model.run_spec import OfflineQuotas


class QuotaDays(Protocol):
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
        self._known = (0.0, 0.0, "")
        """Begin, end and name of the day that was asked for last: it is asked for at every call."""

    def name(self, wall: float) -> str:
        return self._day(wall)[2]

    def end(self, wall: float) -> float:
        return self._day(wall)[1]

    def _day(self, wall: float) -> tuple[float, float, str]:
        if not self._known[0] <= wall < self._known[1]:
            day = datetime.fromtimestamp(wall, self._zone).date()
            begin, end = self._midnight(day), self._midnight(day + timedelta(days=1))
            self._known = (begin, end, day.isoformat())
        return self._known

    def _midnight(self, day: date) -> float:
        return datetime(day.year, day.month, day.day, tzinfo=self._zone).timestamp()


class ShortDays:
    """Days of so many seconds, for a demonstration; the first begins at ``start``."""

    def __init__(self, seconds: float, start: float = 0.0) -> None:
        self._seconds = seconds
        self._start = start

    def name(self, wall: float) -> str:
        return f"day {math.floor((wall - self._start) / self._seconds) + 1}"

    def end(self, wall: float) -> float:
        return self._start + (math.floor((wall - self._start) / self._seconds) + 1) * self._seconds


def days_of(quota: OfflineQuotas | None) -> QuotaDays:
    """The days of a run: those of a demonstration if it has a made-up quota."""
    return PacificDays() if quota is None else ShortDays(quota.day_seconds, quota.start)


def _pacific() -> tzinfo:
    try:
        return ZoneInfo("America/Los_Angeles")
    except ZoneInfoNotFoundError:
        return timezone(timedelta(hours=-8))
