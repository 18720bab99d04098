"""A model that is not answering, or a network that is down: the model cools down, no credential."""

from __future__ import annotations

from itertools import pairwise

import pytest

from assemblyzero_tui.runner.wire.worker_messages import Deny
from tests.unit.runner.pool.driver import (
    Driven,
    changed,
    granted_items,
    granted_leases,
    keys,
    notices,
    pool_states,
    queued,
)

TRANSIENT = ("overloaded", "transport", "timeout")


@pytest.mark.parametrize("outcome", TRANSIENT)
def test_a_model_cools_down_for_all_credentials_longer_each_time(outcome: str) -> None:
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
        run.ends("overloaded", lease)
    assert run.opens_in() == pytest.approx(0.5)
    assert notices(run.events) == []


@pytest.mark.parametrize(("hint", "rest"), [(12, 12.5), (29.8, 30), (60, 30), (3600, 30)])
@pytest.mark.parametrize("outcome", TRANSIENT)
def test_the_service_s_hint_is_believed_up_to_half_a_minute(
    outcome: str, hint: float, rest: float
) -> None:
    run = Driven(keys("one"))
    for item in "ABCDEFGHIJKLMNOPQRS":
        run.call(outcome, item, retry_after=hint)
        assert rest <= run.opens_in() <= 30
        run.go(run.opens_in())


@pytest.mark.parametrize("seconds", [0.0, 5.0, 20.0, 31.0, 100.0])
def test_after_any_outage_the_model_is_called_again_within_half_a_minute(
    seconds: float,
) -> None:
    run = Driven(keys("one", "two"), chance=1.0)
    asked = [run.clock.now()]
    for item in "ABCDE":
        run.ask(item)
    calls = dict.fromkeys(run.pool.leases.active, run.clock.now())
    while run.clock.now() < 3000:
        over = {lease: began + seconds for lease, began in calls.items()}
        moment = min([t for t in (run.pool.next_time(), *over.values()) if t is not None])
        run.clock.go_to(moment)
        ledgers = [run.serve()]
        for lease in [lease for lease, end in over.items() if end <= moment]:
            item = run.pool.leases.active[lease].item
            ledgers += [run.ends("transport", lease, http_status=500, retry_after=3600)]
            del calls[lease]
            ledgers += [run.ask(item)]
        for ledger in ledgers:
            calls.update(dict.fromkeys(granted_leases(ledger), moment))
            asked += [moment] * len(granted_leases(ledger))
    waits = [late - early for early, late in pairwise(asked)]
    assert max(waits) <= 30 + 1e-6 or seconds > 30
    assert max(waits[-5:]) <= max(30, seconds) + 1e-6
    spell = [moment for moment in asked if moment > 2000]
    assert len(spell) == len(set(spell)), "one call at a time"


def test_the_reason_of_a_wait_is_reported() -> None:
    run = Driven(keys("one"))
    run.call("overloaded", retry_after=12, http_status=503)
    (told,) = queued(run.ask("B").events)
    assert told.why == "m is not answering (HTTP 503)"
    assert told.for_model
    assert told.until == pytest.approx(run.clock.wall() + 12.5)


def test_the_next_time_of_a_longer_wait_is_reported() -> None:
    run = spell_of_three()
    run.ask("A")
    run.ask("B")
    run.ends("overloaded")
    (told,) = queued(run.serve().events) or queued(run.events)[-1:]
    assert told.item == "B"
    run.go(29)
    assert run.pool.next_time() is not None


def test_credentials_are_ready_while_the_model_cools_down() -> None:
    run = Driven(keys("one", "two"))
    run.pool.registry.report_all()
    run.serve()
    for item in "ABCDE":
        run.call("overloaded", item, retry_after=60)
        run.go(30)
    assert all(event.state == "ready" for event in changed(run.events))
    assert pool_states(run.events) == []


def test_no_request_is_denied_because_of_a_model() -> None:
    run = Driven(keys("one"), chance=1.0)
    for item in "ABCDE":
        run.ask(item)
    while run.clock.now() < 20_000:
        for lease in list(run.pool.leases.active):
            item = run.pool.leases.active[lease].item
            run.ends("overloaded", lease, retry_after=3600)
            run.ask(item)
        run.go_on()
    assert not [answer for _, answer in run.answers if isinstance(answer, Deny)]
    assert pool_states(run.events) == []


def test_credentials_that_cool_down_longer_than_the_model_are_named() -> None:
    run = Driven(keys("one"))
    run.ask("A")
    run.ask("B")
    run.ends("overloaded", 1, retry_after=20)
    run.ends("minute", 2, retry_after=60)
    (told,) = queued(run.ask("C").events)
    assert told.why.startswith("one is cooling down until")
    assert not told.for_model


@pytest.mark.parametrize("denied", ["no_tier", "day"])
def test_a_longer_wait_for_credentials_is_reported_instead(denied: str) -> None:
    run = Driven(keys("one", rpd=1 if denied == "day" else 0))
    run.ask("A")
    run.ends("ok" if denied == "day" else "no_tier")
    run.pool.failures.models["m"].until = run.clock.now() + 20
    assert "m is not answering" not in run.denial("B").why


def test_a_request_that_never_left_is_no_start() -> None:
    run = Driven(keys("one", rpm=10, rpd=10))
    run.call("transport", sent=False)
    now = run.clock.now()
    assert run.group("one").count(now) == 0
    assert run.group("one").used_today(run.pool.registry.today(now)) == 0


def test_a_long_outage_is_probed_with_one_call_at_a_time() -> None:
    run = Driven(keys("one", "two"))
    for _ in range(3):
        run.call("overloaded")
        run.go(run.opens_in())
    for item in "ABC":
        run.ask(item)
    assert len(run.pool.leases.active) == 1
    assert run.go(5).answers == []
    assert granted_items(run.ends("ok")) == ["B", "C"]


@pytest.mark.parametrize(
    "outcome", ["cancelled", "bad_request", "minute", "auth", "died", "no_tier"]
)
def test_an_inconclusive_probe_is_followed_by_another(
    outcome: str,
) -> None:
    run = Driven(keys("one", "two"))
    for _ in range(3):
        run.call("overloaded")
        run.go(run.opens_in())
    run.ask("A")
    run.ask("B")
    assert list(run.pool.leases.active) == [4]
    assert granted_items(run.ends(outcome, reason="API_KEY_INVALID")) == ["B"]


def test_a_probe_of_a_worker_that_dies_is_followed_by_another() -> None:
    run = Driven(keys("one"))
    for _ in range(3):
        run.call("overloaded")
        run.go(run.opens_in())
    run.ask("A")
    run.ask("B")
    run.pool.release_all("A")
    assert granted_items(run.serve()) == ["B"]


def spell_of_three() -> Driven:
    """A pool whose model has failed three times in a row, and is tried with one call from now."""
    run = Driven(keys("one", "two"))
    for item in "XYZ":
        run.call("overloaded", item, http_status=503)
        run.go(run.opens_in())
    return run


def test_the_outage_and_its_end_are_reported_once() -> None:
    run = spell_of_three()
    for _ in range(5):
        run.call("overloaded", http_status=503)
        run.go(30)
    run.call("ok")
    run.call("ok")
    assert notices(run.events) == [
        "m is not answering (HTTP 503); trying one call at a time",
        "m is answering again",
    ]


def test_a_probe_that_hangs_holds_the_others_for_half_a_minute() -> None:
    run = spell_of_three()
    for item in "ABCD":
        run.ask(item)
    assert granted_items(run.go(29.5)) == []
    assert granted_items(run.go(0.5)) == ["B"]
    assert granted_items(run.go(30)) == ["C"]
    assert granted_items(run.ends("ok", 5)) == ["D"]


def test_the_late_failure_of_a_probe_changes_nothing_after_an_answer() -> None:
    run = spell_of_three()
    run.ask("A")
    run.ask("B")
    run.go(30)
    run.ends("ok", 5)
    run.go(150)
    run.call("ok", "C")
    run.ends("timeout", 4)
    assert run.opens_in() == 0
    assert run.granted("C") in ("one", "two")


def test_the_late_failure_of_a_probe_does_not_prolong_the_cooldown() -> None:
    run = spell_of_three()
    run.ask("A")
    run.ask("B")
    run.go(30)
    run.ends("overloaded", 5)
    until = run.opens_in()
    run.ends("timeout", 4)
    assert run.opens_in() == pytest.approx(until)


def test_calls_that_hung_together_are_followed_by_one() -> None:
    run = Driven(keys("one", "two"))
    for item in "ABCDE":
        run.ask(item)
    run.go(180)
    for lease in range(1, 6):
        run.ends("timeout", lease)
    for item in "ABCDE":
        run.ask(item)
    run.go(1)
    assert len(run.pool.leases.active) == 1


def test_an_item_that_fails_alone_cools_no_model_down() -> None:
    run = Driven(keys("one", "two"))
    run.call("transport", "P")
    for _ in range(8):
        run.go(31)
        run.call("ok", "A")
        run.call("transport", "P")
        assert run.opens_in() == 0
    assert run.opens_in(item="P") > 0


def test_occasional_failures_block_no_call() -> None:
    run = Driven(keys("one", "two"))
    for n in range(200):
        item = f"{n % 20}"
        run.ask(item)
        run.ends("transport" if n % 7 == 0 else "ok", http_status=500 if n % 7 == 0 else 0)
        run.go(2)
        assert run.pool.failures.models["m"].count <= 1
    assert notices(run.events) == []


def test_an_answer_of_an_earlier_call_does_not_end_the_outage() -> None:
    run = Driven(keys("one"))
    run.ask("A")
    run.ask("B")
    run.ends("overloaded", 1, retry_after=10)
    run.ends("ok", 2)
    assert run.opens_in() == pytest.approx(10.5)


def test_an_answer_of_a_call_from_the_outage_ends_it_though_another_failed_since() -> None:
    run = Driven(keys("one"))
    run.call("overloaded", "C")
    run.go(0.5)
    run.ask("A")
    run.go(0.5)
    run.ask("B")
    run.go(0.5)
    run.ends("overloaded", 3, retry_after=10)
    assert run.opens_in() == pytest.approx(11)
    run.ends("ok", 2)
    assert run.opens_in() == 0


def test_try_now_ends_it() -> None:
    run = Driven(keys("one"))
    run.call("overloaded", retry_after=60)
    run.ask("B")
    run.pool.try_now()
    assert granted_items(run.serve()) == ["B"]
