"""A quota: what one project may do with one model, what it has done, and what it was told.

Whoever counts his own starts needs no refusal to know that a quota is used up. The service counts
starts in a minute that slides; they are counted here in a window one second longer, as a request
takes now longer, now shorter to arrive.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf

MINUTE = 60.0
GUARD = 1.0
"""Seconds by which the way of one request may be longer than that of another."""
WINDOW = MINUTE + GUARD
MEMORY = 3 * WINDOW
"""Seconds for which starts are remembered."""
DAYS = 3
"""Days of which starts are remembered."""
BURST = 2
"""So many calls may start at once; the others are spread evenly over the minute."""
LEAST = 1.0
"""Starts a minute that a quota is held to at least."""
CUT_MOST, CUT_LEAST = 0.4, 0.9
"""What is left of the rate, at least and at most, after a refusal that the count does not
explain."""
GROWTH = 1.0 / MINUTE
"""By how many starts a minute a rate that was cut grows each second."""


class QuotaState(StrEnum):
    """Whether calls may start."""

    READY = "open"
    COOLING = "cooling"
    """Refused for the minute: closed until it has some quota again."""
    PROBING = "probing"
    """One call may start; how it ends decides."""
    EXHAUSTED = "exhausted"
    """Refused for the day: closed until the day ends."""
    NO_TIER = "no_tier"
    """There is no quota at all for this model."""


@dataclass(frozen=True, slots=True)
class QuotaDay:
    """The service's day, for a moment."""

    name: str
    ends: float
    """By the pool's clock."""


@dataclass(slots=True)
class Quota:
    """One project and one model. All times are of the pool's clock."""

    name: str
    model: str
    per_minute: int | None = None
    """Starts a minute, ``None`` while that is not known."""
    per_day: int | None = None
    learned: bool = False
    """A limit was told by a refusal and not by the user."""
    state: QuotaState = QuotaState.READY
    since: float = 0.0
    until: float = 0.0
    reason: str = ""
    careful: bool = False
    """After the rest one call is tried before the others."""
    refusals: int = 0
    """In a row."""
    refused_at: float = -inf
    """When a call was refused last."""
    days: dict[str, int] = field(default_factory=dict)
    """Starts of the newest days, by the day's name."""
    struck: str = ""
    """The day whose quota was said to be used up although the count did not agree."""
    waived: str = ""
    """The day on which the count of the day is not believed: the user wants to try."""
    cap: float = inf
    """Starts a minute it is held to since :attr:`cap_since`, whatever its limit is."""
    cap_since: float = 0.0
    probe: int = 0
    """The lease that is the probe."""
    paced: float = -inf
    """When the next call is due if calls are spread evenly (``TAT`` in the generic cell rate
    algorithm)."""
    starts: list[float] = field(default_factory=list)
    """When calls started, the oldest first."""
    refused: list[float] = field(default_factory=list)
    """Those of them that were refused."""

    def count(self, now: float, seconds: float = WINDOW) -> int:
        """Starts in the last so many seconds."""
        return len(self.starts) - self._gone(now, seconds)

    def oldest_leaves_at(self, now: float) -> float:
        """When the oldest start leaves the window; now if none is in it."""
        first = self._gone(now, WINDOW)
        return self.starts[first] + WINDOW if first < len(self.starts) else now

    def _gone(self, now: float, seconds: float) -> int:
        """Starts that are at least so many seconds ago, whichever way the sum is rounded."""
        gone = bisect_right(self.starts, now - seconds)
        while gone < len(self.starts) and self.starts[gone] + seconds <= now:
            gone += 1
        return gone

    def accepted(self, before: float, *, then: bool = False, seconds: float = MINUTE) -> int:
        """Calls before a moment that the service counts: those not refused.

        Args:
            before: The moment.
            then: Also those of the very moment: which of them came first, nobody knows.
            seconds: Of so long before it.
        """
        up_to = bisect_right if then else bisect_left
        started, refused = (
            up_to(times, before) - bisect_right(times, before - seconds)
            for times in (self.starts, self.refused)
        )
        return started - refused

    def rate(self, now: float) -> float:
        """Starts a minute that it is held to now; infinite where nothing is known."""
        limit = inf if self.per_minute is None else float(self.per_minute)
        if self.cap == inf:
            return limit
        grown = self.cap + max(0.0, now - self.cap_since) * GROWTH
        return min(limit, grown)

    def used_today(self, today: QuotaDay) -> int:
        """Starts of this day."""
        return self.days.get(today.name, 0)

    def update(self, now: float, today: QuotaDay) -> bool:
        """Opens the door when its time has come; whether that changed anything."""
        reopened = self.state in (QuotaState.COOLING, QuotaState.EXHAUSTED) and self.until <= now
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
        if self.state in (QuotaState.COOLING, QuotaState.EXHAUSTED):
            return max(now, self.until)
        if self.probe:
            return now + GUARD
        return max(now, self._window_available_at(now), self._pace_available_at(now))

    def full(self, now: float) -> bool:
        """Whether the minute has no room, so that a call would be refused."""
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
        """As a token bucket has it: ``BURST`` tokens, and a new one every ``WINDOW / rate``."""
        rate = self.rate(now)
        return now if rate == inf else self.paced - (BURST - 1) * WINDOW / max(LEAST, rate)

    def start(self, now: float, lease: int, today: QuotaDay) -> None:
        """Counts a call that starts now."""
        if self.state is QuotaState.PROBING:
            self.probe = lease
        self.record_start(now, today.name)

    def record_start(self, moment: float, day: str) -> None:
        """Counts a start, of another engine maybe."""
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
        """Spreads the next calls by the starts that are known, as after they were read."""
        self.paced = -inf
        for moment in self.starts[-2 * BURST :]:
            if (rate := self.rate(moment)) != inf:
                self.paced = max(self.paced, moment) + WINDOW / max(LEAST, rate)

    def refund(self, moment: float, day: str) -> None:
        """Takes back a start whose request never left this machine."""
        if moment in self.starts:
            self.starts.remove(moment)
        if self.days.get(day):
            self.days[day] -= 1

    def suspend(self, state: QuotaState, until: float, reason: str, now: float) -> bool:
        """Closes the door; an end that is known only moves away. Whether that says anything new."""
        same = self.state is state
        if state is not QuotaState.NO_TIER:
            until = max(until, self.until)
        if (same and until <= self.until + GUARD) or self.state is QuotaState.NO_TIER:
            return False
        if self.state is QuotaState.EXHAUSTED and state is QuotaState.COOLING:
            return False
        self.since = self.since if same else now
        self.state, self.until, self.reason, self.probe = state, until, reason, 0
        return True

    def slow_down(self, now: float, started: float, chance: float) -> None:
        """Holds it to less than it did when it was refused, once for all calls of one moment.

        By how much is left to chance, so that quotas that fare alike do not go on alike: it would
        hide which of them are one.
        """
        if self.cap_since > started:
            return
        done = min(max(LEAST, float(self.count(now, MINUTE) - 1)), self.rate(now))
        cut = CUT_MOST + (CUT_LEAST - CUT_MOST) * chance
        self.cap, self.cap_since = max(LEAST, done * cut), now

    def record_answer(self, lease: int) -> bool:
        """A call was not refused; whether that opens the door."""
        self.refusals = 0
        if self.state is not QuotaState.PROBING or lease != self.probe:
            return False
        self.state, self.probe, self.reason = QuotaState.READY, 0, ""
        self.struck = ""
        return True

    def forget(self, today: str) -> None:
        """Forgets what it was told and how often it was used today, as the user wishes."""
        if self.learned:
            self.per_minute = self.per_day = None
        self.learned, self.careful, self.cap, self.refusals = False, False, inf, 0
        self.days.pop(today, None)

    def absorb(self, other: Quota) -> None:
        """Takes in another quota that turned out to be this one."""
        self.starts = sorted(self.starts + other.starts)
        self.paced = max(self.paced, other.paced)
        self.refused = sorted(self.refused + other.refused)
        for day, count in other.days.items():
            self.days[day] = self.days.get(day, 0) + count
        for name in ("per_minute", "per_day"):
            limits = [v for v in (getattr(self, name), getattr(other, name)) if v is not None]
            setattr(self, name, min(limits, default=None))
        self.learned = self.learned or other.learned
        self.cap, self.refused_at = inf, max(self.refused_at, other.refused_at)
        if other.state is QuotaState.NO_TIER:
            self.suspend(other.state, 0.0, other.reason, other.since)
        elif self.state is not QuotaState.NO_TIER and other.until > self.until:
            self.state, self.until, self.reason = other.state, other.until, other.reason
            self.since, self.careful = other.since, self.careful or other.careful
