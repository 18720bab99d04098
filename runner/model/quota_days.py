"""The service's day: daily quotas end at midnight in California."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta, timezone, tzinfo
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from assemblyzero_tui.runner.model.run_spec import OfflineQuotas


class QuotaDays(Protocol):
    """A calendar of the service's days."""

    def name(self, wall: float) -> str:
        """The name of the day of a time, in seconds since the epoch."""

    def end(self, wall: float) -> float:
        """When that day ends, in seconds since the epoch."""


class PacificDays:
    """The days of Gemini's quotas (https://ai.google.dev/gemini-api/docs/rate-limits).

    Days of 23 and of 25 hours are handled.
    """

    def __init__(self) -> None:
        self._zone = _pacific()
        self._newest = (0.0, 0.0, "")
        """Begin, end and name of the day that was last computed: every call needs it."""

    def name(self, wall: float) -> str:
        return self._day(wall)[2]

    def end(self, wall: float) -> float:
        return self._day(wall)[1]

    def _day(self, wall: float) -> tuple[float, float, str]:
        if not self._newest[0] <= wall < self._newest[1]:
            day = datetime.fromtimestamp(wall, self._zone).date()
            begin, end = self._midnight(day), self._midnight(day + timedelta(days=1))
            self._newest = (begin, end, day.isoformat())
        return self._newest

    def _midnight(self, day: date) -> float:
        return datetime(day.year, day.month, day.day, tzinfo=self._zone).timestamp()


class ShortDays:
    """Days of another length in seconds, for a demonstration; the first begins at ``start``."""

    def __init__(self, seconds: float, start: float = 0.0) -> None:
        self._seconds = seconds
        self._start = start

    def name(self, wall: float) -> str:
        return f"day {math.floor((wall - self._start) / self._seconds) + 1}"

    def end(self, wall: float) -> float:
        return self._start + (math.floor((wall - self._start) / self._seconds) + 1) * self._seconds


def days_of(quota: OfflineQuotas | None) -> QuotaDays:
    """The days of a run: short ones if it has the quotas of a demonstration."""
    return PacificDays() if quota is None else ShortDays(quota.day_seconds, quota.start)


def _pacific() -> tzinfo:
    try:
        return ZoneInfo("America/Los_Angeles")
    except ZoneInfoNotFoundError:
        return timezone(timedelta(hours=-8))
