"""A model that is not answering: it cools down for every credential, and is tried with one call."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf

from assemblyzero_tui.runner.base.backoff import MOST, Backoff

ONE_AT_A_TIME = 3
"""From so many failures in a row on, one call is tried before the others."""


@dataclass(slots=True)
class ModelBackoff(Backoff):
    """How a model fares.

    It rests for at most :data:`~assemblyzero_tui.runner.base.backoff.MOST` seconds from its last
    call on, whatever the service asks for: its hints of a minute or an hour come from templates
    (``RetryInfo`` of a 503), and whoever believes them sleeps long after the model is well. So
    after any failure, however long it lasted, it is asked again within that time.

    Which news counts is decided by when the calls began. A failure tells nothing if a call that
    began later was answered. An answer ends the spell if its call began after the spell had: one
    from before it was let in while all was well.
    """

    asked: float = -inf
    """When a call to it began last."""
    well: float = -inf
    """The latest beginning of a call that was answered."""
    probes: dict[int, float] = field(default_factory=dict)
    """Leases of the calls that are tried before the others, and when they began."""

    def start(self, lease: int, now: float) -> None:
        """A call begins."""
        self.asked = now
        if self.count >= ONE_AT_A_TIME:
            self.probes[lease] = now

    def ended(self, lease: int) -> None:
        """A call has ended, however: if it was tried before the others, the next one may be."""
        self.probes.pop(lease, None)

    def refused(
        self, started: float, hint: float, reason: str, now: float, chance: float, *, silent: bool
    ) -> bool:
        """Takes in a failure; whether it is news.

        Args:
            started: When the call began.
            hint: Seconds that the service asks to wait.
            reason: In a few words.
            now: The time.
            chance: A random number from 0 to 1.
            silent: The call has waited long for nothing. Each of those counts, even if they were
                under way together: to send all of them again at once would cost as long again.
        """
        if started < self.well:
            return False
        counts = self.failed(started, self.asked, hint, reason, now, chance)
        if not counts and silent:
            self.count += 1
        return counts

    def answered(self, started: float) -> bool:
        """Takes in an answer; whether the spell is over with it."""
        self.well = max(self.well, started)
        if not self.count or started <= self.began:
            return False
        self.count, self.until, self.reason = 0, -inf, ""
        self.probes.clear()
        return True

    def try_now(self) -> None:
        """Does not wait any longer, as the user wishes."""
        self.until = -inf
        self.probes.clear()

    def available_at(self, now: float) -> float:
        """When a call may begin.

        A call that is tried holds the others until it ends, but for :data:`MOST` seconds at most:
        then another one is tried beside it, as it may hang.
        """
        return max(now, self.until, max(self.probes.values(), default=-inf) + MOST)
