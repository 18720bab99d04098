"""Detects credentials that share an undeclared project by their refusals.

If two quotas are the same, then whenever the service refuses a call of either, the calls of both in
that minute reach the limit; and whenever it accepts one, they are below it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import inf

from assemblyzero_tui.runner.pool.grants.quota import GUARD, MINUTE, WINDOW, Quota

PROOF = 4
"""Fitting refusals after which two quotas are treated as one."""
APART = 10.0
"""The fewest seconds between two refusals that count as two: simultaneous ones count as one."""
FRESH = 5 * WINDOW
"""Seconds after which a refusal proves nothing."""


@dataclass(slots=True)
class _Suspicion:
    fitting: list[tuple[float, str]] = field(default_factory=list)
    """Fitting refusals: their times and the names of their quotas."""
    refuted: float = -inf
    """When the last contradiction happened."""

    def fits(self, started: float, name: str) -> None:
        """Records a refusal that fits."""
        self.fitting = [(at, quota) for at, quota in self.fitting if at > started - FRESH]
        if all(abs(started - at) >= APART for at, quota in self.fitting if quota == name):
            self.fitting.append((started, name))

    def contradicts(self, started: float) -> None:
        """Records a contradiction."""
        self.fitting.clear()
        self.refuted = max(self.refuted, started)

    @property
    def proved(self) -> bool:
        """Whether enough refusals of both fit."""
        return len(self.fitting) >= PROOF and len({quota for _, quota in self.fitting}) == 2


class SharedQuotaDetector:
    """Decides for each pair of quotas of a model whether they are the same."""

    def __init__(self) -> None:
        self._pairs: dict[tuple[str, str, str], _Suspicion] = {}

    def record_refusal(self, quota: Quota, others: Sequence[Quota], started: float) -> Quota | None:
        """Records a refusal that the quota's own count does not explain.

        Returns:
            The quota that is the same, if that is practically proved: enough refusals fit, and
            since the first of them every other pair with one of the two was refuted.
        """
        limit = quota.per_minute
        if limit is None:
            return None
        own = quota.accepted(started, then=True, seconds=MINUTE + GUARD)
        for other in others:
            theirs = other.accepted(started, then=True, seconds=MINUTE + GUARD)
            if own + theirs < limit:
                self._pair(quota, other).contradicts(started)
            else:
                self._pair(quota, other).fits(started, quota.name)
        return next((other for other in others if self._proved(quota, other, others)), None)

    def _proved(self, quota: Quota, other: Quota, others: Sequence[Quota]) -> bool:
        pair = self._pair(quota, other)
        if not pair.proved:
            return False
        since = pair.fitting[0][0]
        rivals = [
            self._pair(one, third)
            for third in others
            if third is not other
            for one in (quota, other)
        ]
        return all(rival.refuted >= since for rival in rivals)

    def record_acceptance(self, quota: Quota, others: Iterable[Quota], started: float) -> None:
        """Records a call that was not refused."""
        limit = quota.per_minute
        if limit is None:
            return
        own = quota.accepted(started, seconds=MINUTE - GUARD)
        for other in others:
            if own + other.accepted(started, seconds=MINUTE - GUARD) >= limit:
                self._pair(quota, other).contradicts(started)

    def _pair(self, one: Quota, other: Quota) -> _Suspicion:
        first, second = sorted((one.name, other.name))
        return self._pairs.setdefault((one.model, first, second), _Suspicion())
