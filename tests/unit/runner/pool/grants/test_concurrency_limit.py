"""The number of workflows that the quotas can feed."""

from __future__ import annotations

from math import ceil, inf

import pytest

from assemblyzero_tui.runner.pool.grants.concurrency_limit import HEADROOM, ConcurrencyLimit
from tests.unit.runner.pool.driver import Driven, key, keys, pool_states


def busy(
    seconds: float = 8.0, between: float = 2.0, calls: int = 5
) -> tuple[ConcurrencyLimit, float]:
    """One workflow that has made some calls."""
    slots, now = ConcurrencyLimit(), 0.0
    for _ in range(calls):
        slots.record_request("A", now)
        now += seconds
        slots.record_call("A", "m", seconds, now)
        now += between
    slots.record_request("A", now)
    return slots, now


def test_as_many_as_the_quotas_can_feed() -> None:
    slots, now = busy()
    assert slots.update({"m": 40.0}, now) == 10 == ceil(40 / 60 * 10 * HEADROOM)


def test_without_a_limit_or_before_enough_calls_there_is_no_bound() -> None:
    slots, now = busy()
    assert slots.update({"m": inf}, now) is None
    slots, now = busy(calls=2)
    assert slots.update({"m": 1.0}, now) is None
    assert ConcurrencyLimit().update({}, 0.0) is None


def test_one_at_least() -> None:
    slots, now = busy(seconds=0.1, between=0.1)
    assert slots.update({"m": 1.0}, now) == 1


def test_down_at_once_and_up_after_a_minute() -> None:
    slots, now = busy()
    assert slots.update({"m": 40.0}, now) == 10
    assert (slots.update({"m": 20.0}, now + 1), slots.may_rise) == (5, False)
    assert (slots.update({"m": 40.0}, now + 2), slots.may_rise) == (5, True)
    assert slots.update({"m": 40.0}, now + 61) == 5
    assert (slots.update({"m": 40.0}, now + 62), slots.may_rise) == (10, False)


def test_a_moment_of_more_does_not_count() -> None:
    slots, now = busy()
    slots.update({"m": 20.0}, now)
    slots.update({"m": 40.0}, now + 50)
    slots.update({"m": 20.0}, now + 55)
    assert slots.update({"m": 40.0}, now + 111) == 5


def test_of_several_models_the_tightest_counts_by_how_often_it_is_called() -> None:
    slots, now = busy()
    for _ in range(400):
        slots.record_call("B", "n", 8.0, now)
        slots.record_call("B", "m", 8.0, now)
    both = slots.update({"m": 40.0, "n": 400.0}, now)
    assert both is not None
    assert both == pytest.approx(2 * 10, abs=2)


def test_a_model_that_nobody_calls_does_not_count() -> None:
    slots, now = busy()
    assert slots.update({"m": 40.0, "n": 1.0}, now) == 10


def test_a_workflow_that_has_gone_is_not_waited_for() -> None:
    slots, now = busy()
    slots.record_call("A", "m", 8.0, now)
    slots.forget("A")
    slots.record_request("A", now + 10_000)
    assert slots.update({"m": 40.0}, now) == 10


def at_work(run: Driven, calls: int = 4, seconds: float = 8.0) -> None:
    for _ in range(calls):
        run.ask("A")
        run.go(seconds)
        run.ends("ok")
        run.go(2)


def test_the_pool_reports_the_limit_and_its_reason() -> None:
    run = Driven(keys("one", "two", rpm=10), most=10)
    at_work(run)
    told = pool_states(run.events)[-1]
    assert (told.state, told.slots, told.reason) == ("low", ceil(20 / 60 * 10 * 1.25), "quota")
    assert told.until is None


def test_a_limit_without_effect_is_not_reported() -> None:
    run = Driven(keys("one", "two", rpm=10), most=3)
    at_work(run)
    assert pool_states(run.events) == []


def test_a_credential_that_goes_lowers_the_limit_and_one_that_comes_raises_it_later() -> None:
    run = Driven(keys("one", "two", rpm=10), most=10)
    at_work(run)
    run.pool.registry.disable("two")
    assert pool_states(run.serve().events)[-1].slots == 3
    run.pool.registry.add(key("three", rpm=10))
    run.call(item="B")
    assert pool_states(run.events)[-1].slots == 3
    while pool_states(run.events)[-1].slots == 3:
        run.go_on()
    assert pool_states(run.events)[-1].slots > 3


def test_a_short_cooldown_does_not_lower_the_limit() -> None:
    run = Driven(keys("one", "two", rpm=10), most=10)
    at_work(run)
    run.call("day", retry_after=40)
    assert pool_states(run.serve().events or run.events)[-1].slots == 5


def test_no_quota_left_is_no_number() -> None:
    run = Driven(keys("one", rpm=10), most=10)
    at_work(run)
    run.pool.registry.disable("one")
    assert run.granted() == "deny"
    assert pool_states(run.events)[-1].state == "paused"
