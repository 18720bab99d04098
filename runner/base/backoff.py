"""Exponential backoff after transient failures, with an upper bound.

The wait doubles with each failure and is randomised ("full jitter",
https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

FIRST_WAIT, MAX_WAIT = 1.0, 30.0
"""The longest first wait, and the longest wait of all, in seconds."""
_DOUBLINGS = 5
"""After this many doublings :data:`MAX_WAIT` is reached."""


@dataclass(slots=True)
class Backoff:
    """Consecutive failures, and when the next attempt may start. Times are by the pool's clock."""

    count: int = 0
    """Consecutive failures; those of calls that ran at the same time count as one."""
    began: float = -inf
    """Time of the first of them."""
    since: float = -inf
    """Time of the last one."""
    until: float = -inf
    """When the next attempt may start."""
    reason: str = ""
    """Why the last one failed, in a few words."""

    def record_failure(
        self, started: float, asked: float, hint: float, reason: str, now: float, chance: float
    ) -> bool:
        """Records a failure; false if it belongs to one that has been counted.

        The wait ends at most :data:`MAX_WAIT` seconds after the start of the last call, not after
        the failure: a call that takes long to fail does not prolong it.

        Args:
            started: When the call began.
            asked: When the most recent call began, which can be another one.
            hint: Seconds that the service asks to wait.
            reason: Why it failed, in a few words.
            now: The time.
            chance: A random number from 0 to 1.
        """
        if self.count and started <= self.since:
            return False
        if not self.count:
            self.began = now
        self.count += 1
        self.since, self.reason = now, reason
        wait = min(MAX_WAIT, FIRST_WAIT * 2 ** min(self.count - 1, _DOUBLINGS)) * chance
        self.until = max(self.until, now + max(0.0, min(hint + wait, asked + MAX_WAIT - now)))
        return True
