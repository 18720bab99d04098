"""How the pool as a whole stands, and its figures, for the faces."""

from __future__ import annotations

from collections import deque
from math import inf
from typing import TYPE_CHECKING, Literal

from assemblyzero_tui.runner.model.events import PoolChanged, QuotaCounted
from assemblyzero_tui.runner.pool.grants.quota import GUARD, Quota, QuotaDay
from assemblyzero_tui.runner.pool.grants.reasons import why_closed

if TYPE_CHECKING:
    from assemblyzero_tui.runner.pool.grants.pool import Pool

PARK_AFTER = 90.0
"""Seconds: who would have to wait longer saves and leaves instead."""
TOGETHER = 2.0
"""Seconds within which refusals of several quotas are one."""
SEVERAL = 3
"""So many of them are several."""
THROTTLE = 5.0
"""Seconds for which nobody calls then, at least; at most :data:`THROTTLE_MOST`."""
THROTTLE_MOST = 60.0
TELL_EVERY = 1.0
"""Seconds between two looks at the figures, at least."""

PoolState = Literal["open", "low", "throttled", "paused"]


class PoolStatus:
    """Watches a pool and tells what changes."""

    def __init__(self, pool: Pool, most: int) -> None:
        self.most = most
        """How many workflows the user wants at work."""
        self.throttled_until = -inf
        self._pool = pool
        self._parked: dict[str, float] = {}
        """Models for which somebody was sent away, and when they open again."""
        self._surprises: deque[tuple[float, str]] = deque()
        self._said: tuple[object, ...] = ("open", None, 0, "", False)
        self._figures: dict[tuple[str, str], tuple[object, ...]] = {}
        self._told = -inf

    def surprised(self, group: Quota, retry_after: float, now: float) -> None:
        """A quota was refused although its count allowed it."""
        self._surprises.append((now, group.name))
        while self._surprises[0][0] < now - TOGETHER:
            self._surprises.popleft()
        if len({name for _, name in self._surprises}) >= SEVERAL:
            wait = min(THROTTLE_MOST, max(THROTTLE, retry_after))
            self.throttled_until = max(self.throttled_until, now + wait)

    def park(self, model: str, opens: float) -> None:
        """Somebody was sent away, as this model opens only then."""
        self._parked[model] = opens

    def try_now(self) -> None:
        """Goes on whatever the time."""
        self._parked.clear()
        self.throttled_until = -inf

    def tell_at_once(self) -> None:
        """Figures are told at the next look, however short ago they were told before."""
        self._told = -inf

    @property
    def paused(self) -> bool:
        """Whether nothing new should be started."""
        return bool(self._parked)

    def judge(self, now: float, today: QuotaDay) -> None:
        """Tells what has changed."""
        self._look_at_the_parked(now)
        slots = self._pool.slots.follow(self._rates(now), now)
        bound = slots if slots is not None and slots < self.most else 0
        state: PoolState = "open"
        until, reason = inf, ""
        if self._parked:
            state = "paused"
            model, until = min(self._parked.items(), key=lambda each: each[1])
            reason = why_closed(self._pool, model, now)
        elif self.throttled_until > now:
            state, until = "throttled", self.throttled_until
            reason = "the service refuses several keys at once"
        elif bound:
            state, reason = "low", "quota"
        shown = None if until == inf else self._pool.clock.wall_at(until)
        off = any(key.disabled for key in self._pool.keys.values())
        stuck = state == "paused" and until == inf and not off
        said = (state, None if shown is None else round(shown), bound, reason, stuck)
        if said != self._said:
            self._said = said
            self._pool.tell(
                PoolChanged(state=state, until=shown, slots=bound, reason=reason, stuck=stuck)
            )
        if now >= self._told + TELL_EVERY:
            self._tell_figures(now, today)

    def _look_at_the_parked(self, now: float) -> None:
        for model, was in list(self._parked.items()):
            opens = self._pool.opens(model, now)
            sooner = opens < was - GUARD and opens - now <= PARK_AFTER
            if opens <= now or sooner:
                self._parked.clear()
                return
            self._parked[model] = opens

    def _rates(self, now: float) -> dict[str, float]:
        rates: dict[str, float] = {}
        quotas = {self._pool.canonical(k.quota) for k in self._pool.keys.values() if k.usable}
        for (name, model), group in self._pool.groups.items():
            if name in quotas and group.opens(now) - now <= PARK_AFTER:
                rates[model] = rates.get(model, 0.0) + group.rate(now)
        return rates

    def _tell_figures(self, now: float, today: QuotaDay) -> None:
        for place, group in self._pool.groups.items():
            figures = (
                group.count(now), group.per_minute, group.used_today(today), group.per_day,
                group.learned,
            )  # fmt: skip
            if figures != self._figures.get(place, (0, None, 0, None, False)):
                self._figures[place] = figures
                self._told = now
                self._pool.tell(
                    QuotaCounted(
                        quota=group.name,
                        model=group.model,
                        minute=figures[0],
                        per_minute=group.per_minute,
                        day=figures[2],
                        per_day=group.per_day,
                        learned=group.learned,
                    )
                )

    def times(self, now: float) -> list[float]:
        """When there will be something to tell, if nothing else happens."""
        times = list(self._parked.values())
        if self.throttled_until > now:
            times.append(self.throttled_until)
        if self._pool.slots.waits:
            times.append(now + TELL_EVERY)
        for place, figures in self._figures.items():
            if figures[0] and (group := self._pool.groups.get(place)) is not None:
                times.append(max(group.forgets(now), self._told + TELL_EVERY))
        return times
