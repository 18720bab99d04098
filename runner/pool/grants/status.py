"""The status of the pool as a whole, its figures, and how long a call may wait in its queue."""

from __future__ import annotations

from collections import deque
from math import inf
from typing import Literal

from assemblyzero_tui.runner.model.events import PoolChanged, QuotaCounted
from assemblyzero_tui.runner.pool.grants.concurrency_limit import ConcurrencyLimit
from assemblyzero_tui.runner.pool.grants.ledger import StepRecorder
from assemblyzero_tui.runner.pool.grants.quota import GUARD, Quota, QuotaDay
from assemblyzero_tui.runner.pool.grants.reasons import THROTTLED, why_unavailable
from assemblyzero_tui.runner.pool.grants.registry import Registry
from assemblyzero_tui.runner.pool.grants.tokens.token_quota import CHOICE

PARK_AFTER = 90.0
"""Seconds after which a request is denied instead of waiting longer."""
TOGETHER = 2.0
"""Seconds within which refusals of several quotas count as one event."""
SEVERAL = 3
"""Quotas that must be refused together to throttle the pool."""
THROTTLE = 5.0
"""The fewest seconds for which no call starts then; at most :data:`THROTTLE_MOST`."""
THROTTLE_MOST = 60.0
FIGURES_EVERY = 1.0
"""The fewest seconds between two reports of figures."""

PoolState = Literal["open", "low", "throttled", "paused"]


class PoolStatus:
    """Watches all quotas together and reports changes.

    Args:
        registry: The credentials and quotas.
        recorder: Records the events.
        limit: The number of workflows that the quotas can feed.
        most: The most workflows at work at once, by the user.
    """

    def __init__(
        self, registry: Registry, recorder: StepRecorder, limit: ConcurrencyLimit, most: int
    ) -> None:
        self.throttled_until = -inf
        self._registry = registry
        self._recorder = recorder
        self._limit = limit
        self._most = most
        self._parked: dict[str, float] = {}
        """Models for which a request was denied, and when they become available."""
        self._unexpected: deque[tuple[float, str]] = deque()
        """Times and quotas of refusals that the counts do not explain."""
        self._reported: tuple[object, ...] = ("open", None, 0, "", False)
        self._figures: dict[tuple[str, str], tuple[object, ...]] = {}
        self._figures_at = -inf

    def record_unexpected_refusal(self, quota: Quota, retry_after: float, now: float) -> None:
        """Records the refusal of a call that the count of its quota allowed."""
        self._unexpected.append((now, quota.name))
        while self._unexpected[0][0] < now - TOGETHER:
            self._unexpected.popleft()
        if len({name for _, name in self._unexpected}) >= SEVERAL:
            wait = min(THROTTLE_MOST, max(THROTTLE, retry_after))
            self.throttled_until = max(self.throttled_until, now + wait)

    def park(self, model: str, available: float) -> None:
        """Records a denied request, and when its model becomes available."""
        self._parked[model] = available

    def try_now(self) -> None:
        """Stops waiting, as requested by the user."""
        self._parked.clear()
        self.throttled_until = -inf

    def report_figures_now(self) -> None:
        """Makes the next update report figures, however recent the last ones are."""
        self._figures_at = -inf

    @property
    def paused(self) -> bool:
        """Whether nothing new should be started."""
        return bool(self._parked)

    def available_at(self, model: str, now: float) -> float:
        """When the quotas allow a call to a model: now, later, or never."""
        if not self._registry.credentials:
            return now
        return max(self._registry.available_at(model, now), self.throttled_until)

    def why_unavailable(self, model: str, now: float) -> str:
        """Why no credential can be used for a model, for humans."""
        if self.throttled_until > now:
            return THROTTLED
        return why_unavailable(self._registry, model, now)

    def update(self, now: float, today: QuotaDay) -> None:
        """Reports changes."""
        self._update_parked(now)
        slots = self._limit.update(self._rates(now), now)
        limit = slots if slots is not None and slots < self._most else 0
        state: PoolState = "open"
        until, reason = inf, ""
        if self._parked:
            state = "paused"
            model, until = min(self._parked.items(), key=lambda each: each[1])
            reason = self.why_unavailable(model, now)
        elif self.throttled_until > now:
            state, until, reason = "throttled", self.throttled_until, THROTTLED
        elif limit:
            state, reason = "low", "quota"
        wall = None if until == inf else self._registry.clock.wall_at(until)
        disabled = any(each.disabled for each in self._registry.credentials.values())
        stuck = state == "paused" and until == inf and not disabled
        report = (state, None if wall is None else round(wall), limit, reason, stuck)
        if report != self._reported:
            self._reported = report
            self._recorder.emit(
                PoolChanged(state=state, until=wall, slots=limit, reason=reason, stuck=stuck)
            )
        if now >= self._figures_at + FIGURES_EVERY:
            self._report_figures(now, today)

    def _update_parked(self, now: float) -> None:
        for model, before in list(self._parked.items()):
            available = self.available_at(model, now)
            sooner = available < before - GUARD and available - now <= PARK_AFTER
            if available <= now or sooner:
                self._parked.clear()
                return
            self._parked[model] = available

    def _rates(self, now: float) -> dict[str, float]:
        """Calls per minute of each model that the quotas allow now."""
        registry = self._registry
        rates: dict[str, float] = {}
        usable = {registry.canonical(c.quota) for c in registry.credentials.values() if c.usable}
        for (name, model), quota in registry.quotas.items():
            if name in usable and quota.available_at(now) - now <= PARK_AFTER:
                rate = min(quota.rate(now), quota.tokens.rate * CHOICE)
                rates[model] = rates.get(model, 0.0) + rate
        return rates

    def _report_figures(self, now: float, today: QuotaDay) -> None:
        for place, quota in self._registry.quotas.items():
            figures = (
                quota.count(now), quota.per_minute, quota.used_today(today), quota.per_day,
                quota.learned, quota.tokens.used(now) if quota.tokens.per_minute else 0,
                quota.tokens.per_minute, quota.tokens.learned,
            )  # fmt: skip
            if figures != self._figures.get(place, (0, None, 0, None, False, 0, None, False)):
                self._figures[place] = figures
                self._figures_at = now
                self._recorder.emit(
                    QuotaCounted(
                        quota=quota.name,
                        model=quota.model,
                        minute=figures[0],
                        per_minute=quota.per_minute,
                        day=figures[2],
                        per_day=quota.per_day,
                        learned=quota.learned,
                        tokens=figures[5],
                        tokens_per_minute=quota.tokens.per_minute,
                        tokens_learned=quota.tokens.learned,
                    )
                )

    def wake_times(self, now: float) -> list[float]:
        """The times at which there will be something to report, even without a message."""
        times = list(self._parked.values())
        if self.throttled_until > now:
            times.append(self.throttled_until)
        if self._limit.may_rise:
            times.append(now + FIGURES_EVERY)
        for place, figures in self._figures.items():
            if figures[0] and (quota := self._registry.quotas.get(place)) is not None:
                times.append(max(quota.oldest_leaves_at(now), self._figures_at + FIGURES_EVERY))
        return times
