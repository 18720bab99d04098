"""Requests that wait for the pool: one queue per workflow, served in turn."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

from assemblyzero_tui.runner.wire.worker_messages import Acquire


@dataclass(slots=True)
class Ticket:
    """A queued request."""

    item: str
    attempt: int
    acquire: Acquire
    since: float
    """When it was queued, by the pool's clock."""
    announced_until: float = -inf
    """The end of its wait as last reported, by the pool's clock."""
    counted: int = 0
    """The tokens of the prompt as the service has counted them; 0 if it has not."""
    being_counted: bool = False
    """The service was asked to count them."""

    @property
    def announced(self) -> bool:
        """Whether its wait was reported."""
        return self.announced_until > -inf


class FairQueue:
    """Serves the workflow that was served longest ago; its own requests stay in order.

    A workflow that requests ten calls at once gets no more of them than one that requests them one
    after the other.
    """

    def __init__(self) -> None:
        self._queues: dict[str, deque[Ticket]] = {}
        self._served: dict[str, int] = {}
        self._turn = 0

    def __len__(self) -> int:
        return sum(len(queue) for queue in self._queues.values())

    def __iter__(self) -> Iterator[Ticket]:
        """Every ticket, in no particular order."""
        for queue in self._queues.values():
            yield from queue

    def add(self, ticket: Ticket, *, first: bool = False) -> None:
        """Adds a ticket to the end of its workflow's queue, or before all others."""
        queue = self._queues.setdefault(ticket.item, deque())
        if first:
            queue.appendleft(ticket)
        else:
            queue.append(ticket)

    def candidates(self) -> Iterator[Ticket]:
        """The first ticket of each workflow for each model, in the order to serve them."""
        for item in sorted(self._queues, key=lambda item: self._served.get(item, 0)):
            models = set()
            for ticket in self._queues[item]:
                if ticket.acquire.model not in models:
                    models.add(ticket.acquire.model)
                    yield ticket

    def take(self, ticket: Ticket) -> None:
        """Removes a ticket that is granted."""
        self._turn += 1
        self._served[ticket.item] = self._turn
        self.remove(ticket)

    def remove(self, ticket: Ticket) -> None:
        """Removes a ticket."""
        queue = self._queues[ticket.item]
        queue.remove(ticket)
        if not queue:
            del self._queues[ticket.item]

    def remove_item(self, item: str) -> None:
        """Removes every ticket of a workflow whose process has ended."""
        self._queues.pop(item, None)

    def forget(self, item: str) -> None:
        """Forgets when a workflow was served; it has finished."""
        self._served.pop(item, None)
