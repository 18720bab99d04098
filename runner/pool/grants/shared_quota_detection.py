"""Detects credentials that share a project nobody declared: by the way they are refused.

If two quotas are one, then whenever the service refuses a call of either, the calls of both in that
minute are as many as the limit; and whenever it accepts one, they are fewer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import inf

from assemblyzero_tui.runner.pool.grants.quota import GUARD, MINUTE, WINDOW, Quota

PROOF = 4
"""How many refusals must fit before two quotas are taken for one."""
APART = 10.0
"""Seconds between two refusals that count as two: several at one moment prove no more than one."""
FRESH = 5 * WINDOW
"""Seconds after which a refusal proves nothing."""


@dataclass(slots=True)
class _Suspicion:
    fitting: list[tuple[float, str]] = field(default_factory=list)
    """Refusals that fit: when, and of which quota."""
    refuted: float = -inf
    """When the last contradiction happened."""

    def fits(self, started: float, name: str) -> None:
        """Records a refusal that fits."""
        self.fitting = [(at, who) for at, who in self.fitting if at > started - FRESH]
        if all(abs(started - at) >= APART for at, who in self.fitting if who == name):
            self.fitting.append((started, name))

    def contradicts(self, started: float) -> None:
        """Records a contradiction."""
        self.fitting.clear()
        self.refuted = max(self.refuted, started)

    @property
    def proved(self) -> bool:
        """Whether enough refusals of both fit."""
        return len(self.fitting) >= PROOF and len({who for _, who in self.fitting}) == 2


class SharedQuotaDetector:
    """Weighs for each pair of quotas of a model whether they are one."""

    def __init__(self) -> None:
        self._pairs: dict[tuple[str, str, str], _Suspicion] = {}

    def record_refusal(self, quota: Quota, others: Sequence[Quota], started: float) -> Quota | None:
        """Records a refusal that the quota's own count does not explain.

        Returns:
            The quota that it is one with, if that is as good as proved: enough refusals fit, and
            since the first of them every other pair with one of the two was refuted.
        """
        limit = quota.per_minute
        if limit is None:
            return None
        had = quota.accepted(started, then=True, seconds=MINUTE + GUARD)
        for other in others:
            theirs = other.accepted(started, then=True, seconds=MINUTE + GUARD)
            if had + theirs < limit:
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
        had = quota.accepted(started, seconds=MINUTE - GUARD)
        for other in others:
            if had + other.accepted(started, seconds=MINUTE - GUARD) >= limit:
                self._pair(quota, other).contradicts(started)

    def _pair(self, one: Quota, other: Quota) -> _Suspicion:
        first, second = sorted((one.name, other.name))
        return self._pairs.setdefault((one.model, first, second), _Suspicion())
