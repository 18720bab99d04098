"""The number of workflows that the quotas can feed at once.

By Little's law, it is the rate of calls times the time from one call of a workflow to its next one.
More workflows would only wait for each other, and each would take longer.
"""

from __future__ import annotations

from math import ceil

HEADROOM = 1.4
"""Factor on the result of the law, as calls are not spread evenly."""
RAISE_AFTER = 60.0
"""Seconds for which a higher number must hold before it is used."""
WEIGHT = 0.1
"""Weight of the newest call in the averages."""
ENOUGH = 3
"""The number of calls that must have ended before the averages count."""


class ConcurrencyLimit:
    """Follows calls and quotas. All times are seconds of the pool's clock."""

    def __init__(self) -> None:
        self._call = 0.0
        self._between = 0.0
        self._calls = 0
        self._gaps = 0
        self._ended: dict[str, float] = {}
        self._shares: dict[str, float] = {}
        """Share of the newest calls by model."""
        self._higher_since: float | None = None
        self.current: int | None = None
        """The limit; ``None`` while no limit is needed."""

    def record_request(self, item: str, now: float) -> None:
        """Records that a workflow requests a call."""
        if (ended := self._ended.pop(item, None)) is not None:
            self._gaps += 1
            self._between = _mean(self._between, now - ended, self._gaps)

    def record_call(self, item: str, model: str, seconds: float, now: float) -> None:
        """Records an answered call of a workflow."""
        self._calls += 1
        self._call = _mean(self._call, seconds, self._calls)
        self._ended[item] = now
        for each in self._shares:
            self._shares[each] *= 1 - WEIGHT
        self._shares[model] = self._shares.get(model, 0.0) + WEIGHT

    def forget(self, item: str) -> None:
        """Forgets a workflow whose process has ended."""
        self._ended.pop(item, None)

    @property
    def may_rise(self) -> bool:
        """Whether the limit may rise soon."""
        return self._higher_since is not None

    def update(self, rates: dict[str, float], now: float) -> int | None:
        """Updates the limit for these calls per minute of each model; infinite means no limit."""
        wanted = self._wanted(rates)
        if self.current is not None and (wanted is None or wanted > self.current):
            self._higher_since = now if self._higher_since is None else self._higher_since
            if now - self._higher_since < RAISE_AFTER:
                return self.current
        self._higher_since = None
        self.current = wanted
        return wanted

    def _wanted(self, rates: dict[str, float]) -> int | None:
        total = sum(self._shares.get(model, 0.0) for model in rates)
        if self._calls < ENOUGH or not total:
            return None
        rate = min(
            per_minute * total / self._shares[model]
            for model, per_minute in rates.items()
            if self._shares.get(model)
        )
        if rate == float("inf"):
            return None
        return max(1, ceil(rate / 60 * (self._call + self._between) * HEADROOM))


def _mean(mean: float, value: float, count: int) -> float:
    """An average in which the first values weigh the same, and later the newest a tenth."""
    return mean + (value - mean) * max(WEIGHT, 1 / count)
