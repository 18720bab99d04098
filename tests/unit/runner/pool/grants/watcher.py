"""A strict bookkeeper beside a pool: notes what is asked for, granted and told, and what must hold.

It knows the keys, what was said to the pool, and its ledgers. Where it looks into the pool, it
compares that with its own books, or with how the pool stood a step ago.
"""

from __future__ import annotations

from dataclasses import dataclass

from assemblyzero_tui.runner.model.call_outcomes import Kind, kind_of
from assemblyzero_tui.runner.model.events import AnyEvent, CallEnded, CredentialChanged, PoolChanged
from assemblyzero_tui.runner.pool.grants.ledger import Ledger
from assemblyzero_tui.runner.pool.grants.pool import Pool
from assemblyzero_tui.runner.pool.grants.pooled_credential import PooledCredential
from assemblyzero_tui.runner.pool.grants.quota import CLOSED, Quota, QuotaState
from assemblyzero_tui.runner.pool.grants.registry import STATES
from assemblyzero_tui.runner.wire.worker_messages import Deny, Grant
from tests.unit.runner.pool.driver import CANARY, HandClock

Ticket = tuple[str, int, int]
"""Item, attempt, request."""
Place = tuple[str, str]
"""A key's fingerprint and a model."""
SAME = 1e-6
LONGEST_REST = 30.0
"""Seconds after which a model that is not answering is retried at the latest."""


@dataclass(slots=True)
class Start:
    """A call that began."""

    key: str
    model: str
    moment: float
    day: str
    sent: bool = True
    tokens: int = 0
    """Estimated, and used exactly so."""


@dataclass(slots=True)
class Held:
    """A lease in somebody's hand."""

    number: int
    item: str
    attempt: int
    start: Start


@dataclass(frozen=True, slots=True)
class Before:
    """How a quota stood a step ago."""

    state: QuotaState
    until: float
    since: float
    per_minute: int | None
    per_day: int | None
    tokens: int | None


class Starts:
    """Every start of every pool that shares the keys; and the days that the user has waived."""

    def __init__(self) -> None:
        self.all: dict[Place, list[Start]] = {}
        self.waived: set[tuple[str, str]] = set()
        """Fingerprints and days."""

    def of(self, keys: list[PooledCredential], model: str) -> list[Start]:
        """What the keys of a quota have begun and sent."""
        found = [self.all.get((key.fingerprint, model), []) for key in keys]
        return [start for each in found for start in each if start.sent]

    def waive(self, keys: list[PooledCredential], day: str) -> None:
        self.waived |= {(key.fingerprint, day) for key in keys}


class Watcher:
    """Watches one pool."""

    def __init__(self, pool: Pool, clock: HandClock, starts: Starts) -> None:
        self.pool, self.clock, self.starts = pool, clock, starts
        self.waiting: set[Ticket] = set()
        self.tokens: dict[Ticket, int] = {}
        """What each ticket asks for."""
        self.held: dict[int, Held] = {}
        self.gone: list[Held] = []
        """Given back, or taken."""
        self.granted = 0
        self.ended = 0
        self.given_up = 0
        """Tickets of items that were not waited for any longer."""
        self.told: dict[tuple[str, str], CredentialChanged] = {}
        self.paused = False
        self._last = 0
        self._before: dict[Place, Before] = {}
        self._rests: dict[str, float] = {}
        self._throttled = 0.0
        self._failures: dict[Place, list[float]] = {}
        """By item and model: when its calls failed, since one was answered."""
        self._blamed: set[Place] = set()
        """Items and models: a call of another item was answered meanwhile."""
        self.remember()

    # Before a step

    def remember(self) -> None:
        """Looks how everything stands."""
        self._before = {}
        for fingerprint, key in self.pool.registry.credentials.items():
            for model in {model for _, model in self.pool.registry.quotas}:
                group = self.pool.registry.quotas.get(
                    (self.pool.registry.canonical(key.quota), model)
                )
                if group is not None:
                    self._before[fingerprint, model] = Before(
                        group.state,
                        group.until,
                        group.since,
                        group.per_minute,
                        group.per_day,
                        group.tokens.per_minute,
                    )
        self._rests = {model: rest.until for model, rest in self.pool.failures.models.items()}
        self._throttled = self.pool.status.throttled_until

    def asks(self, ticket: Ticket, tokens: int = 0) -> None:
        self.waiting.add(ticket)
        self.tokens[ticket] = tokens

    def gives_back(self, number: int, *, sent: bool) -> None:
        """Somebody who has a lease gives it back."""
        self.held[number].start.sent = sent

    # After it

    def check(self, *, forgave: bool = False) -> None:
        """What has to hold after messages and before the pool serves.

        Args:
            forgave: The user has opened doors.
        """
        if not forgave:
            self._no_rest_shrank()
        self.remember()

    def take(self, ledger: Ledger) -> None:
        """Checks what a step has brought, and how everything stands after it."""
        assert CANARY not in repr(ledger)
        now = self.clock.now()
        for event in ledger.events:
            self._hear(event)
        for item, answer in ledger.answers:
            if isinstance(answer, Grant):
                self._granted(item, answer, now)
            else:
                self._denied(item, answer)
        for item, attempt in ledger.revoked:
            assert any((held.item, held.attempt) == (item, attempt) for held in self.gone)
        self._no_rest_shrank()
        self._the_books_agree()
        self._check_reported_states()
        self._no_model_rests_for_long(now)
        self._it_will_go_on(now)

    def _hear(self, event: AnyEvent) -> None:
        if isinstance(event, CallEnded):
            held = self.held.pop(event.lease)
            assert (event.item, event.attempt) == (held.item, held.attempt)
            self.gone.append(held)
            self.ended += 1
            self._compare(held, event.outcome)
        elif isinstance(event, CredentialChanged):
            self.told[event.credential, event.model] = event
        elif isinstance(event, PoolChanged):
            self.paused = event.state == "paused"

    def _compare(self, held: Held, outcome: str) -> None:
        place = held.item, held.start.model
        if kind_of(outcome) is Kind.TRANSIENT:
            self._failures.setdefault(place, []).append(self.clock.now())
        elif outcome in ("ok", "blocked", "no_answer"):
            self._failures.pop(place, None)
            self._blamed.discard(place)
            for (item, model), failures in self._failures.items():
                if model == place[1] and item != held.item and held.start.moment > failures[0]:
                    self._blamed.add((item, model))

    def _ticket(self, item: str, answer: Grant | Deny) -> Ticket:
        (ticket,) = [t for t in self.waiting if (t[0], t[2]) == (item, answer.request)]
        self.waiting.remove(ticket)
        return ticket

    def _granted(self, item: str, grant: Grant, now: float) -> None:
        ticket = self._ticket(item, grant)
        item, attempt, _ = ticket
        assert grant.lease > self._last
        self._last = grant.lease
        self.granted += 1
        key = self.pool.registry.find(grant.name)
        assert key is not None
        assert grant.secret == key.credential.secret.reveal()
        assert not key.disabled
        assert not key.invalid
        model = self.pool.leases.active[grant.lease].model
        day = self.pool.registry.days.name(self.clock.wall())
        start = Start(key.fingerprint, model, now, day, tokens=self.tokens.pop(ticket))
        self.held[grant.lease] = Held(grant.lease, item, attempt, start)
        self.starts.all.setdefault((key.fingerprint, model), []).append(start)
        assert self._rests.get(model, 0.0) <= now
        assert self._throttled <= now
        before = self._before.get((key.fingerprint, model))
        if before is not None:
            assert before.state is not QuotaState.NO_TIER
            assert before.state not in CLOSED or before.until <= now
        self._within_limits(self.pool.registry.quota(key, model), before, now, day)

    def _within_limits(self, group: Quota, before: Before | None, now: float, day: str) -> None:
        keys = self.pool.registry.credentials_of(group)
        mine = self.starts.of(keys, group.model)
        given = [key.credential.limits(group.model) for key in keys]
        minutes = [minute for minute, _ in given if minute is not None]
        days = [per_day for _, per_day in given if per_day is not None]
        if before is not None:
            minutes += [before.per_minute] if before.per_minute is not None else []
            days += [before.per_day] if before.per_day is not None else []
        self._within_tokens(keys, group.model, mine, before, now)
        if minutes:
            assert len([s for s in mine if s.moment > now - 60]) <= min(minutes)
        if days and not any((key.fingerprint, day) in self.starts.waived for key in keys):
            assert len([s for s in mine if s.day == day]) <= min(days)

    def _within_tokens(
        self, keys: list[PooledCredential], model: str, mine: list[Start], before: Before | None,
        now: float,
    ) -> None:  # fmt: skip
        limits = [key.credential.tokens(model) for key in keys]
        limits += [before.tokens] if before is not None else []
        known = [limit for limit in limits if limit is not None]
        if known and mine[-1].tokens:
            assert sum(s.tokens for s in mine if s.moment > now - 60) <= min(known)

    def _denied(self, item: str, denial: Deny) -> None:
        self._ticket(item, denial)
        assert denial.why
        if "while other calls to it were answered" in denial.why:
            place = item, denial.why.split()[0]
            failures = self._failures[place]
            assert len(failures) >= 10
            assert failures[-1] - failures[0] >= 15 * 60 - SAME
            assert place in self._blamed
            assert not denial.park
            self.given_up += 1

    def _no_rest_shrank(self) -> None:
        now = self.clock.now()
        for (fingerprint, model), before in self._before.items():
            group = self.pool.registry.quota(self.pool.registry.credentials[fingerprint], model)
            if before.state is QuotaState.NO_TIER:
                assert group.state is QuotaState.NO_TIER
            elif (
                before.state in CLOSED
                and before.until > now
                and group.state is not QuotaState.NO_TIER
            ):
                assert group.state in CLOSED
                assert group.until >= before.until - SAME
        assert self._throttled <= max(now, self.pool.status.throttled_until)

    def _the_books_agree(self) -> None:
        assert {(t.item, t.attempt, t.acquire.request) for t in self.pool.queue} == self.waiting
        assert len(self.pool.queue) == len(self.waiting)
        assert self.pool.leases.active.keys() == self.held.keys()
        assert len(self.held) == self.granted - self.ended
        for number, held in self.held.items():
            lease = self.pool.leases.active[number]
            assert (lease.item, lease.attempt) == (held.item, held.attempt)
        for group in self.pool.registry.quotas.values():
            if group.state is QuotaState.PROBING:
                keys = {key.fingerprint for key in self.pool.registry.credentials_of(group)}
                probes = [
                    held.number
                    for held in self.held.values()
                    if held.start.key in keys
                    and held.start.model == group.model
                    and held.start.moment > group.since
                ]
                assert len(probes) <= 1
                assert group.probe == 0 or group.probe in self.held

    def _check_reported_states(self) -> None:
        for key in self.pool.registry.credentials.values():
            if (key.name, "") in self.told:
                told = self.told[key.name, ""]
                state = "disabled" if key.disabled else "invalid" if key.invalid else "ready"
                assert told.state == state
                assert told.reason == (key.disabled or key.invalid)
                assert told.quota == self.pool.registry.canonical(key.quota)
            else:
                assert key.usable
        for group in self.pool.registry.quotas.values():
            until = self.clock.wall_at(group.until) if group.until else 0.0
            for key in self.pool.registry.credentials_of(group):
                last = self.told.get((key.name, group.model))
                if last is None:
                    assert group.state is QuotaState.READY
                    continue
                assert last.state == STATES[group.state]
                assert last.reason == group.reason
                assert last.quota == group.name
                assert abs((last.until or 0.0) - until) <= 1.5
        assert self.paused == self.pool.status.paused

    def _no_model_rests_for_long(self, now: float) -> None:
        transient = self.pool.failures
        for model in transient.models:
            assert transient.available_at(model, now) <= now + LONGEST_REST + SAME
        for item, model in transient.items:
            assert transient.available_at(model, now, item) <= now + LONGEST_REST + SAME

    def _it_will_go_on(self, now: float) -> None:
        moment = self.pool.next_time()
        if self.waiting or self.held:
            assert moment is not None
        assert moment is None or moment > now

    # What happens beside a step

    def died(self, item: str) -> None:
        """A worker's process is gone: what it asked for is not waited for."""
        self.waiting = {ticket for ticket in self.waiting if ticket[0] != item}

    def through(self, item: str) -> None:
        """An item is through, and begins anew if it comes again."""
        for place in [place for place in self._failures if place[0] == item]:
            del self._failures[place]
            self._blamed.discard(place)

    def nothing_is_left_of(self, item: str) -> None:
        assert not any(held.item == item for held in self.held.values())
        assert not any(ticket.item == item for ticket in self.pool.queue)

    def no_secret_is_shown(self) -> None:
        shown = [repr(vars(self.pool)), repr(vars(self.pool.queue)), repr(vars(self.pool.limit))]
        shown += [repr(each) for each in self.pool.queue]
        shown += [
            repr(vars(each)) for each in (self.pool.failures, self.pool.registry, self.pool.leases)
        ]
        shown += [
            repr(vars(self.pool.status)),
            repr(vars(self.pool.outcomes.detector)),
            repr(self.told),
        ]
        assert CANARY not in "".join(shown)
