"""Keys that share a project without saying so: their refusals give them away.

If two quotas are one, then whenever the service refuses a call of either, the calls of both in that
minute are as many as the limit; and whenever it accepts one, they are fewer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf

from assemblyzero_tui.runner.pool.group import WINDOW, Group

PROOF = 4
"""So many refusals must fit before two quotas are taken for one."""
APART = 10.0
"""Seconds between two refusals that count as two: several of one moment prove no more than one."""
FRESH = 5 * WINDOW
"""Seconds after which a refusal proves nothing any more."""
DOUBT = 3 * WINDOW
"""Seconds for which two quotas are taken for two after a call that only two can have accepted."""


@dataclass(slots=True)
class _Suspicion:
    fitting: list[tuple[float, str]] = field(default_factory=list)
    """Refusals that fit: when, and of which of the two."""
    refuted: float = -inf
    """When a call was accepted that a common quota would have refused."""

    def fits(self, started: float, name: str) -> bool:
        """Takes in a refusal that fits; whether that is proof by now."""
        if started < self.refuted + DOUBT:
            return False
        self.fitting = [(at, who) for at, who in self.fitting if at > started - FRESH]
        if all(abs(started - at) >= APART for at, who in self.fitting if who == name):
            self.fitting.append((started, name))
        return len(self.fitting) >= PROOF and len({who for _, who in self.fitting}) == 2

    def contradicts(self, started: float) -> None:
        """Takes in what does not fit."""
        self.fitting.clear()
        self.refuted = max(self.refuted, started)


class Sharing:
    """Weighs for each two groups of a model whether they are one."""

    def __init__(self) -> None:
        self._pairs: dict[tuple[str, str, str], _Suspicion] = {}

    def refused(self, group: Group, others: Iterable[Group], started: float) -> Group | None:
        """Takes in a refusal that the group's own count does not explain.

        Returns:
            The group that it is one with, if that is as good as proved.
        """
        limit = group.per_minute
        if limit is None:
            return None
        fitting: list[Group] = []
        for other in others:
            pair = self._pairs.setdefault(_name(group, other), _Suspicion())
            both_had = group.accepted(started, then=True) + other.accepted(started, then=True)
            if both_had < limit:
                pair.contradicts(started)
            elif pair.fits(started, group.name):
                fitting.append(other)
        return fitting[0] if len(fitting) == 1 else None

    def accepted(self, group: Group, others: Iterable[Group], started: float) -> None:
        """Takes in a call that was not refused."""
        limit = group.per_minute
        if limit is None:
            return
        for other in others:
            pair = self._pairs.get(_name(group, other))
            if pair is not None and group.accepted(started) + other.accepted(started) >= limit:
                pair.contradicts(started)


def _name(one: Group, other: Group) -> tuple[str, str, str]:
    first, second = sorted((one.name, other.name))
    return one.model, first, second
