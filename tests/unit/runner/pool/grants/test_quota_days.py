"""The service's day: midnight in California, days of 23 and 25 hours, and one probe at dawn."""

from __future__ import annotations

import time

import pytest

from assemblyzero_tui.runner.model.quota_days import PacificDays, ShortDays
from assemblyzero_tui.runner.pool.grants.clock import MachineClock
from assemblyzero_tui.runner.pool.grants.pool import Pool
from tests.unit.runner.pool.driver import (
    HOUR,
    MIDNIGHT,
    NOON,
    Driven,
    HandClock,
    changed,
    granted_items,
    keys,
    states,
)

SHORT_DAY = 1_772_956_800.0
"""Midnight of 8 March 2026: the clock goes forward."""
LONG_DAY = 1_793_516_400.0
"""Midnight of 1 November 2026: it goes back."""


@pytest.mark.parametrize(
    ("moment", "hours", "name"),
    [
        (NOON, 12, "2026-06-01"),
        (SHORT_DAY, 23, "2026-03-08"),
        (LONG_DAY, 25, "2026-11-01"),
        (SHORT_DAY - 1, 1 / 3600, "2026-03-07"),
    ],
)
def test_the_day_of_the_service_ends_at_midnight_in_california(
    moment: float, hours: float, name: str
) -> None:
    days = PacificDays()
    assert days.end(moment) == moment + hours * HOUR
    assert days.name(moment) == name
    assert days.name(days.end(moment) - 0.001) == name
    assert days.name(days.end(moment)) > name


@pytest.mark.parametrize(("midnight", "hours"), [(SHORT_DAY, 23), (LONG_DAY, 25), (MIDNIGHT, 24)])
def test_an_exhausted_daily_quota_is_ready_at_the_next_midnight(
    midnight: float, hours: int
) -> None:
    run = Driven(keys("one", rpd=2), clock=HandClock(wall=midnight))
    run.call()
    run.call()
    assert run.state("one") == "exhausted"
    denial = run.denial()
    assert denial.park
    assert denial.until == pytest.approx(midnight + hours * HOUR)
    run.go(hours * HOUR - 0.5)
    assert run.granted() == "deny" if run.opens_in() > 90 else "wait"
    run.go(0.5)
    assert run.granted() == "one"
    assert run.state("one") == "probing"


def test_the_days_of_a_demonstration_are_short() -> None:
    days = ShortDays(120.0, start=10.0)
    assert (days.name(10), days.end(10)) == ("day 1", 130)
    assert (days.name(129.9), days.end(129.9)) == ("day 1", 130)
    assert (days.name(130), days.end(130)) == ("day 2", 250)
    assert (days.name(0), days.end(0)) == ("day 0", 10)
    run = Driven(keys("one", rpd=1), days=ShortDays(120.0, start=NOON))
    run.call()
    assert run.opens_in() == pytest.approx(120)


def test_a_day_that_the_service_says_is_over_opens_a_little_after_midnight() -> None:
    run = Driven(keys("one"))
    run.call("day")
    run.go(100)
    run.call("day")
    (event,) = changed(run.events[-2:])
    assert event.until == pytest.approx(MIDNIGHT + 5)


def test_midnight_between_start_and_end_of_a_call() -> None:
    run = Driven(keys("one", rpd=1), clock=HandClock(wall=MIDNIGHT - 10))
    run.ask()
    assert run.state("one") == "exhausted"
    run.go(20)
    assert run.state("one") == "probing"
    run.ends("cancelled", sent=False)
    assert run.group("one").days == {"2026-06-01": 0}
    assert granted_items(run.ask("B")) == ["B"]
    run.ends("ok")
    assert run.state("one") == "exhausted"
    assert run.group("one").days == {"2026-06-01": 0, "2026-06-02": 1}


def test_a_refusal_for_yesterday_that_comes_after_midnight_is_only_a_doubt() -> None:
    run = Driven(keys("one", rpd=3), clock=HandClock(wall=MIDNIGHT - 10))
    for _ in range(3):
        run.ask()
    run.go(20)
    run.ends("day", 1)
    assert run.state("one") == "cooling"
    run.go(31)
    run.call()
    assert run.state("one") == "open"


def test_a_doubt_of_yesterday_is_no_doubt_of_today() -> None:
    run = Driven(keys("one"), clock=HandClock(wall=MIDNIGHT - 10))
    run.call("day")
    run.go(80)
    run.call("day")
    assert run.state("one") == "cooling"


def test_the_day_s_end_is_known_though_the_process_is_held_up() -> None:
    class HeldUp(HandClock):
        def wall_at(self, moment: float) -> float:
            self.go(0.01)  # between one look and the next
            return super().wall_at(moment)

    run = Driven(keys("one", rpd=1), clock=HeldUp())
    today = run.pool.registry.today(run.clock.now())
    assert today.ends - run.clock.now() == pytest.approx(12 * HOUR, abs=0.1)


def test_a_clock_that_runs_fast_comes_to_midnight_early() -> None:
    clock = MachineClock(speed=60.0)
    pool = Pool(keys("one"), clock=clock)
    left = (PacificDays().end(time.time()) - time.time()) * 60
    assert pool.registry.today(clock.now()).ends - clock.now() == pytest.approx(left, abs=60)


def test_counts_of_old_days_are_forgotten() -> None:
    run = Driven(keys("one"))
    for _ in range(6):
        run.call()
        run.go(24 * HOUR)
    assert list(run.group("one").days) == ["2026-06-04", "2026-06-05", "2026-06-06"]


def test_the_new_day_begins_with_one_call_and_continues_at_the_usual_pace() -> None:
    run = Driven(keys("one", rpm=10, rpd=3))
    run.clock.go(11.9 * HOUR)
    for item in "ABC":
        run.ask(item)
        run.go(6.1)
    assert run.state("one") == "exhausted"
    run.clock.go_to(run.group("one").until)
    run.serve()
    assert states(run.events)[-1] == ("one", "probing")
    for item in "DEF":
        run.ask(item)
    assert [event.item for event in run.events if hasattr(event, "waited")][3:] == ["D"]
    assert granted_items(run.go(2)) == []
    assert granted_items(run.ends("ok")) == ["E"]
    assert granted_items(run.go(WAIT)) == ["F"]


WAIT = 6.1
