"""A model without capacity, and a network that is down: no key is to blame, the model rests."""

from __future__ import annotations

import pytest

from tests.unit.pool.driver import (
    Driven,
    changed,
    granted_items,
    keys,
    notices,
    pool_states,
    queued,
)


@pytest.mark.parametrize("outcome", ["overloaded", "transport"])
def test_a_model_rests_for_all_keys_a_little_longer_each_time(outcome: str) -> None:
    run = Driven(keys("one", "two"))
    rests = []
    for _ in range(7):
        run.call(outcome)
        rests.append(run.opens_in())
        assert run.granted() == "wait"
        assert run.granted("B", "another") in ("one", "two")
        run.go(rests[-1])
    assert rests == pytest.approx([0.5, 1, 2, 4, 8, 15, 15])
    run.call("ok")
    run.call(outcome)
    assert run.opens_in() == pytest.approx(0.5)
    assert changed(run.events) == []


def test_many_failures_of_one_moment_count_once() -> None:
    run = Driven(keys("one"))
    for item in "ABC":
        run.ask(item)
    for lease in (1, 2, 3):
        run.ends("overloaded", lease, detail="m has no capacity")
    assert run.opens_in() == pytest.approx(0.5)
    assert notices(run.events) == ["m has no capacity; calls slow down"]


def test_the_service_s_hint_is_a_lower_bound() -> None:
    run = Driven(keys("one"))
    run.call("overloaded", retry_after=12)
    assert run.opens_in() == pytest.approx(12.5)


def test_whoever_waits_is_told_why() -> None:
    run = Driven(keys("one"))
    run.call("overloaded", retry_after=12, detail="m has no capacity")
    (told,) = queued(run.ask("B").events)
    assert told.why == "m has no capacity"


def test_a_request_that_never_left_is_no_start() -> None:
    run = Driven(keys("one", rpm=10, rpd=10))
    run.call("transport", sent=False)
    now = run.clock.now()
    assert run.group("one").count(now) == 0
    assert run.group("one").used_today(run.pool.today(now)) == 0


def test_a_long_spell_is_tried_with_one_call_at_a_time() -> None:
    run = Driven(keys("one", "two"))
    for _ in range(3):
        run.call("overloaded")
        run.go(run.opens_in())
    for item in "ABC":
        run.ask(item)
    assert len(run.pool.out) == 1
    assert run.go(5).answers == []
    assert granted_items(run.ends("ok")) == ["B", "C"]


@pytest.mark.parametrize(
    "outcome", ["timeout", "cancelled", "bad_request", "minute", "auth", "died", "no_tier"]
)
def test_a_trial_call_that_tells_nothing_about_the_model_is_followed_by_another(
    outcome: str,
) -> None:
    run = Driven(keys("one", "two"))
    for _ in range(3):
        run.call("overloaded")
        run.go(run.opens_in())
    run.ask("A")
    run.ask("B")
    assert list(run.pool.out) == [4]
    assert granted_items(run.ends(outcome, reason="API_KEY_INVALID")) == ["B"]


def test_a_trial_call_of_a_worker_that_dies_is_followed_by_another() -> None:
    run = Driven(keys("one"))
    for _ in range(3):
        run.call("overloaded")
        run.go(run.opens_in())
    run.ask("A")
    run.ask("B")
    run.pool.died("A")
    assert granted_items(run.serve()) == ["B"]


def test_a_spell_that_lasts_sends_everybody_away_and_calls_them_back() -> None:
    run = Driven(keys("one"))
    for _ in range(9):
        run.call("overloaded", detail="m has no capacity")
        run.go(run.opens_in())
    run.call("overloaded", detail="m has no capacity")
    assert run.opens_in() == pytest.approx(225)
    denial = run.denial()
    assert denial.park
    assert denial.why == "m has no capacity"
    assert denial.until == pytest.approx(run.clock.wall() + 225)
    paused = pool_states(run.events)[-1]
    assert (paused.state, paused.reason) == ("paused", "m has no capacity")
    assert paused.until == pytest.approx(denial.until)
    run.go(225)
    assert pool_states(run.events)[-1].state == "open"
    assert run.granted() == "one"


def test_an_answer_of_a_call_from_before_does_not_end_the_spell() -> None:
    run = Driven(keys("one"))
    run.ask("A")
    run.ask("B")
    run.ends("overloaded", 1, retry_after=10)
    run.ends("ok", 2)
    assert run.opens_in() == pytest.approx(10.5)


def test_try_now_ends_it() -> None:
    run = Driven(keys("one"))
    run.call("overloaded", retry_after=60)
    run.ask("B")
    run.pool.try_now()
    assert granted_items(run.serve()) == ["B"]
