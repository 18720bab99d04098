"""A quota: the calls that one project may make to one model, and those that it has made.

The number of starts shows without a refusal when a quota is exhausted. The service counts starts in
a sliding minute; the window here is one second longer, as the transit times of requests differ.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf

from assemblyzero_tui.runner.pool.grants.tokens.token_quota import TokenQuota

MINUTE = 60.0
GUARD = 1.0
"""Seconds by which the transit times of two requests can differ."""
WINDOW = MINUTE + GUARD
MEMORY = 3 * WINDOW
"""Seconds for which starts are remembered."""
DAYS = 3
"""Days for which starts are remembered."""
BURST = 2
"""Calls that may start at once; the others are spread evenly over the minute."""
LEAST = 1.0
"""The lowest rate, in starts per minute."""
CUT_MOST, CUT_LEAST = 0.4, 0.9
"""The lowest and the highest share of the rate that is kept after a refusal that the count does not
explain."""
GROWTH = 1.0 / MINUTE
"""Growth of a reduced rate per second, in starts per minute."""


class QuotaState(StrEnum):
    """Whether calls may start. The values are stored."""

    READY = "open"
    COOLING = "cooling"
    """Refused for the minute: no call until the cooldown ends."""
    PROBING = "probing"
    """One call may start; its outcome decides."""
    EXHAUSTED = "exhausted"
    """Refused for the day: no call until the day ends."""
    NO_TIER = "no_tier"
    """There is no quota for this model."""
    UNSERVED = "unserved"
    """The project does not get this model, for another reason than quota: no call until the
    cooldown ends. The next run calls it again at once."""


CLOSED = (QuotaState.COOLING, QuotaState.EXHAUSTED, QuotaState.UNSERVED)
"""States that end at a time."""


@dataclass(frozen=True, slots=True)
class QuotaDay:
    """The service's day at a moment."""

    name: str
    ends: float
    """By the pool's clock."""


@dataclass(slots=True)
class Quota:
    """The quota of one project for one model. All times are by the pool's clock."""

    name: str
    model: str
    per_minute: int | None = None
    """Starts per minute; ``None`` while the limit is unknown."""
    per_day: int | None = None
    learned: bool = False
    """A limit comes from a refusal, not from the user."""
    state: QuotaState = QuotaState.READY
    since: float = 0.0
    until: float = 0.0
    reason: str = ""
    careful: bool = False
    """After the cooldown one call is tried before the others."""
    refusals: int = 0
    """Consecutive refusals."""
    refused_at: float = -inf
    """When a call was last refused."""
    days: dict[str, int] = field(default_factory=dict)
    """Starts of the newest days, by the day's name."""
    struck: str = ""
    """The day reported as exhausted although the count did not confirm it."""
    waived: str = ""
    """The day on which the daily count is ignored, as requested by the user."""
    cap: float = inf
    """The reduced rate since :attr:`cap_since`, in starts per minute, regardless of the limit."""
    cap_since: float = 0.0
    unserved: str = ""
    """The outcome that keeps the project from the model; of the newest refusal of that kind."""
    words: str = ""
    """The service's own for it."""
    denials: int = 0
    """Such refusals in a row."""
    probe: int = 0
    """The lease of the probing call; 0 if none is under way."""
    paced: float = -inf
    """When the next call is due if calls are spread evenly (``TAT`` in the generic cell rate
    algorithm)."""
    starts: list[float] = field(default_factory=list)
    """When calls started, the oldest first."""
    refused: list[float] = field(default_factory=list)
    """The starts of refused calls."""
    tokens: TokenQuota = field(default_factory=lambda: TokenQuota(WINDOW))

    def count(self, now: float, seconds: float = WINDOW) -> int:
        """Counts the starts within the last seconds."""
        return len(self.starts) - self._gone(now, seconds)

    def oldest_leaves_at(self, now: float) -> float:
        """When the oldest start leaves the window; now if there is none."""
        first = self._gone(now, WINDOW)
        return self.starts[first] + WINDOW if first < len(self.starts) else now

    def _gone(self, now: float, seconds: float) -> int:
        """Counts the starts at least this many seconds ago, however the sum is rounded."""
        gone = bisect_right(self.starts, now - seconds)
        while gone < len(self.starts) and self.starts[gone] + seconds <= now:
            gone += 1
        return gone

    def accepted(self, before: float, *, then: bool = False, seconds: float = MINUTE) -> int:
        """Counts the calls that the service accepted before a moment.

        Args:
            before: The moment.
            then: Whether to include calls at that moment, whose order is unknown.
            seconds: The length of the period before it.
        """
        up_to = bisect_right if then else bisect_left
        started, refused = (
            up_to(times, before) - bisect_right(times, before - seconds)
            for times in (self.starts, self.refused)
        )
        return started - refused

    def rate(self, now: float) -> float:
        """The current limit of the rate, in starts per minute; infinite if unknown."""
        limit = inf if self.per_minute is None else float(self.per_minute)
        if self.cap == inf:
            return limit
        grown = self.cap + max(0.0, now - self.cap_since) * GROWTH
        return min(limit, grown)

    def used_today(self, today: QuotaDay) -> int:
        """Starts of this day."""
        return self.days.get(today.name, 0)

    def update(self, now: float, today: QuotaDay) -> bool:
        """Ends a cooldown that is over, and marks an exhausted day; returns whether it changed."""
        reopened = self.state in CLOSED and self.until <= now
        if reopened:
            self.state = QuotaState.PROBING if self.careful else QuotaState.READY
            self.since, self.until, self.probe = now, 0.0, 0
        if self.per_day is None or self.used_today(today) < self.per_day:
            return reopened
        if (
            self.state in (QuotaState.EXHAUSTED, QuotaState.NO_TIER)
            or self.probe
            or self.waived == today.name
        ):
            return reopened
        self.careful = True
        return (
            self.suspend(QuotaState.EXHAUSTED, today.ends, "daily quota exhausted", now) or reopened
        )

    def available_at(self, now: float) -> float:
        """When the next call may start: now, later, or never."""
        if self.state is QuotaState.NO_TIER:
            return inf
        if self.state in CLOSED:
            return max(now, self.until)
        if self.probe:
            return now + GUARD
        return max(now, self._window_available_at(now), self._pace_available_at(now))

    def full(self, now: float) -> bool:
        """Whether the minute is full and a call would be refused."""
        return self._window_available_at(now) > now

    def _window_available_at(self, now: float) -> float:
        rate = self.rate(now)
        if rate == inf:
            return now
        most = max(1, int(rate))
        if self.count(now) < most:
            return now
        return self.starts[-most] + WINDOW

    def _pace_available_at(self, now: float) -> float:
        """As in a token bucket: ``BURST`` tokens, and a new one every ``WINDOW / rate`` seconds.

        Where the tokens of the prompts run out before the requests, calls need not be spread.
        """
        rate = self.rate(now)
        return (
            now
            if rate == inf or self.tokens.rate < rate
            else self.paced - (BURST - 1) * WINDOW / max(LEAST, rate)
        )

    def start(self, now: float, lease: int, today: QuotaDay) -> None:
        """Counts a call that starts now."""
        if self.state is QuotaState.PROBING:
            self.probe = lease
        self.record_start(now, today.name)

    def record_start(self, moment: float, day: str) -> None:
        """Counts a start, possibly of another engine."""
        insort(self.starts, moment)
        if (rate := self.rate(moment)) != inf:
            self.paced = max(self.paced, moment) + WINDOW / max(LEAST, rate)
        self.days[day] = self.days.get(day, 0) + 1
        while len(self.days) > DAYS:
            del self.days[min(self.days)]
        del self.starts[: bisect_right(self.starts, self.starts[-1] - MEMORY)]
        if self.refused:
            del self.refused[: bisect_right(self.refused, self.starts[-1] - MEMORY)]

    def restart_pacing(self) -> None:
        """Computes the pacing again from the known starts, after they were read."""
        self.paced = -inf
        for moment in self.starts[-2 * BURST :]:
            if (rate := self.rate(moment)) != inf:
                self.paced = max(self.paced, moment) + WINDOW / max(LEAST, rate)

    def refund(self, moment: float, day: str) -> None:
        """Removes a start whose request never left this machine."""
        if moment in self.starts:
            self.starts.remove(moment)
        if self.days.get(day):
            self.days[day] -= 1

    def suspend(self, state: QuotaState, until: float, reason: str, now: float) -> bool:
        """Lets no call start until a time; a known end only moves later.

        Returns:
            Whether the quota changed.
        """
        same = self.state is state
        if state is not QuotaState.NO_TIER:
            until = max(until, self.until)
        if (same and until <= self.until + GUARD) or self.state is QuotaState.NO_TIER:
            return False
        if state is QuotaState.COOLING and self.state in CLOSED and not same:
            return False
        self.since = self.since if same else now
        self.state, self.until, self.reason, self.probe = state, until, reason, 0
        return True

    def slow_down(self, now: float, started: float, chance: float) -> None:
        """Reduces the rate below the refused one, once for all calls of one moment.

        The amount is random, so that quotas that were refused together do not continue in step,
        which would hide which of them are the same.
        """
        if self.cap_since > started:
            return
        rate = min(max(LEAST, float(self.count(now, MINUTE) - 1)), self.rate(now))
        cut = CUT_MOST + (CUT_LEAST - CUT_MOST) * chance
        self.cap, self.cap_since = max(LEAST, rate * cut), now

    def record_answer(self, lease: int) -> bool:
        """Records a call that was not refused; returns whether that ends the probing."""
        self.refusals = self.denials = 0
        if self.state is not QuotaState.PROBING or lease != self.probe:
            return False
        self.state, self.probe, self.reason = QuotaState.READY, 0, ""
        self.struck = ""
        return True

    def forget(self, today: str) -> None:
        """Forgets learned limits and today's count, as requested by the user."""
        if self.learned:
            self.per_minute = self.per_day = None
        self.learned, self.careful, self.cap, self.refusals = False, False, inf, 0
        self.days.pop(today, None)
        self.tokens.forget()

    def absorb(self, other: Quota) -> None:
        """Merges another quota that turned out to be the same."""
        self.starts = sorted(self.starts + other.starts)
        self.paced = max(self.paced, other.paced)
        self.refused = sorted(self.refused + other.refused)
        for day, count in other.days.items():
            self.days[day] = self.days.get(day, 0) + count
        for name in ("per_minute", "per_day"):
            limits = [v for v in (getattr(self, name), getattr(other, name)) if v is not None]
            setattr(self, name, min(limits, default=None))
        self.learned = self.learned or other.learned
        self.tokens.absorb(other.tokens)
        self.cap, self.refused_at = inf, max(self.refused_at, other.refused_at)
        if other.state is QuotaState.NO_TIER:
            self.suspend(other.state, 0.0, other.reason, other.since)
        elif self.state is not QuotaState.NO_TIER and other.until > self.until:
            self.state, self.until, self.reason = other.state, other.until, other.reason
            self.since, self.careful = other.since, self.careful or other.careful
