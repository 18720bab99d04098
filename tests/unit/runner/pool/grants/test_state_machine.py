"""Everything that workers, the service, the user and the clocks can do to a pool, in any order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product
from random import Random

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from assemblyzero_tui.runner.credentials.credentials import Credential
from assemblyzero_tui.runner.model.call_outcomes import Outcome
from assemblyzero_tui.runner.model.events import Notice
from assemblyzero_tui.runner.pool.grants.ledger import Changes, Ledger
from assemblyzero_tui.runner.pool.grants.pool import Pool
from assemblyzero_tui.runner.pool.grants.pooled_credential import PooledCredential
from assemblyzero_tui.runner.wire.worker_messages import Acquire, Release
from tests.unit.runner.pool.driver import HOUR, MIDNIGHT, NOON, HandClock, key, keys
from tests.unit.runner.pool.grants.test_quota import DAY_ID, MINUTE_ID, TOKENS_ID
from tests.unit.runner.pool.grants.test_quota_days import LONG_DAY, SHORT_DAY
from tests.unit.runner.pool.grants.watcher import Starts, Watcher

MACHINES, EXAMPLES, STEPS = 8, 250, 25
SETTINGS = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
ITEMS = "ABCD"
MODELS = ("m", "m", "n")
LAYOUTS: tuple[Callable[[], list[Credential]], ...] = (
    lambda: keys("one", rpm=3),
    lambda: keys("one", rpd=4),
    lambda: keys("one", "two"),
    lambda: keys("one", "two", "three", rpm=5, rpd=12),
    lambda: [*keys("one", "two", project="p", rpm=4), key("three", rpm=2, rpd=3)],
    lambda: [key("one", "p", rpm={"m": 2, "*": 6}), key("two", "p", rpd=5), key("three")],
    lambda: keys("one", "two", tpm=1000),
    lambda: [*keys("one", "two", project="p", rpm=4, tpm=700), key("three", tpm={"m": 1500})],
)
SPARE = (key("spare", "p", rpm=2), key("other", rpm=10, rpd=6))
QUOTAS: tuple[dict[str, int | None], ...] = (
    {}, {}, {MINUTE_ID: 2}, {MINUTE_ID: 15}, {DAY_ID: 3}, {DAY_ID: 50, MINUTE_ID: None},
    {TOKENS_ID: 1000}, {TOKENS_ID: 1000}, {TOKENS_ID: None}, {TOKENS_ID: 600, MINUTE_ID: 5},
)  # fmt: skip
REASONS = ("", "PERMISSION_DENIED", "API_KEY_INVALID", "SERVICE_DISABLED")
HINTS = (0.0, 0.0, 1.5, 37.4, 85.0, 7000.0)
OUTCOMES = (*Outcome, *[Outcome.OK] * 6, Outcome.MINUTE, Outcome.MINUTE, Outcome.DAY, "odd")
WAITS = (0.25, 1.0, 5.0, 6.1, 31.0, 61.0, 100.0)
SLEEPS = (HOUR, 5 * HOUR, 13 * HOUR, 30 * HOUR)
DEADLINES = (0.0, 0.0, 7.5, 90.0)
MOST_ROUNDS = 600
"""Looks at the clock until everybody must have been served."""

small = st.integers(0, 7)
TOKENS = (0, 100, 350, 600, 870, 2000)
WISHES = list(product(ITEMS, MODELS, (1, 1, 2, 5), DEADLINES, TOKENS))
WAYS = [
    {"outcome": outcome, "quotas": quotas, "retry_after": hint, "reason": reason, "sent": sent}
    for outcome, quotas, hint, reason, sent in product(
        OUTCOMES, QUOTAS, HINTS, REASONS, (True, True, True, False)
    )
]
ends = st.sampled_from(WAYS)
"""One draw and not five, as most of the time goes into drawing."""


@dataclass
class Engine:
    """A pool with its workers, as far as the pool knows of them."""

    pool: Pool
    watcher: Watcher
    attempts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ITEMS, 1))


class PoolMachine(RuleBasedStateMachine):
    """One pool."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = HandClock()
        self.starts = Starts()
        self.requests = 0
        self.sound = False
        """The last step has kept every promise."""
        self.engine: Engine

    @initialize(
        layout=st.sampled_from(LAYOUTS),
        wall=st.sampled_from((NOON, MIDNIGHT - 30, SHORT_DAY - 30, LONG_DAY + 24 * HOUR)),
        chance=st.integers(0, 3),
    )
    def begin(self, layout: Callable[[], list[Credential]], wall: float, chance: int) -> None:
        self.clock.on_the_wall = wall
        self.credentials = layout()
        self.chance = Random(chance).random
        self.engine = self.new_engine()
        self.step()

    def new_engine(self) -> Engine:
        pool = Pool(self.credentials, clock=self.clock, chance=self.chance, most=4)
        pool.registry.report_all()
        return Engine(pool, Watcher(pool, self.clock, self.starts))

    @property
    def pool(self) -> Pool:
        return self.engine.pool

    @property
    def watcher(self) -> Watcher:
        return self.engine.watcher

    def step(self, *, forgave: bool = False) -> Ledger:
        """The pool serves, after whatever was said to it, and everything is checked."""
        self.sound = False
        self.watcher.check(forgave=forgave)
        ledger = self.serve()
        self.watcher.take(ledger)
        if self.pool.blocked is not None:
            assert len(self.pool.queue) == 0
            self.starts.waive(
                list(self.pool.registry.credentials.values()),
                self.pool.registry.days.name(self.clock.wall()),
            )
            self.pool.unblock()
            self.watcher.check(forgave=True)
            self.watcher.take(self.serve())
        self.sound = True
        return ledger

    def serve(self) -> Ledger:
        ledger = self.pool.process()
        self.pool.recorder.changes = Changes()
        return ledger

    # Workers

    @rule(wish=st.sampled_from(WISHES))
    def acquire(self, wish: tuple[str, str, int, float, int]) -> None:
        item, model, times, deadline, tokens = wish
        attempt = self.engine.attempts[item]
        for _ in range(times):
            self.requests += 1
            request = Acquire(request=self.requests, model=model, deadline=deadline, tokens=tokens)
            self.watcher.asks((item, attempt, self.requests), tokens)
            self.pool.acquire(item, attempt, request)
        self.step()

    @precondition(lambda self: self.watcher.waiting)
    @rule(which=small)
    def withdraw(self, which: int) -> None:
        waiting = sorted(self.watcher.waiting)
        ticket = waiting[which % len(waiting)]
        self.watcher.waiting.remove(ticket)
        self.pool.withdraw(*ticket)
        self.step()

    @precondition(lambda self: self.watcher.held)
    @rule(which=small, news=ends)
    def release(self, which: int, news: dict[str, object]) -> None:
        numbers = sorted(self.watcher.held)
        self.give_back(numbers[which % len(numbers)], news)

    @precondition(lambda self: self.watcher.held)
    @rule(which=small)
    def answer(self, which: int) -> None:
        numbers = sorted(self.watcher.held)
        self.give_back(numbers[which % len(numbers)], {"outcome": Outcome.OK})

    @precondition(lambda self: len(self.watcher.held) > 1)
    @rule(news=ends)
    def release_all(self, news: dict[str, object]) -> None:
        for number in sorted(self.watcher.held):
            self.give_back(number, news)

    def give_back(self, number: int, news: dict[str, object]) -> None:
        held = self.watcher.held[number]
        self.watcher.gives_back(number, sent=news.get("sent", True) is True)
        if news["outcome"] == Outcome.OK:
            news = {**news, "input_tokens": held.start.tokens}
        self.pool.release(held.item, held.attempt, Release(lease=number, **news))  # type: ignore[arg-type]
        self.step()
        assert number not in self.watcher.held

    @precondition(lambda self: self.watcher.gone)
    @rule(which=small, news=ends)
    def release_again_or_late(self, which: int, news: dict[str, object]) -> None:
        held = self.watcher.gone[-1 - which % len(self.watcher.gone)]
        late = held.number in self.pool.leases.late
        if late and news["sent"] is False:
            held.start.sent = False
        self.pool.release(held.item, held.attempt, Release(lease=held.number, **news))  # type: ignore[arg-type]
        warned = any(isinstance(event, Notice) for event in self.step().events)
        assert late or warned

    @rule(item=st.sampled_from(ITEMS), ahead=st.integers(-6, 3), news=ends)
    def lie(self, item: str, ahead: int, news: dict[str, object]) -> None:
        number = max(self.pool.leases.active, default=1) + ahead
        attempt = self.engine.attempts[item] + (ahead % 2)
        held = self.pool.leases.active.get(number) or self.pool.leases.late.get(number)
        if held is not None and (held.item, held.attempt) == (item, attempt):
            return
        self.pool.release(item, attempt, Release(lease=number, **news))  # type: ignore[arg-type]
        assert any(isinstance(event, Notice) for event in self.step().events)

    @rule(item=st.sampled_from(ITEMS), through=st.booleans())
    def die(self, item: str, through: bool) -> None:
        self.pool.release_all(item)
        if through:
            self.pool.forget_item(item)
            self.watcher.through(item)
        self.watcher.died(item)
        self.engine.attempts[item] += 1
        self.step()
        self.watcher.nothing_is_left_of(item)

    @rule(
        item=st.sampled_from(ITEMS),
        outcome=st.sampled_from((Outcome.TRANSPORT, Outcome.OVERLOADED, Outcome.TIMEOUT)),
        others=st.sampled_from((Outcome.OK, Outcome.OK, Outcome.OVERLOADED)),
        seconds=st.sampled_from((31.0, 100.0)),
    )
    def fails_whatever_others_do(
        self, item: str, outcome: Outcome, others: Outcome, seconds: float
    ) -> None:
        """Calls of an item fail again and again, while those of the others end otherwise."""
        for _ in range(14):
            for name in ITEMS:
                if not any(ticket[0] == name for ticket in self.watcher.waiting):
                    self.acquire_one(name)
            for number, held in sorted(self.watcher.held.items()):
                ending = outcome if held.item == item else others
                self.give_back(number, {"outcome": ending, "retry_after": 3600.0})
            self.wait(seconds)

    def acquire_one(self, item: str) -> None:
        self.acquire((item, MODELS[0], 1, 0.0, 0))

    # Clocks

    @rule(seconds=st.sampled_from(WAITS))
    def wait(self, seconds: float) -> None:
        self.clock.go(seconds)
        self.step()

    @rule(times=st.integers(1, 4))
    def go_on(self, times: int) -> None:
        for _ in range(times):
            moment = self.pool.next_time()
            if moment is None:
                break
            self.clock.go_to(moment)
            self.step()

    @rule(seconds=st.sampled_from(SLEEPS))
    def sleep(self, seconds: float) -> None:
        self.clock.go(seconds)
        self.step()

    @rule(seconds=st.sampled_from((20.0, 9 * HOUR)))
    def suspend(self, seconds: float) -> None:
        held = dict(self.watcher.held)
        self.clock.suspend(seconds)
        assert self.step().revoked == []
        assert held.keys() <= self.watcher.held.keys()

    @rule(by=st.sampled_from((HOUR, -HOUR, 0.4)))
    def set_wall(self, by: float) -> None:
        self.clock.set_wall(by)
        self.step()

    # The user

    def a_key(self, which: int) -> PooledCredential:
        found = list(self.pool.registry.credentials.values())
        return found[which % len(found)]

    @rule(which=small)
    def disable(self, which: int) -> None:
        self.pool.registry.disable(self.a_key(which).name)
        self.step()

    @rule(which=small)
    def enable(self, which: int) -> None:
        self.pool.registry.enable(self.a_key(which).name)
        self.step()

    @rule(which=small)
    def reset(self, which: int) -> None:
        key = self.a_key(which)
        same = [k for k in self.pool.registry.credentials.values() if self.same_quota(k, key)]
        self.starts.waive(same, self.pool.registry.days.name(self.clock.wall()))
        self.watcher.check()
        self.pool.registry.reset(key.name)
        self.step(forgave=True)

    def same_quota(self, one: PooledCredential, other: PooledCredential) -> bool:
        return self.pool.registry.canonical(one.quota) == self.pool.registry.canonical(other.quota)

    @rule()
    def try_now(self) -> None:
        self.starts.waive(
            list(self.pool.registry.credentials.values()),
            self.pool.registry.days.name(self.clock.wall()),
        )
        self.pool.try_now()
        self.step(forgave=True)

    @rule(which=st.integers(0, len(SPARE) - 1))
    def add(self, which: int) -> None:
        if SPARE[which] not in self.credentials:
            self.credentials.append(SPARE[which])
        self.pool.registry.add(SPARE[which])
        self.step()

    # In the end

    def teardown(self) -> None:
        if not self.sound:
            return
        self.everybody_is_served()
        self.watcher.no_secret_is_shown()

    def everybody_is_served(self) -> None:
        """If nothing bad happens any more, nobody waits for ever."""
        for _ in range(MOST_ROUNDS):
            for number in sorted(self.watcher.held):
                self.give_back(number, {"outcome": Outcome.OK})
            if not self.watcher.waiting:
                return
            self.go_on(1)
        raise AssertionError(f"{len(self.watcher.waiting)} still wait")


@pytest.mark.slow
@pytest.mark.parametrize("number", range(MACHINES))
def test_a_pool_keeps_its_promises(number: int) -> None:
    @seed(number)
    def machine() -> PoolMachine:
        return PoolMachine()

    run_state_machine_as_test(machine, settings=SETTINGS)  # type: ignore[arg-type]
