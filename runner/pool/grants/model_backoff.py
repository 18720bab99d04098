"""Backoff of a model that is not answering: for every credential, then one call at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf

from assemblyzero_tui.runner.base.backoff import MAX_WAIT, Backoff

ONE_AT_A_TIME = 3
"""Number of failures in a row from which on one call is tried before the others."""


@dataclass(slots=True)
class ModelBackoff(Backoff):
    """Whether a model is answering.

    A model cools down for at most :data:`~assemblyzero_tui.runner.base.backoff.MAX_WAIT` seconds
    from its last call on, whatever the service asks for: its hints of a minute or an hour come from
    templates (``RetryInfo`` of a 503), and would still apply long after the model has recovered. So
    after any failure, however long it lasted, it is called again within that time.

    The start of a call decides what its end proves. A failure proves nothing if a call that began
    later was answered. An answer ends the outage if its call began after the outage had: one from
    before was accepted while all was well.
    """

    asked: float = -inf
    """When the last call to it began."""
    well: float = -inf
    """The latest start of an answered call."""
    probes: dict[int, float] = field(default_factory=dict)
    """Leases of the calls that are tried before the others, and when they began."""

    def start(self, lease: int, now: float) -> None:
        """A call begins."""
        self.asked = now
        if self.count >= ONE_AT_A_TIME:
            self.probes[lease] = now

    def ended(self, lease: int) -> None:
        """A call has ended in any way: if it was tried before the others, the next one may be."""
        self.probes.pop(lease, None)

    def refused(
        self, started: float, hint: float, reason: str, now: float, chance: float, *, silent: bool
    ) -> bool:
        """Records a failure; whether it counts.

        Args:
            started: When the call began.
            hint: Seconds that the service asks to wait.
            reason: In a few words.
            now: The time.
            chance: A random number from 0 to 1.
            silent: The call timed out. Each timeout counts, even of calls under way together:
                sending all of them again at once would cost as long again.
        """
        if started < self.well:
            return False
        counts = self.failed(started, self.asked, hint, reason, now, chance)
        if not counts and silent:
            self.count += 1
        return counts

    def answered(self, started: float) -> bool:
        """Records an answer; whether it ends the outage."""
        self.well = max(self.well, started)
        if not self.count or started <= self.began:
            return False
        self.count, self.until, self.reason = 0, -inf, ""
        self.probes.clear()
        return True

    def try_now(self) -> None:
        """Stops waiting, as the user asks."""
        self.until = -inf
        self.probes.clear()

    def available_at(self, now: float) -> float:
        """When a call may begin.

        A probing call holds the others back until it ends, for at most :data:`MAX_WAIT` seconds:
        then another one is tried as well, as the first may hang.
        """
        return max(now, self.until, max(self.probes.values(), default=-inf) + MAX_WAIT)
