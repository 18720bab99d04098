"""The leases of a pool: the calls under way, and the late ones."""

from __future__ import annotations

from assemblyzero_tui.runner.model.call_outcomes import Outcome
from assemblyzero_tui.runner.model.events import CallEnded, CallQueued, CallStarted
from assemblyzero_tui.runner.pool.grants.clock import Clock
from assemblyzero_tui.runner.pool.grants.fair_queue import Ticket
from assemblyzero_tui.runner.pool.grants.ledger import Lease, StepRecorder, Tally
from assemblyzero_tui.runner.pool.grants.pooled_credential import PooledCredential
from assemblyzero_tui.runner.wire.worker_messages import Grant, Release

CALL_TIMEOUT = 600.0
"""Seconds that one call may take."""
PATIENCE = 30.0
"""Seconds after a call's timeout until its lease is revoked."""
MOMENT = 0.001
"""The fewest seconds to wait for a lease to expire: two clocks can differ in the last digit."""
LATE = 256
"""How many revoked leases are remembered: their outcome can still arrive."""


class LeaseTable:
    """Numbers, starts, ends and reports leases."""

    def __init__(self, clock: Clock, recorder: StepRecorder) -> None:
        self.active: dict[int, Lease] = {}
        self.late: dict[int, Lease] = {}
        """Revoked leases, the newest :data:`LATE`."""
        self._clock = clock
        self._recorder = recorder
        self._last = 0

    def start(
        self, ticket: Ticket, credential: PooledCredential | None, now: float, day: str,
        reserved: int = 0,
    ) -> Lease:  # fmt: skip
        """Creates a lease for a ticket, with so many tokens of the quota reserved for it."""
        self._last += 1
        timeout = call_timeout(ticket)
        lease = Lease(
            self._last,
            ticket.item,
            ticket.attempt,
            ticket.acquire.model,
            credential.fingerprint if credential is not None else "",
            credential.name if credential is not None else "",
            credential.quota if credential is not None else "",
            now,
            day,
            self._clock.awake() + timeout + PATIENCE,
            ticket.acquire.node,
            ticket.counted or ticket.acquire.tokens,
            bool(ticket.counted) or ticket.acquire.counted,
            reserved,
        )
        self.active[lease.number] = lease
        return lease

    def report_start(self, ticket: Ticket, lease: Lease, secret: str) -> None:
        """Answers a ticket with its lease; only the worker gets the secret."""
        timeout = call_timeout(ticket)
        self._recorder.answer(
            ticket.item,
            Grant(
                request=ticket.acquire.request,
                lease=lease.number,
                name=lease.credential,
                secret=secret,
                call_timeout=timeout,
            ),
        )
        counts = bool(lease.fingerprint) or ticket.announced
        self._recorder.emit(
            CallStarted(
                item=ticket.item,
                attempt=ticket.attempt,
                lease=lease.number,
                model=lease.model,
                credential=lease.credential,
                node=ticket.acquire.node,
                timeout=timeout,
                waited=lease.started - ticket.since if counts else 0.0,
            )
        )

    def report_waiting(
        self, ticket: Ticket, why: str, until: float, *, for_model: bool = False
    ) -> None:
        """Reports that a ticket waits, why, and until when by the pool's clock."""
        ticket.announced_until = until
        self._recorder.emit(
            CallQueued(
                item=ticket.item,
                attempt=ticket.attempt,
                model=ticket.acquire.model,
                why=why,
                until=self._clock.wall_at(until),
                for_model=for_model,
            )
        )

    def held_by(self, item: str, attempt: int, number: int) -> Lease | None:
        """Returns the active lease of this number, if this attempt holds it."""
        lease = self.active.get(number)
        return (
            lease if lease is not None and (lease.item, lease.attempt) == (item, attempt) else None
        )

    def take_late(self, item: str, attempt: int, number: int) -> Lease | None:
        """Returns the lease of this number once, if it was revoked from this attempt."""
        lease = self.late.get(number)
        if lease is None or (lease.item, lease.attempt) != (item, attempt):
            return None
        return self.late.pop(number)

    def of_item(self, item: str) -> list[Lease]:
        """The active leases of an item."""
        return [lease for lease in self.active.values() if lease.item == item]

    def end(self, lease: Lease, release: Release) -> None:
        """Ends a lease."""
        del self.active[lease.number]
        self._recorder.emit(
            CallEnded(
                item=lease.item,
                attempt=lease.attempt,
                lease=lease.number,
                outcome=release.outcome,
                credential=lease.credential,
                model=release.model or lease.model,
                input_tokens=release.input_tokens,
                output_tokens=release.output_tokens,
                seconds=release.seconds,
            )
        )

    def count(self, lease: Lease, release: Release) -> None:
        """Counts an ended call of a credential for the store."""
        changes = self._recorder.changes
        changes.ended.append(lease)
        changes.tallies.append(
            Tally(
                lease.fingerprint,
                lease.model,
                release.outcome == Outcome.OK,
                release.outcome not in (Outcome.OK, Outcome.DIED, Outcome.CANCELLED),
                release.input_tokens,
                release.output_tokens,
            )
        )

    def remember_late(self, lease: Lease) -> None:
        """Remembers a revoked lease."""
        self.late[lease.number] = lease
        while len(self.late) > LATE:
            del self.late[next(iter(self.late))]

    def expired(self) -> list[Lease]:
        """The leases whose time is up."""
        awake = self._clock.awake()
        return [lease for lease in self.active.values() if lease.expires <= awake]

    def expiries(self, now: float) -> list[float]:
        """When each active lease expires, by the pool's clock."""
        awake = self._clock.awake()
        return [now + max(lease.expires - awake, MOMENT) for lease in self.active.values()]


def call_timeout(ticket: Ticket) -> float:
    """Seconds that the call of a ticket may take."""
    deadline = ticket.acquire.deadline
    return min(CALL_TIMEOUT, deadline) if deadline else CALL_TIMEOUT
