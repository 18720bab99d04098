"""Quotas: granted calls are counted, spread over the minute, and never exceed a limit."""

from __future__ import annotations

from collections import Counter

import pytest

from assemblyzero_tui.runner.pool.grants.quota import WINDOW
from tests.unit.runner.pool.driver import (
    Driven,
    changed,
    figures,
    granted_items,
    granted_leases,
    key,
    keys,
    pool_states,
    queued,
    started,
    states,
)

MINUTE_ID = "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"
DAY_ID = "GenerateRequestsPerDayPerProjectPerModel-FreeTier"
TOKENS_ID = "GenerateContentInputTokensPerModelPerMinute-FreeTier"


def starts_of(run: Driven, calls: int, model: str = "m") -> list[float]:
    """When so many calls start if all are wanted at once."""
    begun = run.clock.now()
    times: list[float] = []
    for number in range(calls):
        times += [run.clock.now() - begun] * len(granted_leases(run.ask(f"W{number}", model)))
    while len(times) < calls:
        ledger = run.go_on()
        times += [run.clock.now() - begun] * len(granted_leases(ledger))
    return times


def most_in(times: list[float], seconds: float) -> int:
    return max(sum(t < other <= t + seconds for other in times) + 1 for t in times)


def test_calls_are_spread_over_the_minute_two_at_once() -> None:
    run = Driven(keys("one", rpm=10))
    gap = WINDOW / 10
    assert starts_of(run, 6) == pytest.approx([0, 0, gap, 2 * gap, 3 * gap, 4 * gap])


def test_two_more_may_start_at_once_after_a_pause() -> None:
    run = Driven(keys("one", rpm=10))
    starts_of(run, 4)
    run.go(2 * WINDOW / 10)
    assert starts_of(run, 3) == pytest.approx([0, 0, WINDOW / 10])


@pytest.mark.parametrize("rpm", [1, 2, 3, 5, 10, 60])
def test_no_minute_has_more_starts_than_the_quota(rpm: int) -> None:
    run = Driven(keys("one", rpm=rpm))
    assert most_in(starts_of(run, 3 * rpm + 2), 60.0) <= rpm


def test_one_call_a_minute_is_one_call_a_minute() -> None:
    run = Driven(keys("one", rpm=1))
    assert starts_of(run, 3) == pytest.approx([0, WINDOW, 2 * WINDOW])


def test_the_quota_that_is_used_least_is_used_next() -> None:
    run = Driven([key("small", rpm=5), key("large", rpm=50)])
    names = Counter(run.granted(item) for item in "ABC" for _ in range(1))
    assert names == {"small": 1, "large": 2}


def test_credentials_of_one_project_share_its_quota_and_take_turns() -> None:
    run = Driven(keys("one", "two", project="p", rpm=4))
    starts_of(run, 4)
    assert [event.credential for event in started(run.events)] == ["one", "two", "one", "two"]
    assert run.opens_in() == pytest.approx(2 * WINDOW / 4)
    assert run.group("one") is run.group("two")


def test_the_lowest_limit_of_a_project_s_credentials_holds() -> None:
    run = Driven([key("one", "p", rpm=10, rpd=9), key("two", "p", rpm=4), key("three", "p")])
    assert (run.group("one").per_minute, run.group("one").per_day) == (4, 9)


def test_limits_may_differ_by_model() -> None:
    run = Driven([key("one", rpm={"pro": 2, "*": 10}, rpd={"pro": 50})])
    assert (run.group("one", "pro").per_minute, run.group("one", "pro").per_day) == (2, 50)
    assert (run.group("one", "m").per_minute, run.group("one", "m").per_day) == (10, None)


def test_two_models_have_a_quota_each() -> None:
    run = Driven(keys("one", rpm=1))
    assert [run.granted(model=model) for model in ("m", "n", "m", "n")] == [
        "one", "one", "wait", "wait",
    ]  # fmt: skip


def test_a_wait_for_the_minute_is_reported() -> None:
    run = Driven(keys("one", rpm=2))
    starts_of(run, 2)
    (told,) = queued(run.ask("B").events)
    assert told.why == "one has made its 2 calls for this minute"
    assert told.until == pytest.approx(run.clock.wall() + WINDOW / 2)
    run.go(1)
    assert len(queued(run.events)) == 1


def test_a_wait_for_pacing_is_reported() -> None:
    run = Driven(keys("one", rpm=10))
    assert [run.granted() for _ in range(3)] == ["one", "one", "wait"]
    (told,) = queued(run.ask("B").events)
    assert told.why == "one is pacing its calls"


def test_a_wait_of_less_than_a_second_is_not_reported() -> None:
    run = Driven(keys("one", rpm=120))
    starts_of(run, 2)
    assert queued(run.ask("B").events) == []
    assert granted_items(run.go_on()) == ["B"]


def test_without_limits_nobody_waits() -> None:
    run = Driven(keys("one"))
    assert starts_of(run, 100) == [0.0] * 100


def test_a_start_whose_request_never_left_is_taken_back() -> None:
    run = Driven(keys("one", rpm=1, rpd=3))
    run.call("cancelled", sent=False)
    assert run.opens_in() == 0
    assert run.granted() == "one"
    assert run.group("one").used_today(run.pool.registry.today(run.clock.now())) == 1


def test_the_day_is_never_overdrawn_though_all_ask_at_once() -> None:
    run = Driven(keys("one", "two", rpd=3))
    run.pool.registry.disable("one")
    run.pool.registry.disable("two")
    run.pool.registry.enable("one")
    for item in "ABCDE":
        run.ask(item)
    assert len(run.pool.leases.active) == 3
    assert run.state("one") == "exhausted"


def test_the_day_is_not_overdrawn_in_one_step_either() -> None:
    run = Driven(keys("one", rpd=2))
    run.call("overloaded", item="A")
    for item in "ABCDE":
        run.ask(item)
    ledger = run.go_on()
    assert granted_items(ledger) == ["B"]
    assert states(ledger.events) == [("one", "exhausted")]
    assert run.group("one").days == {"2026-06-01": 2}


def test_limits_are_learned_from_the_first_refusal() -> None:
    run = Driven(keys("one"))
    for _ in range(12):
        run.ask()
        run.go(0.25)
    run.ends("minute", 11, retry_after=20, quotas={MINUTE_ID: 10})
    group = run.group("one")
    assert (group.per_minute, group.learned, group.state.value) == (10, True, "cooling")
    assert not group.careful  # the count explains it
    assert group.rate(run.clock.now()) == 10
    assert run.opens_in() == pytest.approx(WINDOW - 10 * 0.25 + 0.5, abs=0.6)
    run.go(WINDOW)
    assert most_in(starts_of(run, 20), 60.0) <= 10


def test_calls_that_start_at_once_explain_a_refusal_too() -> None:
    run = Driven(keys("one"))
    starts_of(run, 12)
    run.ends("minute", retry_after=20, quotas={MINUTE_ID: 10})
    assert not run.group("one").careful
    assert run.opens_in() == pytest.approx(WINDOW, abs=0.6)


def test_a_given_limit_is_only_lowered() -> None:
    run = Driven(keys("one", rpm=10))
    run.call("minute", quotas={MINUTE_ID: 15})
    assert (run.group("one").per_minute, run.group("one").learned) == (10, False)
    run.go(100)
    run.call("minute", quotas={MINUTE_ID: 5})
    assert (run.group("one").per_minute, run.group("one").learned) == (5, True)
    run.go(500)
    run.call("minute", quotas={MINUTE_ID: 15})
    assert run.group("one").per_minute == 10


def test_a_learned_limit_follows_the_refusals() -> None:
    run = Driven(keys("one"))
    run.call("minute", quotas={MINUTE_ID: 5})
    run.go(500)
    run.call("minute", quotas={MINUTE_ID: 15})
    assert run.group("one").per_minute == 15


def test_tokens_are_not_requests() -> None:
    run = Driven(keys("one"))
    ledger = run.ask()
    ledger = run.ends("minute", retry_after=12, quotas={TOKENS_ID: 250_000})
    assert run.group("one").per_minute is None
    (event,) = changed(ledger.events)
    assert event.reason == "per-minute token quota exhausted"
    assert run.opens_in() == pytest.approx(12.5)


def test_a_refusal_for_tokens_says_nothing_about_requests() -> None:
    run = Driven([key(name, rpm=30) for name in ("one", "two", "three")])
    starts_of(run, 6)
    for lease in list(run.pool.leases.active):
        run.ends("minute", lease, retry_after=20, quotas={TOKENS_ID: 250_000})
    run.go(21)
    for name in ("one", "two", "three"):
        assert not run.group(name).careful
        assert run.group(name).rate(run.clock.now()) == 30
    assert pool_states(run.events) == []
    assert run.granted() in ("one", "two", "three")


def test_a_call_that_could_not_be_made_proves_nothing_about_a_quota() -> None:
    run = Driven(keys("one", rpm=30))
    starts_of(run, 1)
    run.ends("minute", retry_after=20)
    run.go(WINDOW)
    assert run.state("one") == "probing"
    run.call("bad_request", sent=False)
    assert run.state("one") == "probing"


def test_a_refusal_below_the_limit_slows_down_and_tries_one_call_first() -> None:
    run = Driven(keys("one", rpm=30))
    starts_of(run, 11)
    now = run.clock.now()
    run.ends("minute", retry_after=20)
    group = run.group("one")
    assert group.rate(now) == pytest.approx(6.5)
    assert group.careful
    run.go(60)
    assert run.state("one") == "probing"
    assert granted_items(run.ask("P")) == ["P"]
    assert run.granted("B") == "wait"
    run.ends("ok")
    assert run.state("one") == "open"
    later = run.clock.now()
    assert group.rate(later) == pytest.approx(7.5)
    assert group.rate(later + 3600) == 30


def test_refusals_of_calls_of_the_same_moment_slow_down_once() -> None:
    run = Driven(keys("one", rpm=30))
    starts_of(run, 11)
    for lease in list(run.pool.leases.active)[-3:]:
        run.ends("minute", lease, retry_after=20)
    assert run.group("one").rate(run.clock.now()) == pytest.approx(6.5)


def test_figures_are_reported_on_change_at_most_once_a_second() -> None:
    run = Driven(keys("one", rpm=10, rpd=100))
    run.ask()
    (told,) = figures(run.ask().events) or figures(run.events)
    assert (told.minute, told.per_minute, told.day, told.per_day) == (1, 10, 1, 100)
    assert figures(run.go(0.5).events) == []
    (told,) = figures(run.go(0.6).events)
    assert (told.minute, told.day, told.learned) == (2, 2, False)
    (told,) = figures(run.go(61).events)
    assert (told.minute, told.day) == (0, 2)


def test_the_pool_wakes_up_to_report_the_end_of_the_minute_and_then_sleeps() -> None:
    run = Driven(keys("one", rpm=10))
    run.call()
    times = 0
    while run.pool.next_time() is not None:
        run.go_on()
        times += 1
        assert times < 10
    assert figures(run.events)[-1].minute == 0


@pytest.mark.parametrize("begin", [0.1, 1000.0, 12_345.678, 7_777_777.123, 0.7 + 2**31])
def test_the_pool_does_not_wake_up_twice_for_the_same_moment(begin: float) -> None:
    run = Driven(keys("one", "two", rpm=7))
    run.clock.go_to(begin)
    for number in range(12):
        run.ask(f"W{number}", deadline=200.0)
    for _ in range(300):
        if run.pool.next_time() is None:
            break
        run.go_on()  # looks that it is later than now
    assert run.pool.leases.active == {}
