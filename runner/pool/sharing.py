"""Keys that share a project without saying so: their refusals give them away.

If two quotas are one, then whenever the service refuses a call of either, the calls of both in that
minute are as many as the limit; and whenever it accepts one, they are fewer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from assemblyzero_tui.runner.pool.group import WINDOW, Group

PROOF = 3
"""So many refusals must fit before two quotas are taken for one."""
FRESH = 5 * WINDOW
"""Seconds after which a refusal proves nothing any more."""


@dataclass(slots=True)
class _Suspicion:
    fitting: list[tuple[float, str]] = field(default_factory=list)
    """Refusals that fit: when, and of which of the two."""


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
        fits: list[tuple[int, Group]] = []
        for other in others:
            pair = self._pairs.setdefault(_name(group, other), _Suspicion())
            both_had = group.accepted(started, then=True) + other.accepted(started, then=True)
            if both_had < limit:
                pair.fitting.clear()
                continue
            pair.fitting = [(at, who) for at, who in pair.fitting if at > started - FRESH]
            pair.fitting.append((started, group.name))
            both = len({who for _, who in pair.fitting}) == 2
            if len(pair.fitting) >= PROOF and both:
                fits.append((len(pair.fitting), other))
        fits.sort(key=lambda fit: fit[0], reverse=True)
        if not fits or (len(fits) > 1 and fits[0][0] == fits[1][0]):
            return None
        return fits[0][1]

    def accepted(self, group: Group, others: Iterable[Group], started: float) -> None:
        """Takes in a call that was not refused."""
        limit = group.per_minute
        if limit is None:
            return
        for other in others:
            pair = self._pairs.get(_name(group, other))
            if pair is None or not pair.fitting:
                continue
            if group.accepted(started) + other.accepted(started) >= limit:
                pair.fitting.clear()


def _name(one: Group, other: Group) -> tuple[str, str, str]:
    first, second = sorted((one.name, other.name))
    return one.model, first, second
