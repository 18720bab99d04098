"""Who is next where tokens are short: the largest call that fits, but nobody falls far behind.

Large calls first leaves fewer holes, and alone it would starve small ones; so a workflow that has
got more calls than the others waits for them. A call that has waited long gets a reservation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from assemblyzero_tui.runner.pool.grants.tokens.ports import Waiting

AHEAD = 2
"""How many calls a workflow may have got more than the one that got fewest, to get another."""
PATIENCE = 45.0
"""Seconds that a ticket is the first of its workflow before it gets a reservation."""
T = TypeVar("T", bound=Waiting)
Place = tuple[str, str]
"""An item and a model."""


class Turns:
    """Accounts of the calls that each workflow got, and since when its first ticket is first."""

    def __init__(self) -> None:
        self._accounts: dict[Place, int] = {}
        self._first: dict[Place, tuple[int, float]] = {}
        """The request that is first, and since when; of one that is retried: 0."""
        self._active: dict[Place, float] = {}
        """When each was last seen to ask, to start a call or to end one."""
        self._retried: set[Place] = set()
        """Whose next request is a refused one again."""

    def see(self, heads: Iterable[Waiting], now: float) -> None:
        """Notices who competes: the first tickets of workflows."""
        for head in heads:
            place = head.item, head.acquire.model
            self._active[place] = now
            if place not in self._accounts:
                self._accounts[place] = self._least(head.acquire.model)
            request = head.acquire.request
            known, since = self._first.get(place, (request, now))
            if known not in (request, 0):
                since = now
            self._first[place] = request, since

    def _least(self, model: str) -> int:
        counts = [count for (_, other), count in self._accounts.items() if other == model]
        return min(counts, default=0)

    def first_since(self, head: Waiting) -> float:
        """Since when a ticket is the first one of its workflow."""
        return self._first[head.item, head.acquire.model][1]

    def impatient(self, heads: Iterable[T], now: float) -> list[T]:
        """The tickets that have been first for too long, the longest first."""
        return sorted(
            (head for head in heads if now >= self.impatient_at(head)), key=self.first_since
        )

    def impatient_at(self, head: Waiting) -> float:
        """When a ticket has been first for too long."""
        return self.first_since(head) + PATIENCE

    def ahead(self, heads: Sequence[T], now: float) -> list[T]:
        """Those whose workflows have got many more calls than others that are active, too."""
        models = {head.acquire.model for head in heads}
        least = min(
            (
                count
                for place, count in self._accounts.items()
                if place[1] in models and now - self._active[place] < PATIENCE
            ),
            default=0,
        )
        return [
            head for head in heads if self._accounts[head.item, head.acquire.model] > least + AHEAD
        ]

    def ended(self, item: str, model: str, now: float) -> None:
        """A call of a workflow has ended: the next one may follow."""
        if (item, model) in self._accounts:
            self._active[item, model] = now

    def granted(self, ticket: Waiting, now: float) -> None:
        """Counts a call."""
        place = ticket.item, ticket.acquire.model
        self._active[place] = now
        self._accounts[place] = self._accounts.get(place, self._least(place[1])) + 1
        self._first.pop(place, None)

    def refused(self, item: str, model: str, started: float) -> None:
        """Takes a call back that was refused: its ticket is first, and has been for longer."""
        place = item, model
        if place in self._accounts:
            self._accounts[place] -= 1
            since = min(started, self._first.get(place, (0, started))[1])
            self._first[place] = 0, since
        self._retried.add(place)

    def take_retried(self, item: str, model: str) -> bool:
        """Whether this new request of a workflow is a refused one again, and goes first."""
        if (item, model) not in self._retried:
            return False
        self._retried.remove((item, model))
        return True

    def forget(self, item: str) -> None:
        """Forgets a workflow whose process has ended."""
        places = [place for place in self._accounts if place[0] == item]
        for place in places:
            del self._accounts[place]
            self._active.pop(place, None)
            self._first.pop(place, None)
        self._retried = {place for place in self._retried if place[0] != item}
