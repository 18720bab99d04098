"""A pool whose clock is moved by hand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from assemblyzero_tui.runner.credentials.credentials import Credential
from assemblyzero_tui.runner.credentials.secret import Secret
from assemblyzero_tui.runner.model.events import (
    AnyEvent,
    CallEnded,
    CallQueued,
    CallStarted,
    CredentialChanged,
    Notice,
    PoolChanged,
    QuotaCounted,
)
from assemblyzero_tui.runner.model.quota_days import QuotaDays
from assemblyzero_tui.runner.pool.grants.ledger import Ledger
from assemblyzero_tui.runner.pool.grants.pool import Pool
from assemblyzero_tui.runner.pool.grants.quota import Quota
from assemblyzero_tui.runner.wire.worker_messages import Acquire, Deny, Grant, Release

NOON = 1_780_340_400.0
"""12:00 in California on a day in June 2026."""
HOUR = 3600.0
MIDNIGHT = NOON + 12 * HOUR
CANARY = "canary-key-of-"
"""How the text of every key begins."""


class HandClock:
    """Three readings that go on together until somebody says otherwise."""

    def __init__(self, now: float = 1000.0, wall: float = NOON, awake: float = 400.0) -> None:
        self.reading, self.on_the_wall, self.while_awake = now, wall, awake

    def now(self) -> float:
        return self.reading

    def wall(self) -> float:
        return self.on_the_wall

    def wall_at(self, moment: float) -> float:
        return self.on_the_wall + (moment - self.reading)

    def awake(self) -> float:
        return self.while_awake

    def go(self, seconds: float) -> None:
        """Time goes by."""
        self.go_to(self.reading + seconds)

    def go_to(self, moment: float) -> None:
        """Time goes by until a moment, which it meets exactly."""
        seconds = moment - self.reading
        self.reading = moment
        self.on_the_wall += seconds
        self.while_awake += seconds

    def suspend(self, seconds: float) -> None:
        """The machine sleeps."""
        self.reading += seconds
        self.on_the_wall += seconds

    def set_wall(self, by: float) -> None:
        """Somebody sets the clock on the wall."""
        self.on_the_wall += by


def key(
    name: str, project: str = "", *, rpm: int | dict[str, int] = 0, rpd: int | dict[str, int] = 0,
    tpm: int | dict[str, int] = 0,
) -> Credential:  # fmt: skip
    """A key with this name; its text tells the name, and that it must not be seen."""
    limits = ({} if not v else {"*": v} if isinstance(v, int) else v for v in (rpm, rpd, tpm))
    return Credential(name, Secret(f"{CANARY}{name:>10}"), project, *limits)


def keys(
    *names: str, project: str = "", rpm: int = 0, rpd: int = 0, tpm: int = 0
) -> list[Credential]:
    """Keys with these names, otherwise alike."""
    return [key(name, project, rpm=rpm, rpd=rpd, tpm=tpm) for name in names]


class Driven:
    """A pool, its clock, and whatever it has told."""

    def __init__(
        self,
        credentials: Iterable[Credential] = (),
        *,
        clock: HandClock | None = None,
        days: QuotaDays | None = None,
        chance: float = 0.5,
        most: int = 10,
    ) -> None:
        self.clock = HandClock() if clock is None else clock
        self.pool = Pool(credentials, clock=self.clock, days=days, chance=lambda: chance, most=most)
        self.requests = 0
        self.events: list[AnyEvent] = []
        self.answers: list[tuple[str, Grant | Deny]] = []

    # Steps

    def serve(self) -> Ledger:
        ledger = self.pool.process()
        self.events += ledger.events
        self.answers += ledger.answers
        return ledger

    def ask(self, item: str = "A", model: str = "m", *, attempt: int = 1, **wish: Any) -> Ledger:
        self.requests += 1
        self.pool.acquire(item, attempt, Acquire(request=self.requests, model=model, **wish))
        return self.serve()

    def withdraw(self, item: str = "A", request: int = 0) -> Ledger:
        self.pool.withdraw(item, 1, request or self.requests)
        return self.serve()

    def ends(self, outcome: str = "ok", lease: int = 0, **news: Any) -> Ledger:
        """The call of a lease, of the newest if none is named, ends."""
        out = self.pool.leases.active[lease or max(self.pool.leases.active)]
        self.pool.release(out.item, out.attempt, Release(lease=out.number, outcome=outcome, **news))
        return self.serve()

    def go(self, seconds: float) -> Ledger:
        self.clock.go(seconds)
        return self.serve()

    def go_on(self) -> Ledger:
        """Time goes by until the pool has something to do."""
        moment = self.pool.next_time()
        assert moment is not None
        assert moment > self.clock.now()
        self.clock.go_to(moment)
        return self.serve()

    # In short

    def granted(self, item: str = "A", model: str = "m") -> str:
        """The name of the key that is granted at once; ``wait`` or ``deny`` if none is."""
        ledger = self.ask(item, model)
        mine = [a for _, a in ledger.answers if a.request == self.requests]
        if not mine:
            self.withdraw(item)
            return "wait"
        return mine[0].name if isinstance(mine[0], Grant) else "deny"

    def denial(self, item: str = "A", model: str = "m", **wish: Any) -> Deny:
        """What is said to whoever asks now."""
        ledger = self.ask(item, model, **wish)
        (answer,) = [a for _, a in ledger.answers if a.request == self.requests]
        assert isinstance(answer, Deny)
        return answer

    def call(self, outcome: str = "ok", item: str = "A", model: str = "m", **news: Any) -> str:
        """A call that is granted at once and ends at once; the name of its key."""
        ledger = self.ask(item, model)
        (lease,) = granted_leases(ledger)
        name = self.pool.leases.active[lease].credential
        self.ends(outcome, lease, **news)
        return name

    def opens_in(self, model: str = "m", item: str = "") -> float:
        """Seconds until a call to a model may start, of an item if one is named."""
        now = self.clock.now()
        answers = self.pool.failures.available_at(model, now, item)
        return max(self.pool.status.available_at(model, now), answers) - now

    def group(self, name: str, model: str = "m") -> Quota:
        """The quota of the key of this name."""
        found = self.pool.registry.find(name)
        assert found is not None
        return self.pool.registry.quota(found, model)

    def state(self, name: str, model: str = "m") -> str:
        return self.group(name, model).state.value


# What a ledger says


def granted_leases(ledger: Ledger) -> list[int]:
    return [answer.lease for _, answer in ledger.answers if isinstance(answer, Grant)]


def granted_items(ledger: Ledger) -> list[str]:
    return [item for item, answer in ledger.answers if isinstance(answer, Grant)]


def denied_items(ledger: Ledger) -> list[str]:
    return [item for item, answer in ledger.answers if isinstance(answer, Deny)]


def started(events: Iterable[AnyEvent]) -> list[CallStarted]:
    return [event for event in events if isinstance(event, CallStarted)]


def ended(events: Iterable[AnyEvent]) -> list[CallEnded]:
    return [event for event in events if isinstance(event, CallEnded)]


def queued(events: Iterable[AnyEvent]) -> list[CallQueued]:
    return [event for event in events if isinstance(event, CallQueued)]


def changed(events: Iterable[AnyEvent]) -> list[CredentialChanged]:
    return [event for event in events if isinstance(event, CredentialChanged)]


def states(events: Iterable[AnyEvent]) -> list[tuple[str, str]]:
    """Names of keys and what they changed to."""
    return [(event.credential, event.state) for event in changed(events)]


def notices(events: Iterable[AnyEvent]) -> list[str]:
    return [event.text for event in events if isinstance(event, Notice)]


def pool_states(events: Iterable[AnyEvent]) -> list[PoolChanged]:
    return [event for event in events if isinstance(event, PoolChanged)]


def figures(events: Iterable[AnyEvent]) -> list[QuotaCounted]:
    return [event for event in events if isinstance(event, QuotaCounted)]
