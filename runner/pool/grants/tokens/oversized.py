"""Requests that are refused for their tokens again and again, and so are too large.

Two kinds: one that is near the limit and is refused although its minute was empty; and one that is
refused for longer than a minute although the pool's own count leaves room for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from assemblyzero_tui.runner.pool.grants.tokens.need import Need
from assemblyzero_tui.runner.pool.grants.tokens.ports import Call, Waiting
from assemblyzero_tui.runner.pool.grants.tokens.token_quota import TokenQuota

SEVERAL = 3
"""How many refusals must be unexplained, at least."""
Place = tuple[str, str, str]
"""An item, a model and a node: what stays the same when a request is retried."""


@dataclass(slots=True)
class _Refused:
    first: float
    times: int = 0
    alone: int = 0
    """The highest limit at which it was refused in an empty minute, large as it is; 0 if none."""
    lasting: int = 0
    """The highest limit at which it was refused for too long."""
    waits: dict[int, float] = field(default_factory=dict)
    """Until when it waits, where a limit is known, by that limit."""


class OversizedRequests:
    """Remembers refusals that the pool's count does not explain. Times are by its clock."""

    def __init__(self, window: float) -> None:
        self._window = window
        self._refused: dict[Place, _Refused] = {}

    def refused(self, lease: Call, quota: TokenQuota, need: Need, now: float, until: float) -> None:
        """Records a refusal of a request that should have fitted.

        Args:
            lease: Of the refused call.
            quota: The tokens of its quota.
            need: What it needs.
            now: The time.
            until: When the service wants it to be retried.
        """
        place = lease.item, lease.model, lease.node
        known = self._refused.setdefault(place, _Refused(lease.started))
        known.times += 1
        limit = quota.per_minute or 0
        if quota.may_not_fit(need) and quota.used(now) <= lease.reserved:
            known.alone = max(known.alone, limit)
        if known.times >= SEVERAL and now - known.first >= self._window:
            known.lasting = max(known.lasting, limit)
        known.waits[limit] = max(until, known.waits.get(limit, until))

    def answered(self, lease: Call) -> None:
        """Forgets a request that was answered."""
        self._refused.pop((lease.item, lease.model, lease.node), None)

    def forget(self, item: str) -> None:
        """Forgets an item."""
        for place in [place for place in self._refused if place[0] == item]:
            del self._refused[place]

    def is_too_large(self, ticket: Waiting, quota: TokenQuota) -> bool:
        """Whether a request would be refused for ever by a quota of which the limit is known."""
        known = self._of(ticket)
        if known is None or quota.per_minute is None:
            return False
        return quota.per_minute <= max(known.alone, known.lasting)

    def waits_until(self, ticket: Waiting, quota: TokenQuota, now: float) -> float:
        """When a request may be tried again at a quota."""
        known = self._of(ticket)
        if known is None or quota.per_minute is None:
            return now
        later = [until for limit, until in known.waits.items() if quota.per_minute <= limit]
        return max(now, *later) if later else now

    def knows(self, ticket: Waiting) -> bool:
        """Whether a request was refused without an explanation."""
        return bool(self._refused) and self._of(ticket) is not None

    def times(self, ticket: Waiting) -> int:
        """How often a request was refused without an explanation."""
        known = self._of(ticket)
        return 0 if known is None else known.times

    def _of(self, ticket: Waiting) -> _Refused | None:
        return self._refused.get((ticket.item, ticket.acquire.model, ticket.acquire.node))
