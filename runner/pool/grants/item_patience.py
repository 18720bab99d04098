"""How long to retry an item whose calls to a model fail while others are answered."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from assemblyzero_tui.runner.base.backoff import Backoff

ENOUGH = 10
"""How many failures, while others are answered, are the item's own."""
LONG = 900.0
"""Seconds over which they must be spread."""


@dataclass(slots=True)
class ItemPatience(Backoff):
    """An item and a model: the item's failures in a row, and how others fare meanwhile.

    The item waits for as long as the model fails for every item. The calls of the other items show
    that: as long as more of them fail than are answered, this item is not to blame, though one of
    them may have been answered by luck.
    """

    answered: int = 0
    """Calls of others that were answered, of those that began since its own failures did."""
    failing: int = 0
    """Other items that had failed by then, or have since, each counted once."""
    answered_since: float = inf
    """When the first of these calls was answered."""
    further: int = 0
    """Its failures after that."""
    alone: bool = False
    """Another item was answered since its last failure: the model is not at fault."""

    def other_answered(self, started: float, now: float) -> None:
        """Records an answered call of another item."""
        if started > self.began:
            self.answered += 1
            self.answered_since = min(self.answered_since, now)
            self.alone = True

    def other_failed(self) -> None:
        """Records the first failure of another item."""
        self.failing += 1

    def failed_again(self, started: float, reason: str, now: float, chance: float) -> None:
        """Records a failure."""
        if self.failed(started, started, 0.0, reason, now, chance):
            self.further += self.answered > 0
            self.alone = False

    @property
    def over(self) -> bool:
        """Whether to give the item up."""
        lasted = self.since - self.answered_since
        return self.further >= ENOUGH and lasted >= LONG and self.answered >= self.failing
