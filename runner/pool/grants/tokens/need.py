"""How many tokens a call needs, as far as that is known before it is made."""

from __future__ import annotations

from collections import defaultdict
from math import ceil
from typing import NamedTuple

MARGIN = 1.15
"""What is reserved for an estimate, as a multiple of it."""
CERTAIN = 0.85
"""The share of an estimate that a call has at least."""
TRUSTED = 0.1
"""How far estimates may be off on average, as a share, before they are corrected."""
WEIGHT = 0.1
"""Weight of the newest call in that average."""
LEAST_FACTOR, MOST_FACTOR = 0.25, 4.0


class Need(NamedTuple):
    """The tokens of one call."""

    tokens: int
    """Expected; 0 if nothing is known."""
    counted: bool = False
    """The service has counted them."""

    @property
    def reserve(self) -> int:
        """What has to be free for it."""
        return self.tokens if self.counted else ceil(self.tokens * MARGIN)

    @property
    def least(self) -> float:
        """What it has at least."""
        return self.tokens if self.counted else self.tokens * CERTAIN


NOTHING = Need(0)


class EstimateCorrection:
    """Learns for each model by how much estimates are wrong on average.

    Estimates count characters, and a model may need more tokens for them than expected, or fewer.
    Small errors are left to the margin, as following them would only add noise.
    """

    def __init__(self) -> None:
        self._factors: defaultdict[str, float] = defaultdict(lambda: 1.0)
        self._calls: defaultdict[str, int] = defaultdict(int)

    def record(self, model: str, estimate: int, used: int) -> None:
        """Records an estimate by characters, and what the call really used."""
        if estimate <= 0 or used <= 0:
            return
        self._calls[model] += 1
        ratio = min(MOST_FACTOR, max(LEAST_FACTOR, used / estimate))
        weight = max(WEIGHT, 1 / self._calls[model])
        self._factors[model] += (ratio - self._factors[model]) * weight

    def need(self, model: str, tokens: int, *, counted: bool) -> Need:
        """What a call needs for which so many tokens are estimated, or counted."""
        factor = self._factors.get(model, 1.0)
        if counted or abs(factor - 1) <= TRUSTED:
            return Need(tokens, counted)
        return Need(round(tokens * factor))
