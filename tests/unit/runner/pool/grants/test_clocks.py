"""Clocks that jump: the wall clock is set, or the machine sleeps."""

from __future__ import annotations

import pytest

from assemblyzero_tui.runner.pool.grants.leases import PATIENCE
from tests.unit.runner.pool.driver import (
    HOUR,
    MIDNIGHT,
    Driven,
    HandClock,
    changed,
    ended,
    keys,
    pool_states,
)


@pytest.mark.parametrize("by", [HOUR, -HOUR])
def test_a_cooldown_keeps_its_length_when_the_wall_clock_is_set(by: float) -> None:
    run = Driven(keys("one"))
    run.call("day", retry_after=80)
    run.go(10)
    until = run.group("one").until
    run.clock.set_wall(by)
    (event,) = changed(run.serve().events)
    assert event.until == pytest.approx(run.clock.wall() + 70.5)
    assert run.group("one").until == until
    assert run.opens_in() == pytest.approx(70.5)
    assert changed(run.serve().events) == []


def test_a_clock_that_is_slewed_says_nothing() -> None:
    run = Driven(keys("one"))
    run.call("day", retry_after=80)
    for _ in range(5):
        run.clock.set_wall(0.09)
        assert changed(run.go(1).events) == []


@pytest.mark.parametrize("by", [HOUR, -HOUR])
def test_the_minute_is_counted_as_before_when_the_wall_clock_is_set(by: float) -> None:
    run = Driven(keys("one", rpm=1))
    run.call()
    run.clock.set_wall(by)
    assert run.granted() == "wait"
    assert run.opens_in() == pytest.approx(61)


@pytest.mark.parametrize("by", [HOUR, -HOUR])
def test_no_lease_is_revoked_when_the_wall_clock_is_set(by: float) -> None:
    run = Driven(keys("one"))
    run.ask()
    run.clock.set_wall(by)
    assert run.go(1).revoked == []
    assert list(run.pool.leases.active) == [1]


def test_a_clock_put_back_over_midnight_does_not_overdraw_the_day() -> None:
    run = Driven(keys("one", rpd=2), clock=HandClock(wall=MIDNIGHT - 600))
    run.call()
    run.call()
    run.clock.set_wall(-HOUR)
    run.clock.go_to(run.group("one").until)
    run.serve()
    assert run.state("one") == "exhausted"
    assert run.granted() == "deny"
    assert run.opens_in() == pytest.approx(HOUR)
    run.clock.go_to(run.group("one").until)
    run.serve()
    assert run.granted() == "one"


def test_a_clock_put_forward_over_midnight_opens_nothing_early() -> None:
    run = Driven(keys("one", rpd=2), clock=HandClock(wall=MIDNIGHT - 1800))
    run.call()
    run.call()
    run.clock.set_wall(HOUR)
    assert run.granted() == "deny"
    run.go(1799)
    assert run.state("one") == "exhausted"
    run.go(1)
    assert run.granted() == "one"


def test_the_end_of_a_pause_is_reported_again_after_the_clock_was_set() -> None:
    run = Driven(keys("one", rpd=1))
    run.call()
    run.granted()
    assert pool_states(run.events)[-1].until == pytest.approx(MIDNIGHT)
    run.clock.set_wall(HOUR)
    run.serve()
    assert pool_states(run.events)[-1].until == pytest.approx(MIDNIGHT + HOUR)


def test_leases_outlive_a_machine_s_sleep() -> None:
    run = Driven(keys("one"))
    run.ask(deadline=20.0)
    run.go(10)
    run.clock.suspend(8 * HOUR)
    assert run.serve().revoked == []
    assert run.pool.next_time() == pytest.approx(run.clock.now() + 10 + PATIENCE)
    assert run.go(10 + PATIENCE - 0.1).revoked == []
    assert run.go(0.2).revoked == [("A", 1)]


def test_cooldowns_and_quotas_continue_while_the_machine_sleeps() -> None:
    run = Driven(keys("one", rpm=1))
    run.call("minute", retry_after=30)
    run.ask("B")
    run.clock.suspend(100)
    run.serve()
    assert [event.lease for event in ended(run.events)] == [1]
    assert [item for item, _ in run.answers] == ["A", "B"]


def test_the_day_ends_while_the_machine_sleeps() -> None:
    run = Driven(keys("one", rpd=1))
    run.call()
    assert run.granted() == "deny"
    run.clock.suspend(12 * HOUR)
    run.serve()
    assert pool_states(run.events)[-1].state == "open"
    assert run.granted() == "one"
