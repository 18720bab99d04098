"""How long an item is waited for whose calls to a model fail although they might not."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from assemblyzero_tui.runner.base.backoff import Backoff

ENOUGH = 10
"""So many failures, while others are answered, are the item's own."""
LONG = 900.0
"""Seconds over which they must be spread."""


@dataclass(slots=True)
class ItemPatience(Backoff):
    """An item and a model: the item's failures in a row, and how others fare meanwhile.

    The item waits for as long as the model fails for everybody. Whether it does is told by the
    calls of the other items: as long as more of them run into failures than are answered, it is
    not this item that is to blame, though one of them may have come through by luck.
    """

    answered: int = 0
    """Calls of others that were answered, of those that began since its own failures did."""
    failing: int = 0
    """Calls of others that had run into a failure then, or have since, each counted once."""
    answered_since: float = inf
    """When the first of others was answered."""
    further: int = 0
    """Its failures after that."""
    alone: bool = False
    """Since its last failure another one has been answered: it is not the model that fails."""

    def other_answered(self, started: float, now: float) -> None:
        """A call of another item was answered."""
        if started > self.began:
            self.answered += 1
            self.answered_since = min(self.answered_since, now)
            self.alone = True

    def other_failed(self) -> None:
        """A call of another item that fared well until now has failed."""
        self.failing += 1

    def failed_again(self, started: float, reason: str, now: float, chance: float) -> None:
        """Takes in a failure."""
        if self.failed(started, started, 0.0, reason, now, chance):
            self.further += self.answered > 0
            self.alone = False

    @property
    def over(self) -> bool:
        """Whether nothing is to be hoped for any more."""
        lasted = self.since - self.answered_since
        return self.further >= ENOUGH and lasted >= LONG and self.answered >= self.failing
