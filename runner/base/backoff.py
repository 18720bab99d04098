"""Waiting after a failure that passes by itself: longer each time, at random, and never for long.

The waiting doubles and is spread at random ("full jitter",
https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

FIRST, MOST = 1.0, 30.0
"""Seconds of the first wait, at most, and of every later one."""
_DOUBLINGS = 5
"""After so many, :data:`MOST` is reached."""


@dataclass(slots=True)
class Backoff:
    """Failures in a row, and until when they are waited out. Times are of the pool's clock."""

    count: int = 0
    """Failures in a row; those of calls that were under way together count as one."""
    began: float = -inf
    """When the first of them came."""
    since: float = -inf
    """When the last one came."""
    until: float = -inf
    reason: str = ""
    """The last one, in a few words."""

    def failed(
        self, started: float, asked: float, hint: float, reason: str, now: float, chance: float
    ) -> bool:
        """Takes in a failure; whether it is news.

        What is waited is bounded by :data:`MOST` seconds from the last question on, and not from
        the failure: an answer that takes long to fail must not add to the silence.

        Args:
            started: When the call began.
            asked: When the last call began, which may be another one.
            hint: Seconds that the service asks to wait.
            reason: In a few words.
            now: The time.
            chance: A random number from 0 to 1.
        """
        if self.count and started <= self.since:
            return False
        if not self.count:
            self.began = now
        self.count += 1
        self.since, self.reason = now, reason
        wait = min(MOST, FIRST * 2 ** min(self.count - 1, _DOUBLINGS)) * chance
        self.until = max(self.until, now + max(0.0, min(hint + wait, asked + MOST - now)))
        return True
