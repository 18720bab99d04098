"""The book of leases: who may call a model now, and what became of it.

One lease is one HTTP attempt. Ids only grow, so a late or repeated release changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from assemblyzero_tui.runner.events import CallEnded, CallStarted
from assemblyzero_tui.runner.worker.messages import Acquire, Grant, Release

CALL_TIMEOUT = 600.0
"""Seconds one call may take."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to make one call, in the hand of one attempt of one item."""

    number: int
    item: str
    attempt: int
    model: str


class LeaseBook:
    """Grants leases and takes them back. Pure: no clock, no input or output."""

    def __init__(self) -> None:
        self._last = 0
        self._out: dict[int, Lease] = {}

    def __len__(self) -> int:
        """How many leases are out."""
        return len(self._out)

    def acquire(self, item: str, attempt: int, wish: Acquire) -> tuple[Grant, CallStarted]:
        """Grants a lease: the answer for the worker, and the event for the journal."""
        self._last += 1
        self._out[self._last] = Lease(self._last, item, attempt, wish.model)
        timeout = min(CALL_TIMEOUT, wish.deadline) if wish.deadline else CALL_TIMEOUT
        return (
            Grant(request=wish.request, lease=self._last, call_timeout=timeout),
            CallStarted(
                item=item,
                attempt=attempt,
                lease=self._last,
                model=wish.model,
                node=wish.node,
                timeout=timeout,
            ),
        )

    def release(self, item: str, attempt: int, news: Release) -> CallEnded | None:
        """Takes a lease back; ``None`` if this attempt does not hold it (any more)."""
        lease = self._out.get(news.lease)
        if lease is None or (lease.item, lease.attempt) != (item, attempt):
            return None
        del self._out[news.lease]
        return CallEnded(
            item=item,
            attempt=attempt,
            lease=news.lease,
            outcome=news.outcome,
            model=news.model or lease.model,
            input_tokens=news.input_tokens,
            output_tokens=news.output_tokens,
            seconds=news.seconds,
        )

    def died(self, item: str) -> list[CallEnded]:
        """Takes back every lease of an item whose process is gone."""
        gone = [lease for lease in self._out.values() if lease.item == item]
        for lease in gone:
            del self._out[lease.number]
        return [
            CallEnded(
                item=item,
                attempt=lease.attempt,
                lease=lease.number,
                outcome="died",
                model=lease.model,
            )
            for lease in gone
        ]
