"""The backoff of a model that is not answering: for every credential, then one call at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf

from assemblyzero_tui.runner.base.backoff import MAX_WAIT, Backoff

PROBE_AFTER = 3
"""Consecutive failures from which on one call is tried before the others."""


@dataclass(slots=True)
class ModelBackoff(Backoff):
    """Whether a model is answering.

    A model cools down for at most :data:`~assemblyzero_tui.runner.base.backoff.MAX_WAIT` seconds
    from its last call on, whatever the service asks for: its hints of a minute or an hour come from
    templates (``RetryInfo`` of a 503), and would still apply long after the model has recovered. So
    after any failure, however long it lasted, it is called again within that time.

    The start of a call decides what its end proves. A failure proves nothing if a call that began
    later was answered. An answer ends the outage if its call began during the outage: an earlier
    call was accepted before the outage.
    """

    asked: float = -inf
    """When the newest call to it began."""
    well: float = -inf
    """The latest start of an answered call."""
    probes: dict[int, float] = field(default_factory=dict)
    """Leases of the probing calls, and when they began."""

    def record_start(self, lease: int, now: float) -> None:
        """Records the start of a call."""
        self.asked = now
        if self.count >= PROBE_AFTER:
            self.probes[lease] = now

    def record_end(self, lease: int) -> None:
        """Records the end of a call: after a probing one, the next one may probe."""
        self.probes.pop(lease, None)

    def record_refusal(
        self, started: float, hint: float, reason: str, now: float, chance: float, *, silent: bool
    ) -> bool:
        """Records a failure; returns whether it counts.

        Args:
            started: When the call began.
            hint: Seconds that the service asks to wait.
            reason: Why it failed, in a few words.
            now: The time.
            chance: A random number from 0 to 1.
            silent: The call timed out. Each timeout counts, even of calls that ran at the same
                time: sending all of them again at once would take as long again.
        """
        if started < self.well:
            return False
        counts = self.record_failure(started, self.asked, hint, reason, now, chance)
        if not counts and silent:
            self.count += 1
        return counts

    def record_answer(self, started: float) -> bool:
        """Records an answer; returns whether it ends the outage."""
        self.well = max(self.well, started)
        if not self.count or started <= self.began:
            return False
        self.count, self.until, self.reason = 0, -inf, ""
        self.probes.clear()
        return True

    def try_now(self) -> None:
        """Stops waiting, as requested by the user."""
        self.until = -inf
        self.probes.clear()

    def available_at(self, now: float) -> float:
        """When a call may start.

        A probing call holds the others back until it ends, for at most :data:`MAX_WAIT` seconds:
        then another one is tried as well, as the first may hang.
        """
        return max(now, self.until, max(self.probes.values(), default=-inf) + MAX_WAIT)
