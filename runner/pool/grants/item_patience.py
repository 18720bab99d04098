"""Decides how long to retry an item whose calls to a model fail while others are answered."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from assemblyzero_tui.runner.base.backoff import Backoff

MIN_FAILURES = 10
"""The fewest failures, while others are answered, after which the item is given up."""
MIN_SECONDS = 900.0
"""The fewest seconds over which they must be spread."""


@dataclass(slots=True)
class ItemPatience(Backoff):
    """An item's consecutive failures with a model, and the results of other items meanwhile.

    The item waits for as long as the model fails for every item. The calls of the other items show
    that: while more of them fail than are answered, this item is not the cause, even if one of them
    was answered by luck.
    """

    answered: int = 0
    """Answered calls of other items, of those that began after its first failure."""
    failing: int = 0
    """Other items that were failing then or have failed since, each counted once."""
    answered_since: float = inf
    """When the first of the :attr:`answered` calls was answered."""
    further: int = 0
    """Its failures after :attr:`answered_since`."""
    alone: bool = False
    """Another item was answered since its last failure: the model is not the cause."""

    def other_answered(self, started: float, now: float) -> None:
        """Records an answered call of another item."""
        if started > self.began:
            self.answered += 1
            self.answered_since = min(self.answered_since, now)
            self.alone = True

    def other_failed(self) -> None:
        """Records the first failure of another item."""
        self.failing += 1

    def record_own_failure(self, started: float, reason: str, now: float, chance: float) -> None:
        """Records a failure of this item."""
        if self.record_failure(started, started, 0.0, reason, now, chance):
            self.further += self.answered > 0
            self.alone = False

    @property
    def over(self) -> bool:
        """Whether to give up the item."""
        duration = self.since - self.answered_since
        return (
            self.further >= MIN_FAILURES
            and duration >= MIN_SECONDS
            and self.answered >= self.failing
        )
