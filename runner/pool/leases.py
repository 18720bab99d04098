"""The book of leases: who may call a model now, with which key, and what became of it.

One lease is one HTTP attempt. Ids only grow, so a late or repeated release changes nothing. The
book is pure: messages in, answers and events out, a clock and random numbers from outside.

A key that is refused is put out. A quota of a minute lets its key rest until it has some again, a
quota of a day until midnight in California, each for one model and for every key of the same
project. A model without capacity rests for all keys. Whoever asks meanwhile waits in line; when
nothing but the end of the day can help, the asker is told to park.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from assemblyzero_tui.runner.events import (
    AnyEvent,
    CallEnded,
    CallStarted,
    CredentialChanged,
    Notice,
)
from assemblyzero_tui.runner.llm.provider import Outcome
from assemblyzero_tui.runner.pool.credentials import Credential
from assemblyzero_tui.runner.pool.rests import Key, Rests
from assemblyzero_tui.runner.worker.messages import Acquire, Deny, Grant, Release

CALL_TIMEOUT = 600.0
"""Seconds one call may take."""
WORTH_SAYING = 2.0
"""Seconds of waiting in line from which on it is said."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to make one call, in the hand of one attempt of one item."""

    number: int
    item: str
    attempt: int
    model: str
    credential: str


@dataclass(frozen=True, slots=True)
class Asker:
    """A request in line."""

    item: str
    attempt: int
    wish: Acquire


@dataclass(slots=True)
class Ledger:
    """What a step of the book has to tell."""

    answers: list[tuple[str, Grant | Deny]] = field(default_factory=list)
    """For the workers of these items."""
    events: list[AnyEvent] = field(default_factory=list)
    """For the journal, in order."""


class LeaseBook:
    """Grants leases and takes them back.

    Args:
        credentials: The keys; without any, whoever asks gets a lease without a key.
        clock: Seconds since the epoch.
        chance: A random number from 0 to 1.
    """

    def __init__(
        self,
        credentials: Iterable[Credential] = (),
        *,
        clock: Callable[[], float],
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._clock = clock
        self._keys = [Key(credential) for credential in credentials]
        self._rests = Rests(self._keys, chance)
        self._last = 0
        self._turn = 0
        """Place of the key whose turn it is."""
        self._out: dict[int, Lease] = {}
        self._line: deque[Asker] = deque()

    def __len__(self) -> int:
        """How many leases are out."""
        return len(self._out)

    @property
    def waiting(self) -> int:
        """How many requests are in line."""
        return len(self._line)

    def opened(self) -> list[AnyEvent]:
        """An event for each key, so that every face knows its name."""
        return [CredentialChanged(credential=key.name, state="ready") for key in self._keys]

    def acquire(self, item: str, attempt: int, wish: Acquire) -> Ledger:
        """Puts a request in line, and serves the line."""
        asker = Asker(item, attempt, wish)
        self._line.append(asker)
        ledger = self.serve()
        wait = self._rests.opens(wish.model, now := self._clock()) - now
        if asker in self._line and wait >= WORTH_SAYING:
            why = self._rests.why(wish.model, now)
            ledger.events.append(
                Notice(item=item, attempt=attempt, text=f"waits {wait:.0f} s: {why}")
            )
        return ledger

    def withdraw(self, item: str, attempt: int, request: int) -> None:
        """Takes a request out of the line."""
        self._line = deque(
            asker
            for asker in self._line
            if (asker.item, asker.attempt, asker.wish.request) != (item, attempt, request)
        )

    def serve(self) -> Ledger:
        """Grants and denies what can be granted and must be denied now."""
        ledger, now = Ledger(), self._clock()
        left: deque[Asker] = deque()
        for asker in self._line:
            model = asker.wish.model
            if not self._keys:
                self._grant(asker, None, ledger)
            elif self._rests.hopeless(model, now):
                self._deny(asker, ledger, now)
            elif (key := self._next_key(model, now)) is None:
                left.append(asker)
            else:
                self._grant(asker, key, ledger)
        self._line = left
        return ledger

    def next_time(self) -> float | None:
        """When the line should be served again; ``None`` while nobody waits for a time."""
        now = self._clock()
        times = [self._rests.opens(asker.wish.model, now) for asker in self._line]
        return min(times, default=None)

    def release(self, item: str, attempt: int, news: Release) -> Ledger:
        """Takes a lease back; nothing happens if this attempt does not hold it (any more)."""
        lease = self._out.get(news.lease)
        if lease is None or (lease.item, lease.attempt) != (item, attempt):
            return Ledger()
        del self._out[news.lease]
        ledger = Ledger(events=[_ended(lease, news)])
        key = next((key for key in self._keys if key.name == lease.credential), None)
        if key is not None:
            ledger.events += self._rests.learn(key, lease.model, news, self._clock())
        after = self.serve()
        return Ledger(after.answers, ledger.events + after.events)

    def died(self, item: str) -> list[CallEnded]:
        """Takes back every lease of an item whose process is gone, and what it asked for."""
        gone = [lease for lease in self._out.values() if lease.item == item]
        for lease in gone:
            del self._out[lease.number]
        self._line = deque(asker for asker in self._line if asker.item != item)
        return [_ended(lease, Release(lease=lease.number, outcome=Outcome.DIED)) for lease in gone]

    def _next_key(self, model: str, now: float) -> Key | None:
        for key in self._in_turn():
            if self._rests.usable(key, model, now):
                self._turn = (self._keys.index(key) + 1) % len(self._keys)
                return key
        return None

    def _in_turn(self) -> Iterator[Key]:
        yield from self._keys[self._turn :]
        yield from self._keys[: self._turn]

    def _grant(self, asker: Asker, key: Key | None, ledger: Ledger) -> None:
        self._last += 1
        name = key.name if key is not None else ""
        wish = asker.wish
        lease = Lease(self._last, asker.item, asker.attempt, wish.model, name)
        self._out[lease.number] = lease
        timeout = min(CALL_TIMEOUT, wish.deadline) if wish.deadline else CALL_TIMEOUT
        ledger.answers.append(
            (
                asker.item,
                Grant(
                    request=wish.request,
                    lease=lease.number,
                    name=name,
                    secret=key.credential.secret.reveal() if key is not None else "",
                    call_timeout=timeout,
                ),
            )
        )
        ledger.events.append(
            CallStarted(
                item=asker.item,
                attempt=asker.attempt,
                lease=lease.number,
                model=wish.model,
                credential=name,
                node=wish.node,
                timeout=timeout,
            )
        )

    def _deny(self, asker: Asker, ledger: Ledger, now: float) -> None:
        model = asker.wish.model
        until = self._rests.day_ends(model)
        park = not self._rests.without_tier(model)
        why = self._rests.why(model, now)
        denial = Deny(request=asker.wish.request, why=why, until=until, park=park)
        ledger.answers.append((asker.item, denial))


def _ended(lease: Lease, news: Release) -> CallEnded:
    return CallEnded(
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
