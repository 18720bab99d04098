"""A model without capacity: it rests for every key, and is then tried with one call."""

from __future__ import annotations

from dataclasses import dataclass

FIRST, MOST, MOST_LONG = 1.0, 30.0, 300.0
"""Seconds of the first rest, of the longest, and of the longest once it has lasted long."""
LONG = 10
"""So many refusals in a row are a spell that lasts long."""
ONE_AT_A_TIME = 3
"""From so many refusals in a row on, one call is tried before the others."""


@dataclass(slots=True)
class ModelRest:
    """How a model fares; times are of the pool's clock. The waiting grows and is spread at random
    ("full jitter", https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
    """

    until: float = 0.0
    since: float = 0.0
    count: int = 0
    """Refusals in a row."""
    reason: str = ""
    probe: int = 0
    """The lease that is tried."""

    def refused(
        self, lease: int, started: float, retry_after: float, reason: str, now: float, chance: float
    ) -> bool:
        """Takes in a refusal; whether it is news: calls of the same moment are not."""
        if self.probe == lease:
            self.probe = 0
        if self.count and started <= self.since:
            return False
        self.count += 1
        self.since, self.reason = now, reason
        if self.count >= LONG:
            wait = MOST_LONG * (1 + chance) / 2
        else:
            wait = min(MOST, FIRST * 2 ** (self.count - 1)) * chance
        self.until = max(self.until, now + retry_after + wait)
        return True

    def answered(self, started: float) -> bool:
        """Takes in an answer; whether the spell is over with it."""
        if not self.count or started <= self.since:
            return False
        self.count, self.until, self.probe, self.reason = 0, 0.0, 0, ""
        return True

    def opens(self, now: float, soon: float) -> float:
        """When a call may start; ``soon`` while the one that is tried is under way."""
        if self.until > now:
            return self.until
        return soon if self.probe else now

    def start(self, lease: int) -> None:
        """A call starts."""
        if self.count >= ONE_AT_A_TIME:
            self.probe = lease
