"""The credential pool: who may call a model now, with which key, and what became of it.

One lease is one HTTP attempt. The pool is pure: messages in, a ledger out; clock and random
numbers come from outside. Engine and simulation drive the same one.

It counts what it grants and so knows, without being refused, when a quota is used up. Whoever asks
meanwhile waits in line; when no key can be used for longer than a minute and a half, whoever asks
is told to save and leave, and the pool says when it goes on.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from math import inf

import msgspec

from assemblyzero_tui.runner.credentials.credentials import Credential
from assemblyzero_tui.runner.model.call_outcomes import Outcome
from assemblyzero_tui.runner.model.events import (
    AnyEvent,
    CallEnded,
    CallQueued,
    CallStarted,
    CredentialChanged,
    KeyState,
    Notice,
)
from assemblyzero_tui.runner.model.quota_days import PacificDays, QuotaDays
from assemblyzero_tui.runner.pool.grants.clock import Clock
from assemblyzero_tui.runner.pool.grants.concurrency_limit import ConcurrencyLimit
from assemblyzero_tui.runner.pool.grants.fair_queue import FairQueue, Ticket
from assemblyzero_tui.runner.pool.grants.ledger import Changes, Lease, Ledger, Tally
from assemblyzero_tui.runner.pool.grants.outcome_handling import learn, was_let_in
from assemblyzero_tui.runner.pool.grants.pooled_credential import PooledCredential
from assemblyzero_tui.runner.pool.grants.quota import Quota, QuotaDay, QuotaState
from assemblyzero_tui.runner.pool.grants.reasons import why_closed
from assemblyzero_tui.runner.pool.grants.shared_quota_detection import SharedQuotaDetector
from assemblyzero_tui.runner.pool.grants.status import PARK_AFTER, PoolStatus
from assemblyzero_tui.runner.pool.grants.transient_failures import TransientFailures
from assemblyzero_tui.runner.wire.worker_messages import Acquire, Deny, Grant, Release

CALL_TIMEOUT = 600.0
"""Seconds one call may take."""
PATIENCE = 30.0
"""Seconds after a call's time is up until its lease is taken back by force."""
WORTH_SAYING = 1.0
"""Seconds of waiting in line from which on it is said."""
MOMENT = 0.001
"""Seconds to wait at least for a lease's time: two clocks may differ in the last digit."""
A_DAY = 86_400.0
LATE = 256
"""So many leases that ended by force are remembered, for what is said of them late."""
STATES: dict[QuotaState, KeyState] = {
    QuotaState.OPEN: "ready",
    QuotaState.PROBING: "probing",
    QuotaState.COOLING: "cooling",
    QuotaState.EXHAUSTED: "exhausted",
    QuotaState.NO_TIER: "no_tier",
}
"""What the faces are told of a key whose quota has this door."""
LONGEST_HINT = 86_400.0
"""Seconds of waiting that the service asks for are believed up to here."""


class Pool:
    """Grants leases and takes them back.

    Feed it messages, then call :meth:`serve`: it grants what can be granted and gives the ledger.

    Args:
        credentials: The keys; without any, whoever asks gets a lease without a key.
        clock: See :class:`~assemblyzero_tui.runner.pool.grants.clock.Clock`.
        days: When the service's day ends.
        chance: A random number from 0 to 1.
        most: How many workflows the user wants at work.
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
        self.days: QuotaDays = PacificDays() if days is None else days
        self.chance = chance
        self.keys: dict[str, PooledCredential] = {}
        """By fingerprint."""
        self.groups: dict[tuple[str, str], Quota] = {}
        """By the name of the quota, as :meth:`canonical` gives it, and model."""
        self.transient = TransientFailures(self.tell, chance)
        self.line = FairQueue()
        self.sharing = SharedQuotaDetector()
        self.slots = ConcurrencyLimit()
        self.judge = PoolStatus(self, most)
        self.changes = Changes()
        self.out: dict[int, Lease] = {}
        self._same: dict[str, str] = {}
        self._late: dict[int, Lease] = {}
        self._last = 0
        self._ledger = Ledger()
        self._began: float | None = None
        self._said: dict[tuple[str, str], tuple[object, ...]] = {}
        for credential in credentials:
            self.keys[credential.secret.fingerprint] = PooledCredential(credential)

    # What there is

    def canonical(self, quota: str) -> str:
        """The name of the quota that this one turned out to be."""
        while quota in self._same:
            quota = self._same[quota]
        return quota

    def group(self, key: PooledCredential, model: str) -> Quota:
        """The quota of a key for a model; it is made when it is needed."""
        return self.group_named(key.quota, model)

    def group_named(self, quota: str, model: str) -> Quota:
        """The quota of this name, merged or not, for a model."""
        name = self.canonical(quota)
        found = self.groups.get((name, model))
        if found is None:
            found = self.groups[name, model] = Quota(name, model, since=self.clock.now())
            for key in self.keys_of(found):
                self._give_limits(found, key.credential)
            if any(key.probe_first for key in self.keys_of(found)):
                found.door = QuotaState.PROBING
                self.say_group(found)
        return found

    def _give_limits(self, group: Quota, credential: Credential) -> None:
        per_minute, per_day = credential.limits(group.model)
        if per_minute is not None:
            group.per_minute = min(per_minute, group.per_minute or per_minute)
        if per_day is not None:
            group.per_day = min(per_day, group.per_day or per_day)

    def given(self, group: Quota) -> tuple[int | None, int | None]:
        """What the user said that a quota allows: calls a minute and a day."""
        limits = [key.credential.limits(group.model) for key in self.keys_of(group)]
        return (
            min((minute for minute, _ in limits if minute is not None), default=None),
            min((day for _, day in limits if day is not None), default=None),
        )

    def keys_of(self, group: Quota) -> list[PooledCredential]:
        """The keys that use a quota."""
        return [key for key in self.keys.values() if self.canonical(key.quota) == group.name]

    def others(self, group: Quota) -> list[Quota]:
        """The other quotas of the same model."""
        return [
            other
            for (_, model), other in self.groups.items()
            if model == group.model and other is not group
        ]

    def named(self, name: str) -> PooledCredential | None:
        """The key of this name, or with this fingerprint."""
        found = self.keys.get(name)
        return found or next((key for key in self.keys.values() if key.name == name), None)

    def today(self, now: float) -> QuotaDay:
        """The service's day."""
        wall = self.clock.wall()
        ends = self.days.end(wall)
        return QuotaDay(self.days.name(wall), now + self._until_wall(ends, wall, now))

    def _until_wall(self, ends: float, wall: float, now: float) -> float:
        """Seconds of the pool's clock until a time on the wall; two looks at the clocks, between
        which this process may have to wait, must not matter."""
        ahead = self.clock.wall_at(now + A_DAY) - self.clock.wall_at(now)
        return (ends - wall) * A_DAY / ahead

    def opens(self, model: str, now: float) -> float:
        """When there is a credential for a call to a model: now, later, or never."""
        if not self.keys:
            return now
        times = [self.group(key, model).opens(now) for key in self.keys.values() if key.usable]
        return max(min(times, default=inf), self.judge.throttled_until)

    # Messages

    def opened(self) -> None:
        """Says which keys there are, and what is the matter with them."""
        for key in self.keys.values():
            self.say_key(key)
        for group in self.groups.values():
            self.say_group(group)

    def acquire(self, item: str, attempt: int, wish: Acquire) -> None:
        """Puts a request in line."""
        now = self.clock.now()
        self.slots.asked(item, now)
        self.line.add(Ticket(item, attempt, wish, now))
        for key in self.keys.values():
            self.group(key, wish.model)

    def withdraw(self, item: str, attempt: int, request: int) -> None:
        """Takes a request out of the line."""
        for ticket in list(self.line):
            if (ticket.item, ticket.attempt, ticket.wish.request) == (item, attempt, request):
                self.line.drop(ticket)

    def release(self, item: str, attempt: int, news: Release) -> None:
        """Takes a lease back.

        What a worker says of a lease that it does not hold changes nothing, but for one thing: a
        lease that was taken from it by force may still tell what the service said.
        """
        hint = max(0.0, min(news.retry_after, LONGEST_HINT))  # zero if it is no number
        if hint != news.retry_after:
            news = msgspec.structs.replace(news, retry_after=hint)
        lease = self.out.get(news.lease)
        if lease is not None and (lease.item, lease.attempt) == (item, attempt):
            self._end(lease, news)
            return
        lease = self._late.get(news.lease)
        if lease is not None and (lease.item, lease.attempt) == (item, attempt):
            del self._late[news.lease]
            if lease.key in self.keys and not was_let_in(news.outcome):
                learn(self, lease, news)
            return
        text = f"{item} gave back the lease {news.lease}, which it does not hold"
        self.tell(Notice(item=item, attempt=attempt, text=text, level="warning"))

    def died(self, item: str) -> None:
        """Takes back every lease of an item whose process is gone, and what it asked for."""
        self.line.drop_item(item)
        self.slots.gone(item)
        for lease in [lease for lease in self.out.values() if lease.item == item]:
            self._force(lease)

    def through(self, item: str) -> None:
        """An item is through: it will not ask again, or anew."""
        self.line.forget(item)
        self.transient.forget(item)

    def _force(self, lease: Lease) -> None:
        self._end(lease, Release(lease=lease.number, outcome=Outcome.DIED))
        self._late[lease.number] = lease
        while len(self._late) > LATE:
            del self._late[next(iter(self._late))]

    def _end(self, lease: Lease, news: Release) -> None:
        del self.out[lease.number]
        self.tell(
            CallEnded(
                item=lease.item,
                attempt=lease.attempt,
                lease=lease.number,
                outcome=news.outcome,
                credential=lease.credential,
                model=news.model or lease.model,
                input_tokens=news.input_tokens,
                output_tokens=news.output_tokens,
                seconds=news.seconds,
            )
        )
        now = self.clock.now()
        self.transient.ended(lease, news, now)
        if news.outcome == Outcome.OK:
            self.slots.called(lease.item, lease.model, now - lease.started, now)
        if lease.key in self.keys:
            self.changes.ended.append(lease)
            self.changes.tallies.append(
                Tally(
                    lease.key,
                    lease.model,
                    news.outcome == Outcome.OK,
                    news.outcome not in (Outcome.OK, Outcome.DIED, Outcome.CANCELLED),
                    news.input_tokens,
                    news.output_tokens,
                )
            )
            learn(self, lease, news)

    # What the user does

    def add(self, credential: Credential) -> None:
        """Takes in another key; one that is known is not taken in again."""
        fingerprint = credential.secret.fingerprint
        if fingerprint in self.keys:
            return
        key = self.keys[fingerprint] = PooledCredential(credential)
        self.changes.keys.add(fingerprint)
        self.say_key(key)
        for (name, _), group in self.groups.items():
            if name == self.canonical(key.quota):
                self._give_limits(group, credential)
                self.say_group(group)

    def disable(self, name: str, why: str = "by you") -> None:
        """Switches a key off; a call under way with it goes on."""
        if (key := self.named(name)) is not None:
            key.disabled, key.since = why, self.clock.wall()
            self.changes.keys.add(key.fingerprint)
            self.say_key(key)

    def enable(self, name: str) -> None:
        """Switches a key on again."""
        if (key := self.named(name)) is not None:
            key.disabled, key.since = "", self.clock.wall()
            self.changes.keys.add(key.fingerprint)
            self.say_key(key)

    def reset(self, name: str) -> None:
        """Forgets what was held against a key and its quotas; they are tried with one call."""
        if (key := self.named(name)) is None:
            return
        key.invalid, key.strikes, key.since = "", 0, self.clock.wall()
        self.changes.keys.add(key.fingerprint)
        self.changes.resets.add(key.fingerprint)
        self.say_key(key)
        for group in self.groups.values():
            if group.name == self.canonical(key.quota):
                self._try(group, forget=True)

    def try_key(self, name: str, item: str, wish: Acquire) -> None:
        """Grants a call with this very key at once, whatever is held against it and its quota."""
        if (key := self.named(name)) is not None:
            now = self.clock.now()
            ticket = Ticket(item, 1, wish, now)
            self.line.add(ticket)
            self._grant(ticket, key, now, self.today(now))

    def works(self, name: str) -> None:
        """A key that the service did not accept has been accepted after all."""
        key = self.named(name)
        if key is not None and key.invalid:
            key.invalid, key.strikes, key.since = "", 0, self.clock.wall()
            self.changes.keys.add(key.fingerprint)
            self.say_key(key)

    def try_now(self) -> None:
        """Opens every door that a time keeps closed, for one call at first, and asks every model
        again that is not answering."""
        for group in self.groups.values():
            if group.door in (QuotaState.COOLING, QuotaState.EXHAUSTED):
                self._try(group)
        self.transient.try_now()
        self.judge.try_now()

    def _try(self, group: Quota, *, forget: bool = False) -> None:
        now = self.clock.now()
        today = self.today(now).name
        group.waived, group.struck, group.probe = today, "", 0
        group.door, group.since, group.until, group.reason = QuotaState.PROBING, now, 0.0, ""
        if forget:
            group.forget(today)
            for key in self.keys_of(group):
                self._give_limits(group, key.credential)
        self.changes.groups.add((group.name, group.model))
        self.say_group(group)

    def merge(self, one: Quota, other: Quota) -> None:
        """Treats two quotas as one from now on, for every model."""
        kept, gone = sorted((one.name, other.name))
        theirs = (one.name, other.name)
        names = " and ".join(
            key.name for key in self.keys.values() if self.canonical(key.quota) in theirs
        )
        self._same[gone] = kept
        for (name, model), group in list(self.groups.items()):
            if name == gone:
                del self.groups[name, model]
                self.group_named(kept, model).absorb(group)
        text = f"{names} are refused together: they are treated as keys of one project"
        self.tell(Notice(text=text, level="warning"))
        for (name, model), group in self.groups.items():
            if name == kept:
                self.changes.groups.add((name, model))
                self.say_group(group)
                for key in self.keys_of(group):
                    self.say_key(key)

    # Serving

    def serve(self) -> Ledger:
        """Grants and denies what can be granted and must be denied now; what there is to tell."""
        now = self.clock.now()
        today = self.today(now)
        if self.keys:
            self._look_at_the_wall()
            self._take_back(self.clock.awake())
            for group in self.groups.values():
                self._settle(group, now, today)
        self._give_up()
        self._grant_all(now, today)
        self._deny_all(now)
        if self.keys:
            self.judge.judge(now, today)
        ledger, self._ledger = self._ledger, Ledger()
        return ledger

    def next_time(self) -> float | None:
        """When it should serve again at the latest, by its clock; ``None`` if no time is known."""
        now = self.clock.now()
        opens = {model: self.opens(model, now) for model in {t.wish.model for t in self.line}}
        times = [
            max(opens[ticket.wish.model], self.transient.opens(ticket.wish.model, now, ticket.item))
            for ticket in self.line
        ]
        if not self.keys:
            return min(times, default=None)
        times += [group.until for group in self.groups.values() if group.until > now]
        awake = self.clock.awake()
        times += [now + max(lease.expires - awake, MOMENT) for lease in self.out.values()]
        times += self.judge.times(now)
        return min((time for time in times if time != inf), default=None)

    def _look_at_the_wall(self) -> None:
        """Says anew until when doors are closed if somebody has set the clock on the wall."""
        began = self.clock.wall_at(0.0)
        if self._began is None or abs(began - self._began) > WORTH_SAYING:
            self._began = began
            for group in self.groups.values():
                self.say_group(group)

    def _settle(self, group: Quota, now: float, today: QuotaDay) -> None:
        if group.settle(now, today):
            self.changes.groups.add((group.name, group.model))
            self.say_group(group)

    def _take_back(self, awake: float) -> None:
        for lease in list(self.out.values()):
            if lease.expires <= awake:
                self._force(lease)
                self._ledger.revoked.append((lease.item, lease.attempt))

    def _give_up(self) -> None:
        """Denies what is asked for by items whose calls fail although they might not."""
        for ticket in list(self.line):
            if why := self.transient.given_up(ticket.item, ticket.wish.model):
                self._answer(ticket, Deny(request=ticket.wish.request, why=why))

    def _grant_all(self, now: float, today: QuotaDay) -> None:
        closed: set[str] = set()
        going = True
        while going:
            going = False
            for ticket in self.line.in_turn():
                model = ticket.wish.model
                if model in closed or self.transient.opens(model, now, ticket.item) > now:
                    continue
                key = self._pick(model, now)
                if key is None and self.keys:
                    closed.add(model)
                    continue
                self._grant(ticket, key, now, today)
                going = True
                break

    def _pick(self, model: str, now: float) -> PooledCredential | None:
        """The key that is used next: of the quota that is used least, the one that rested most."""
        if self.judge.throttled_until > now:
            return None
        best: tuple[bool, float, int] | None = None
        found = None
        for key in self.keys.values():
            if not key.usable:
                continue
            group = self.group(key, model)
            if group.opens(now) > now:
                continue
            rate = group.rate(now)
            used = group.count(now) / rate if rate != inf else 0.0
            order = (group.door is QuotaState.PROBING, used, key.served)
            if best is None or order < best:
                best, found = order, key
        return found

    def _grant(
        self, ticket: Ticket, key: PooledCredential | None, now: float, today: QuotaDay
    ) -> None:
        self._last += 1
        wish = ticket.wish
        timeout = min(CALL_TIMEOUT, wish.deadline) if wish.deadline else CALL_TIMEOUT
        lease = Lease(
            self._last,
            ticket.item,
            ticket.attempt,
            wish.model,
            key.fingerprint if key is not None else "",
            key.name if key is not None else "",
            key.quota if key is not None else "",
            now,
            today.name,
            self.clock.awake() + timeout + PATIENCE,
        )
        self.out[lease.number] = lease
        self.transient.start(lease)
        self.line.serve(ticket)
        if key is not None:
            key.served = lease.number
            self.group(key, wish.model).start(now, lease.number, today)
            self.changes.granted.append(lease)
        secret = key.credential.secret.reveal() if key is not None else ""
        self._ledger.answers.append(
            (
                ticket.item,
                Grant(
                    request=wish.request,
                    lease=lease.number,
                    name=lease.credential,
                    secret=secret,
                    call_timeout=timeout,
                ),
            )
        )
        self.tell(
            CallStarted(
                item=ticket.item,
                attempt=ticket.attempt,
                lease=lease.number,
                model=wish.model,
                credential=lease.credential,
                node=wish.node,
                timeout=timeout,
                waited=now - ticket.since if key is not None or ticket.told > -inf else 0.0,
            )
        )
        if key is not None:
            self._settle(self.group(key, wish.model), now, today)

    def _deny_all(self, now: float) -> None:
        for ticket in list(self.line):
            model = ticket.wish.model
            opens, answers = self.opens(model, now), self.transient.opens(model, now, ticket.item)
            if opens - now > PARK_AFTER:
                self._deny(ticket, opens, now)
            elif answers > opens:
                if now >= ticket.told and answers - now >= WORTH_SAYING:
                    why = self.transient.why(model, now, ticket.item)
                    self._queued(ticket, why, answers, for_model=True)
            elif ticket.told == -inf and (
                opens - now >= WORTH_SAYING or now - ticket.since >= WORTH_SAYING
            ):
                self._queued(ticket, why_closed(self, model, now), opens)

    def _queued(self, ticket: Ticket, why: str, until: float, *, for_model: bool = False) -> None:
        ticket.told = until
        self.tell(
            CallQueued(
                item=ticket.item,
                attempt=ticket.attempt,
                model=ticket.wish.model,
                why=why,
                until=self.clock.wall_at(until),
                for_model=for_model,
            )
        )

    def _deny(self, ticket: Ticket, opens: float, now: float) -> None:
        model = ticket.wish.model
        park = not self.without_tier(model)
        denial = Deny(
            request=ticket.wish.request,
            why=why_closed(self, model, now),
            until=self.clock.wall_at(opens) if opens != inf else 0.0,
            park=park,
        )
        self._answer(ticket, denial)
        if park:
            self.judge.park(model, opens)

    def _answer(self, ticket: Ticket, denial: Deny) -> None:
        self._ledger.answers.append((ticket.item, denial))
        self.line.drop(ticket)

    def without_tier(self, model: str) -> bool:
        """Whether every key that could be used has no quota at all for a model."""
        doors = [self.group(key, model).door for key in self.keys.values() if key.usable]
        return bool(doors) and all(door is QuotaState.NO_TIER for door in doors)

    # Telling

    def tell(self, event: AnyEvent) -> None:
        """Puts an event into the ledger."""
        self._ledger.events.append(event)

    def say_key(self, key: PooledCredential) -> None:
        """Tells what is the matter with a key, for every model, if that is news."""
        state: KeyState = "disabled" if key.disabled else "invalid" if key.invalid else "ready"
        self._say(
            CredentialChanged(
                credential=key.name,
                state=state,
                reason=key.disabled or key.invalid,
                project=key.credential.project,
                fingerprint=key.fingerprint,
                quota=self.canonical(key.quota),
            )
        )

    def say_group(self, group: Quota) -> None:
        """Tells what is the matter with a quota, for each of its keys, if that is news."""
        state = STATES[group.door]
        for key in self.keys_of(group):
            self._say(
                CredentialChanged(
                    credential=key.name,
                    state=state,
                    model=group.model,
                    reason=group.reason,
                    until=self.clock.wall_at(group.until) if group.until else None,
                    project=key.credential.project,
                    fingerprint=key.fingerprint,
                    quota=group.name,
                    count=group.refusals,
                )
            )

    def _say(self, event: CredentialChanged) -> None:
        place = (event.credential, event.model)
        until = round(event.until) if event.until else None
        what = (event.state, event.reason, until, event.quota)
        before = self._said.get(place, ("ready", "", None, event.quota) if event.model else None)
        if what != before:
            self._said[place] = what
            self.tell(event)
