"""Pools with stores, for tests: keys, calls and how they end."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from assemblyzero_tui.runner.credentials.credentials import Credential
from assemblyzero_tui.runner.credentials.secret import Secret
from assemblyzero_tui.runner.model.call_outcomes import Outcome
from assemblyzero_tui.runner.model.events import CredentialChanged
from assemblyzero_tui.runner.pool.grants.clock import Clock
from assemblyzero_tui.runner.pool.grants.ledger import Ledger
from assemblyzero_tui.runner.pool.grants.pool import Pool
from assemblyzero_tui.runner.pool.store.store import PoolStore
from assemblyzero_tui.runner.wire.worker_messages import Acquire, Grant, Release

CANARY = "AIzaCanaryOfTheStoreTests"
MODEL = "gemini-x"
DAY_QUOTA = "GenerateRequestsPerDayPerProjectPerModel-FreeTier"
_requests = itertools.count(1)


def credential(
    number: int, project: str = "", rpm: int = 0, rpd: int = 0, tpm: int = 0
) -> Credential:
    """A key; 0 is no limit that is known."""
    return Credential(
        f"key-{number}", Secret(f"{CANARY}{number:06d}"), project,
        {"*": rpm} if rpm else {}, {"*": rpd} if rpd else {}, {"*": tpm} if tpm else {},
    )  # fmt: skip


class Engine:
    """A pool and its store, as an engine has them."""

    def __init__(
        self, path: Path, clock: Clock, credentials: Iterable[Credential], **settings: Any
    ) -> None:
        self.pool = Pool(credentials, clock=clock, chance=lambda: 0.0)
        self.store = PoolStore.open(path, clock, **({"boot": "one boot"} | settings))
        self.store.load(self.pool.registry)
        self.states: list[tuple[str, str, str]] = []
        """Of keys, as they were told: name, model, state."""

    def exchange(self, *calls: Any) -> Ledger:
        """Does these calls of the pool, and serves, in one exchange."""

        def work() -> Ledger:
            for call in calls:
                call()
            return self.pool.process()

        ledger = self.store.exchange(self.pool.registry, work)
        self.states += [
            (event.credential, event.model, event.state)
            for event in ledger.events
            if isinstance(event, CredentialChanged)
        ]
        return ledger

    def ask(self, count: int = 1, item: str = "LLD-1", tokens: int = 0) -> list[Grant]:
        """Asks for calls, and gives what was granted at once."""
        wishes = [
            Acquire(request=next(_requests), model=MODEL, tokens=tokens, counted=tokens > 0)
            for _ in range(count)
        ]
        ledger = self.exchange(*(lambda w=w: self.pool.acquire(item, 1, w) for w in wishes))
        granted = [answer for _, answer in ledger.answers if isinstance(answer, Grant)]
        done = {grant.request for grant in granted}
        for wish in wishes:
            if wish.request not in done:
                self.pool.withdraw(item, 1, wish.request)
        return granted

    def end(self, grant: Grant, outcome: Outcome = Outcome.OK, **more: Any) -> Ledger:
        """Ends a call."""
        release = Release(lease=grant.lease, outcome=outcome, model=MODEL, **more)
        return self.exchange(lambda: self.pool.release("LLD-1", 1, release))

    def use_up_the_day(self) -> None:
        """Makes calls until the day's quota is believed to be exhausted."""
        (grant,) = self.ask()
        self.end(grant, Outcome.DAY, quotas={DAY_QUOTA: 1})

    def group(self, number: int = 1) -> Any:
        """The quota of a key."""
        (key,) = [k for k in self.pool.registry.credentials.values() if k.name == f"key-{number}"]
        return self.pool.registry.quota(key, MODEL)
