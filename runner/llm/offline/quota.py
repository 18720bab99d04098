"""The quotas of the offline model, enforced like those of Gemini; for demonstrations."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable

from assemblyzero_tui.runner.llm.provider import CallError
from assemblyzero_tui.runner.model.call_outcomes import Outcome
from assemblyzero_tui.runner.model.quota_days import ShortDays
from assemblyzero_tui.runner.model.run_spec import OfflineQuotas

DAY_HINT = 40.0
"""Seconds that the service asks to wait for a daily quota: it gives no better hint."""
_PATIENCE = 10.0
"""Seconds to wait for another process that counts a call."""
_SCHEMA = "CREATE TABLE IF NOT EXISTS calls (key TEXT NOT NULL, at REAL NOT NULL)"


class QuotaCounter:
    """Counts the calls of all workers, and refuses calls like Gemini.

    Args:
        quota: The quotas.
        clock: Seconds since the epoch.
    """

    def __init__(self, quota: OfflineQuotas, clock: Callable[[], float] = time.time) -> None:
        self._quota = quota
        self._minute = 60.0 / quota.speed
        self._days = ShortDays(quota.day_seconds, quota.start)
        self._clock = clock

    def count(self, secret: str, model: str) -> None:
        """Counts a call.

        Raises:
            CallError: a quota is exhausted; the call is not counted.
        """
        now, quota = self._clock(), self._quota
        with contextlib.closing(
            sqlite3.connect(quota.database, timeout=_PATIENCE, isolation_level=None)
        ) as connection:
            connection.execute(_SCHEMA)
            connection.execute("BEGIN IMMEDIATE")
            rows = connection.execute("SELECT at FROM calls WHERE key = ?", (secret,))
            times = [at for (at,) in rows]
            today = self._days.name(now)
            if sum(self._days.name(at) == today for at in times) >= quota.per_day:
                raise self._refused(Outcome.DAY, "PerDay", quota.per_day, DAY_HINT, model)
            minute = sorted(at for at in times if at > now - self._minute)
            if len(minute) >= quota.per_minute:
                wait = (minute[-quota.per_minute] + self._minute - now) * quota.speed
                raise self._refused(Outcome.MINUTE, "PerMinute", quota.per_minute, wait, model)
            connection.execute("INSERT INTO calls VALUES (?, ?)", (secret, now))
            connection.execute("COMMIT")

    @staticmethod
    def _refused(outcome: Outcome, period: str, limit: int, wait: float, model: str) -> CallError:
        word = "per-minute" if outcome is Outcome.MINUTE else "daily"
        return CallError(
            outcome,
            f"the {word} quota for {model} is exhausted (HTTP 429)",
            http_status=429,
            reason="RESOURCE_EXHAUSTED",
            retry_after=wait,
            quotas={f"GenerateRequests{period}PerProjectPerModel-Demo": limit},
        )
