"""A project that does not get a model, for another reason than quota: then another is tried."""

from __future__ import annotations

import pytest

from assemblyzero_tui.runner.pool.causes.shared_causes import Cause
from assemblyzero_tui.runner.wire.worker_messages import Deny
from tests.unit.runner.pool.driver import Driven, changed, denied_items, key, keys, pool_states

REASONS = ["region", "no_model", "unpaid"]


@pytest.mark.parametrize("outcome", REASONS)
def test_another_credential_is_tried_and_the_run_goes_on(outcome: str) -> None:
    run = Driven(keys("one", "two"))
    assert run.call(outcome) == "one"
    assert [run.call() for _ in range(5)] == ["two"] * 5
    assert run.state("one") in ("cooling", "probing")
    assert run.pool.blocked is None


def test_only_that_model_cools_down() -> None:
    run = Driven(keys("one"))
    run.call("no_model")
    assert run.granted(model="another") == "one"


@pytest.mark.parametrize("outcome", REASONS)
def test_when_all_say_so_no_item_can_go_on(outcome: str) -> None:
    run = Driven(keys("one", "two"))
    run.call(outcome, words="not at all")
    run.ask("B")
    run.ask("C")
    run.ends("ok")
    ledger = run.ends(outcome, words="nor here")
    assert ledger.blocked is None
    ledger = run.ask("B")
    assert isinstance(ledger.blocked, Cause)
    assert (ledger.blocked.outcome, ledger.blocked.model) == (outcome, "m")
    assert ledger.blocked.words in ("not at all", "nor here")
    assert denied_items(ledger) == ["B"]
    assert all(answer.park for _, answer in ledger.answers if isinstance(answer, Deny))


def test_it_is_said_once_and_everybody_saves_whatever_the_model() -> None:
    run = Driven(keys("one", "two"))
    run.call("region")
    run.call("region")
    assert run.ask("A").blocked is not None
    for model in ("m", "another"):
        ledger = run.ask("B", model)
        assert ledger.blocked is None
        assert denied_items(ledger) == ["B"]
    assert not [event for event in pool_states(run.events) if event.state == "paused"]


def test_one_answer_of_one_credential_may_be_a_whim() -> None:
    run = Driven(keys("one"))
    run.call("region", words="not there")
    run.ask("A")
    assert run.pool.blocked is None
    run.go_on()
    run.ends("ok")
    assert run.state("one") == "open"
    run.call("region", words="not there")
    run.ask("B")
    run.go_on()
    run.ends("region", words="not there")
    cause = run.ask("C").blocked
    assert cause is not None
    assert (cause.outcome, cause.words) == ("region", "not there")


def test_a_credential_that_only_waits_is_waited_for() -> None:
    run = Driven([key("one"), key("two", rpd=1)])
    run.call("unpaid")
    run.call()
    run.go(3)
    run.call("unpaid")
    denial = run.denial()
    assert denial.until > 0
    assert run.pool.blocked is None


def test_what_money_helps_is_said_first() -> None:
    run = Driven(keys("one", "two"))
    run.call("no_model")
    run.call("unpaid", words="pay")
    cause = run.ask().blocked
    assert cause is not None
    assert (cause.outcome, cause.words) == ("unpaid", "pay")


def test_no_quota_at_all_stops_the_run_as_well() -> None:
    run = Driven(keys("one"))
    run.call("no_tier")
    cause = run.ask().blocked
    assert cause is not None
    assert cause.outcome == "no_tier"


def test_it_is_tried_again_after_a_while_and_when_the_user_asks() -> None:
    run = Driven(keys("one", "two"))
    run.call("region")
    run.call("region")
    run.ask()
    assert run.pool.blocked is not None
    run.pool.unblock()
    assert run.granted() in ("one", "two")
    run = Driven([key("one"), key("two", rpm=1)])
    run.call("region")
    run.go(3)
    run.call("region")
    assert run.state("one") == "unserved"
    run.go(901)
    assert run.state("one") == "probing"


def test_a_credential_without_the_model_is_told_before_any_call() -> None:
    run = Driven(keys("one", "two"))
    run.pool.refuse_model(run.group("one", "r").name.removeprefix("key "), "r", "not found")
    ledger = run.serve()
    assert ledger.blocked is None
    (event,) = changed(ledger.events)
    assert (event.credential, event.state, event.model) == ("one", "cooling", "r")
    assert run.granted(model="r") == "two"
    run.pool.refuse_model("two", "r", "not found")
    run.ask("A", "m")
    assert run.pool.blocked is not None
    assert run.pool.blocked.words == "not found"


def test_two_items_whose_requests_are_not_accepted_stop_the_run() -> None:
    run = Driven(keys("one"))
    run.ask("A", node="review")
    run.ask("B", node="review")
    run.ends("bad_request", 1, words="odd")
    assert run.pool.blocked is None
    ledger = run.ends("bad_request", 2, words="odd")
    assert ledger.blocked is not None
    assert (ledger.blocked.outcome, ledger.blocked.words) == ("bad_request", "odd")
    assert denied_items(run.ask("C", node="review")) == ["C"]


def test_without_credentials_too() -> None:
    run = Driven()
    run.ask("A")
    run.ask("B")
    run.ends("bad_request", 1)
    assert run.ends("bad_request", 2).blocked is not None
