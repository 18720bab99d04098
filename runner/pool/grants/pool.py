"""The credential pool: grants calls to models, each with a credential.

One lease is one HTTP attempt. The pool is pure: messages in, a ledger out; clock and random
numbers come from outside. Engine and simulation use the same pool.

It counts the calls that it grants, so it knows without a refusal when a quota is exhausted.
Requests wait in a queue meanwhile. If no credential becomes available within a minute and a half,
the request is denied: its workflow saves its work and stops, and the pool reports when to resume
it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from math import inf

import msgspec

from assemblyzero_tui.runner.credentials.credentials import Credential
from assemblyzero_tui.runner.model.call_outcomes import Outcome
from assemblyzero_tui.runner.model.events import Notice
from assemblyzero_tui.runner.model.quota_days import QuotaDays
from assemblyzero_tui.runner.pool.causes.shared_causes import Cause, SharedFailures
from assemblyzero_tui.runner.pool.grants.clock import Clock
from assemblyzero_tui.runner.pool.grants.concurrency_limit import ConcurrencyLimit
from assemblyzero_tui.runner.pool.grants.fair_queue import FairQueue, Ticket
from assemblyzero_tui.runner.pool.grants.leases import LeaseTable
from assemblyzero_tui.runner.pool.grants.ledger import Lease, Ledger, StepRecorder
from assemblyzero_tui.runner.pool.grants.outcome_handling import OutcomeHandler, passed_quotas
from assemblyzero_tui.runner.pool.grants.pooled_credential import PooledCredential
from assemblyzero_tui.runner.pool.grants.quota import WINDOW, Quota, QuotaDay, QuotaState
from assemblyzero_tui.runner.pool.grants.registry import Registry
from assemblyzero_tui.runner.pool.grants.status import PARK_AFTER, PoolStatus
from assemblyzero_tui.runner.pool.grants.tokens.scheduler import TokenScheduler
from assemblyzero_tui.runner.pool.grants.transient_failures import TransientFailures
from assemblyzero_tui.runner.wire.worker_messages import (
    Acquire,
    Counted,
    CountTokens,
    Deny,
    Release,
)

REPORT_AFTER = 1.0
"""Seconds from which on a wait is reported."""
LONGEST_HINT = 86_400.0
"""The most seconds for which a request of the service to wait is followed."""


class Pool:
    """Grants leases and takes them back.

    Pass it messages, then call :meth:`process`: it grants requests and returns the ledger.

    Args:
        credentials: Without any, every request gets a lease without a credential.
        clock: See :class:`~assemblyzero_tui.runner.pool.grants.clock.Clock`.
        days: When the service's day ends.
        chance: A random number from 0 to 1.
        most: The most workflows at work at once, by the user.
    """

    def __init__(
        self,
        credentials: Iterable[Credential] = (),
        *,
        clock: Clock,
        days: QuotaDays | None = None,
        chance: Callable[[], float] = random.random,
        most: int = 1,
    ) -> None:
        self.clock = clock
        self.recorder = StepRecorder()
        self.registry = Registry(credentials, clock=clock, days=days, recorder=self.recorder)
        self.leases = LeaseTable(clock, self.recorder)
        self.queue = FairQueue()
        self.failures = TransientFailures(self.recorder.emit, chance)
        self.limit = ConcurrencyLimit()
        self.status = PoolStatus(self.registry, self.recorder, self.limit, most)
        self.tokens = TokenScheduler(self.registry, WINDOW)
        self.outcomes = OutcomeHandler(
            self.registry, self.recorder, self.status, chance, self.tokens
        )
        self.shared = SharedFailures()
        self.blocked: Cause | None = None
        """Why every request is denied."""
        self._epoch: float | None = None

    # Messages

    def acquire(self, item: str, attempt: int, acquire: Acquire) -> None:
        """Queues a request."""
        now = self.clock.now()
        self.limit.record_request(item, now)
        first = self.tokens.turns.take_retried(item, acquire.model)
        self.queue.add(Ticket(item, attempt, acquire, now), first=first)
        for credential in self.registry.credentials.values():
            self.registry.quota(credential, acquire.model)

    def withdraw(self, item: str, attempt: int, request: int) -> None:
        """Removes a request from the queue."""
        for ticket in list(self.queue):
            if (ticket.item, ticket.attempt, ticket.acquire.request) == (item, attempt, request):
                self.queue.remove(ticket)

    def counted(self, item: str, attempt: int, counted: Counted) -> None:
        """Takes the tokens of a request that waits, as the service has counted them."""
        for ticket in self.queue:
            place = ticket.item, ticket.attempt, ticket.acquire.request
            if place == (item, attempt, counted.request) and counted.tokens > 0:
                self.tokens.counted(ticket, counted.tokens)

    def release(self, item: str, attempt: int, release: Release) -> None:
        """Takes a lease back.

        The release of a lease that the worker does not hold changes nothing, with one exception:
        that of a revoked lease can still report a refusal.
        """
        hint = max(0.0, min(release.retry_after, LONGEST_HINT))  # zero if it is not a number
        if hint != release.retry_after:
            release = msgspec.structs.replace(release, retry_after=hint)
        if (lease := self.leases.held_by(item, attempt, release.lease)) is not None:
            self._end(lease, release)
        elif (lease := self.leases.take_late(item, attempt, release.lease)) is not None:
            if lease.fingerprint in self.registry.credentials and not passed_quotas(
                release.outcome
            ):
                self.outcomes.handle(lease, release)
        else:
            text = f"{item} released lease {release.lease}, which it does not hold"
            self.recorder.emit(Notice(item=item, attempt=attempt, text=text, level="warning"))

    def release_all(self, item: str) -> None:
        """Takes back all leases and requests of an item whose process has ended."""
        self.queue.remove_item(item)
        self.limit.forget(item)
        for lease in self.leases.of_item(item):
            self._end_by_force(lease)
        self.tokens.turns.forget(item)

    def forget_item(self, item: str) -> None:
        """Forgets an item that has finished; if it is started again, it starts over."""
        self.queue.forget(item)
        self.failures.forget(item)
        self.tokens.oversized.forget(item)

    def grant_directly(self, name: str, item: str, acquire: Acquire) -> None:
        """Grants a call with this credential at once, regardless of its state."""
        if (credential := self.registry.find(name)) is not None:
            now = self.clock.now()
            ticket = Ticket(item, 1, acquire, now)
            self.queue.add(ticket)
            self._grant(ticket, credential, now, self.registry.today(now))

    def try_now(self) -> None:
        """Stops waiting: probes each closed quota and calls each model again."""
        self.registry.probe_closed_quotas()
        self.failures.try_now()
        self.status.try_now()

    def refuse_model(self, name: str, model: str, words: str) -> None:
        """The service says that a credential's project does not have a model, without a call."""
        if (credential := self.registry.find(name)) is not None:
            quota = self.registry.quota(credential, model)
            self.outcomes.unserved(quota, Outcome.NO_MODEL, words, sure=True)
            self._block(self.registry.why_unserved(model))

    def unblock(self) -> None:
        """Grants again, as the user asks; what was refused is tried with one call."""
        if self.blocked is not None:
            self.blocked = None
            self.shared.forget()
            self.registry.probe_closed_quotas(only=QuotaState.UNSERVED)

    def _block(self, cause: Cause | None) -> None:
        if cause is not None and self.blocked is None:
            self.blocked = self.recorder.ledger.blocked = cause

    def _end_by_force(self, lease: Lease) -> None:
        self._end(lease, Release(lease=lease.number, outcome=Outcome.DIED))
        self.leases.remember_late(lease)

    def _end(self, lease: Lease, release: Release) -> None:
        self.leases.end(lease, release)
        now = self.clock.now()
        self.failures.call_ended(lease, release, now)
        if release.outcome == Outcome.OK:
            self.limit.record_call(lease.item, lease.model, now - lease.started, now)
        if lease.fingerprint in self.registry.credentials:
            self.leases.count(lease, release)
            self.outcomes.handle(lease, release)
        words = release.words or release.detail
        self._block(
            self.shared.call_ended(lease.item, lease.model, lease.node, release.outcome, words)
        )

    # Processing

    def process(self) -> Ledger:
        """Grants and denies requests as far as possible now; returns the ledger."""
        now = self.clock.now()
        today = self.registry.today(now)
        self.tokens.look()
        if self.registry.credentials:
            self._check_wall_clock()
            self._revoke_expired()
            for quota in self.registry.quotas.values():
                self._update(quota, now, today)
        self._deny_hopeless(now)
        self._grant_all(now, today)
        self._deny_all(now)
        self._have_tokens_counted(now)
        if self.registry.credentials:
            self.status.update(now, today)
        return self.recorder.take_ledger()

    def next_time(self) -> float | None:
        """The latest time to process again, by its clock; ``None`` if no time is known."""
        now = self.clock.now()
        heads = list(self.queue.candidates())
        kinds = {self.tokens.kind(head): head for head in heads}
        available = {kind: self._available_at(head, now) for kind, head in kinds.items()}
        times = [
            max(
                available[self.tokens.kind(head)],
                self.failures.available_at(head.acquire.model, now, head.item),
            )
            for head in heads
        ]
        times += self.tokens.wake_times(heads, now)
        if not self.registry.credentials:
            return min(times, default=None)
        times += [quota.until for quota in self.registry.quotas.values() if quota.until > now]
        times += self.leases.expiries(now)
        times += self.status.wake_times(now)
        return min((time for time in times if now < time != inf), default=None)

    def _available_at(self, ticket: Ticket, now: float) -> float:
        """When a request may start as far as quotas go: now, later, or never."""
        if not self.registry.credentials:
            return now
        return max(self.tokens.available_at(ticket, now), self.status.throttled_until)

    def _check_wall_clock(self) -> None:
        """Reports the ends of cooldowns again if the wall clock was set."""
        epoch = self.clock.wall_at(0.0)
        if self._epoch is None or abs(epoch - self._epoch) > REPORT_AFTER:
            self._epoch = epoch
            for quota in self.registry.quotas.values():
                self.registry.report_quota(quota)

    def _update(self, quota: Quota, now: float, today: QuotaDay) -> None:
        if quota.update(now, today):
            self.registry.quota_changed(quota)

    def _revoke_expired(self) -> None:
        for lease in self.leases.expired():
            self._end_by_force(lease)
            self.recorder.ledger.revoked.append((lease.item, lease.attempt))

    def _deny_hopeless(self, now: float) -> None:
        """Denies requests that fail in any case: of such items, too large ones, all if blocked."""
        for ticket in list(self.queue):
            request = ticket.acquire.request
            if self.blocked is not None:
                self._deny_blocked(ticket, self.blocked)
            elif why := self.failures.give_up_reason(ticket.item, ticket.acquire.model):
                self._answer(ticket, Deny(request=request, why=why))
            elif why := self.tokens.why_never(ticket, now):
                self._answer(ticket, Deny(request=request, why=why, too_large=True))

    def _grant_all(self, now: float, today: QuotaDay) -> None:
        closed: set[object] = set()
        while self._grant_next(closed, now, today):
            pass

    def _grant_next(self, closed: set[object], now: float, today: QuotaDay) -> bool:
        """Grants the first request that can be granted; ``closed`` collects kinds that cannot."""
        ready = (
            ticket
            for ticket in self.queue.candidates()
            for model in [ticket.acquire.model]
            if self.failures.available_at(model, now, ticket.item) <= now
        )
        for ticket in self.tokens.order(ready, now):
            kind = self.tokens.kind(ticket)
            if kind in closed:
                continue
            credential = self._pick(ticket, now)
            if credential is None and self.registry.credentials:
                closed.add(kind)
                continue
            self._grant(ticket, credential, now, today)
            return True
        return False

    def _pick(self, ticket: Ticket, now: float) -> PooledCredential | None:
        """The credential to use next: of the least used quota, the least recently used one.

        Where tokens are limited, of the fullest quota in which the call fits.
        """
        if self.status.throttled_until > now:
            return None
        model = ticket.acquire.model
        best: tuple[bool, float, float, int] | None = None
        picked = None
        for credential in self.registry.credentials.values():
            if not credential.usable:
                continue
            quota = self.registry.quota(credential, model)
            if quota.available_at(now) > now or not self.tokens.admits(ticket, quota, now):
                continue
            rate = quota.rate(now)
            used = quota.count(now) / rate if rate != inf else 0.0
            room = self.tokens.room(quota, now)
            order = (quota.state is QuotaState.PROBING, room, used, credential.last_lease)
            if best is None or order < best:
                best, picked = order, credential
        return picked

    def _grant(
        self, ticket: Ticket, credential: PooledCredential | None, now: float, today: QuotaDay
    ) -> None:
        quota, reserved = None, 0
        if credential is not None:
            quota = self.registry.quota(credential, ticket.acquire.model)
            reserved = quota.tokens.share(self.tokens.need(ticket))
        lease = self.leases.start(ticket, credential, now, today.name, reserved)
        self.failures.call_started(lease)
        self.queue.take(ticket)
        if credential is None or quota is None:
            self.leases.report_start(ticket, lease, "")
            return
        credential.last_lease = lease.number
        self.tokens.started(ticket, lease, quota, now)
        quota.start(now, lease.number, today)
        self.recorder.changes.granted.append(lease)
        self.leases.report_start(ticket, lease, credential.credential.secret.reveal())
        self._update(quota, now, today)

    def _deny_all(self, now: float) -> None:
        """Denies requests that would wait too long, and reports those that wait."""
        models = {ticket.acquire.model for ticket in self.queue}
        soonest = {model: self.status.available_at(model, now) for model in models}
        by_kind: dict[object, float] = {}
        for ticket in list(self.queue):
            model, kind = ticket.acquire.model, self.tokens.kind(ticket)
            answering = self.failures.available_at(model, now, ticket.item)
            if soonest[model] - now > PARK_AFTER:
                self._block(self.registry.why_unserved(model))
            if self.blocked is not None:
                self._deny_blocked(ticket, self.blocked)
                continue
            if ticket.announced and answering <= now and soonest[model] - now <= PARK_AFTER:
                continue
            if kind not in by_kind:
                by_kind[kind] = self._available_at(ticket, now)
            available = by_kind[kind]
            if min(available, soonest[model]) - now > PARK_AFTER:
                self._deny(ticket, available, now)
            elif answering > available:
                if now >= ticket.announced_until and answering - now >= REPORT_AFTER:
                    why = self.failures.reason(model, now, ticket.item)
                    self.leases.report_waiting(ticket, why, answering, for_model=True)
            elif not ticket.announced and (
                available - now >= REPORT_AFTER or now - ticket.since >= REPORT_AFTER
            ):
                why = self.status.why_unavailable(model, now)
                why = why or self.tokens.why_waiting(ticket, now)
                self.leases.report_waiting(ticket, why, available)

    def _have_tokens_counted(self, now: float) -> None:
        """Has the service count the tokens of requests that wait anyway."""
        for ticket in self.tokens.to_count(self.queue):
            credential = self.registry.usable_soon(ticket.acquire.model, now)
            if credential is not None:
                ticket.being_counted = True
                secret = credential.credential.secret.reveal()
                count = CountTokens(request=ticket.acquire.request, secret=secret)
                self.recorder.ledger.counts.append((ticket.item, count))

    def _deny(self, ticket: Ticket, available: float, now: float) -> None:
        model = ticket.acquire.model
        denial = Deny(
            request=ticket.acquire.request,
            why=self.status.why_unavailable(model, now),
            until=self.clock.wall_at(available) if available != inf else 0.0,
            park=True,
        )
        self._answer(ticket, denial)
        self.status.park(model, available)

    def _deny_blocked(self, ticket: Ticket, cause: Cause) -> None:
        why = cause.words or self.status.why_unavailable(ticket.acquire.model, self.clock.now())
        self._answer(ticket, Deny(request=ticket.acquire.request, why=why, park=True))

    def _answer(self, ticket: Ticket, denial: Deny) -> None:
        self.recorder.answer(ticket.item, denial)
        self.queue.remove(ticket)
