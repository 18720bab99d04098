"""The tokens that a project may send to a model in a minute, and those it has sent.

The service counts the tokens of each request in a sliding minute, as it counts requests. A call
reserves what it is expected to need; when it ends, that is replaced by what it really used.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf

from assemblyzero_tui.runner.pool.grants.tokens.need import WEIGHT, Need

CHOICE = 2.5
"""How many times as many calls as tokens allow should be wanted: calls of several sizes fill a
minute better when there are some to choose from."""
APART = 1.0
"""Seconds between two starts while the limit is unknown: the first refusal tells it, and the fewer
calls are on their way by then, the fewer are refused."""


@dataclass(slots=True)
class TokenQuota:
    """Tokens of one quota. All times are by the pool's clock.

    Moments identify starts: what several engines write about the start of one moment adds up.
    """

    window: float
    """Seconds for which tokens count."""
    per_minute: int | None = None
    """Tokens per minute, given by the user or told by a refusal."""
    learned: bool = False
    """The limit comes from a refusal, not from the user."""
    presumed: int | None = None
    """The limit that a refusal told for another credential; it holds until this one's is known."""
    proven: int = 0
    """The most tokens within one minute that were accepted while the limit was unknown."""
    held_from: int = 0
    """Calls with at least so many tokens wait until :attr:`held_until`, as one was refused that
    should have fitted."""
    held_until: float = -inf
    total: int = 0
    """Of all counted starts."""
    usual: float = 0.0
    """Tokens of a call, on average of the last ones of this engine."""
    _moments: list[float] = field(default_factory=list)
    _tokens: dict[float, int] = field(default_factory=dict)
    _last: float = -inf

    @property
    def limit(self) -> int | None:
        """The limit to go by, presumed ones included."""
        return self.presumed if self.per_minute is None else self.per_minute

    # Counting

    def add(self, moment: float, tokens: int, now: float) -> None:
        """Counts tokens of a start; a negative number takes some back."""
        if not tokens or moment + self.window <= now:
            return
        if moment not in self._tokens:
            insort(self._moments, moment)
            self._tokens[moment] = 0
        before = self._tokens[moment]
        self._tokens[moment] = max(0, before + tokens)
        self.total += self._tokens[moment] - before
        self._last = max(self._last, moment)

    def record_size(self, tokens: int) -> None:
        """Records the tokens of a call that starts."""
        if tokens:
            self.usual += (tokens - self.usual) * (WEIGHT if self.usual else 1.0)

    def used(self, now: float) -> int:
        """Tokens that count now."""
        self._forget_old(now)
        return self.total

    @property
    def rate(self) -> float:
        """The calls per minute that tokens allow, by their usual size; infinite if unknown."""
        return inf if self.limit is None or not self.usual else self.limit / self.usual

    def expiries(self, now: float) -> Iterator[tuple[float, int]]:
        """When the tokens of each start cease to count, the soonest first, and how many."""
        self._forget_old(now)
        for moment in self._moments:
            yield moment + self.window, self._tokens[moment]

    def moments(self) -> Counter[float]:
        """The tokens of each start."""
        return Counter(self._tokens)

    def _forget_old(self, now: float) -> None:
        gone = bisect_right(self._moments, now - self.window)
        while gone < len(self._moments) and self._moments[gone] + self.window <= now:
            gone += 1
        for moment in self._moments[:gone]:
            self.total -= self._tokens.pop(moment)
        del self._moments[:gone]

    # Deciding

    def fits(self, need: Need, now: float) -> bool:
        """Whether a call may start now."""
        return self.fits_at(need, now) <= now

    def fits_at(self, need: Need, now: float) -> float:
        """When a call may start if no other one does before: now, later, or never."""
        if not need.tokens:
            return now
        limit = self.limit
        held = self.held_until if self.holds(need, now) else now
        if limit is None:
            if self.used(now) + need.reserve <= self.proven:
                return held
            return max(held, self._last + APART)
        if self.never_fits(need):
            return inf
        over = self.used(now) + min(need.reserve, limit) - limit
        if over <= 0:
            return held
        for moment, tokens in self.expiries(now):
            if over <= 0:
                break
            over -= tokens
            held = max(held, moment)
        return held

    def holds(self, need: Need, now: float) -> bool:
        """Whether a call waits because one of this size was refused that should have fitted."""
        return self.held_until > now and need.tokens >= self.held_from

    def never_fits(self, need: Need) -> bool:
        """Whether a call surely has more tokens than the whole minute; never by presumption."""
        return self.per_minute is not None and need.least > self.per_minute

    def may_not_fit(self, need: Need) -> bool:
        """Whether a call may have more tokens than the whole minute."""
        return self.limit is not None and need.reserve > self.limit

    def share(self, need: Need) -> int:
        """What a call reserves: at most the whole minute, so that it waits for an empty one."""
        return need.reserve if self.limit is None else min(need.reserve, self.limit)

    def leaves_room(self, need: Need, now: float, later: Need, then: float) -> bool:
        """Whether a call that starts now leaves another one its place at a later moment."""
        if self.limit is None or then >= now + self.window:
            return True
        staying = sum(tokens for moment, tokens in self.expiries(now) if moment > then)
        return staying + self.share(need) + self.share(later) <= self.limit

    # Learning

    def learn(self, limit: int, given: int | None) -> None:
        """Takes the limit that a refusal told; a lower one of the user's stays."""
        limit = limit if given is None else min(limit, given)
        if limit != self.per_minute:
            self.per_minute, self.learned = limit, True

    def presume(self, limit: int) -> None:
        """Takes the limit that a refusal told for another credential, unless more was accepted."""
        if self.per_minute is None:
            self.presumed = limit if limit >= self.proven else None

    def accepted(self, started: float, now: float) -> None:
        """Records that a call was accepted: what counted when it started is within the limit."""
        if self.per_minute is None and self.used(now) > self.proven:
            until_then = sum(self._tokens[at] for at in self._moments if at <= started)
            self.proven = max(self.proven, until_then)

    def hold(self, tokens: int, until: float, now: float) -> None:
        """Has calls of this size and above wait."""
        active = self.held_until > now
        self.held_from = min(tokens, self.held_from) if active else tokens
        self.held_until = max(until, self.held_until)

    def forget(self) -> None:
        """Forgets what refusals told, as the user asks."""
        if self.learned:
            self.per_minute = None
        self.learned, self.presumed, self.proven = False, None, 0
        self.held_until = -inf

    def absorb(self, other: TokenQuota) -> None:
        """Merges another quota that turned out to be this one."""
        for moment, tokens in other.moments().items():
            self.add(moment, tokens, moment)
        limits = [each for each in (self.per_minute, other.per_minute) if each is not None]
        self.per_minute = min(limits, default=None)
        self.learned = self.learned or other.learned
        if other.held_until > self.held_until:
            self.held_from, self.held_until = other.held_from, other.held_until
