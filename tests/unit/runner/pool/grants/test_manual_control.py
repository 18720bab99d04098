"""Manual control of credentials: disable, enable, reset, try now, add; also during a call."""

from __future__ import annotations

import pytest

from tests.unit.runner.pool.driver import (
    Driven,
    changed,
    denied_items,
    granted_items,
    key,
    keys,
    states,
)


def test_a_disabled_credential_is_not_used_and_its_call_continues() -> None:
    run = Driven(keys("one", "two"))
    run.ask()
    run.pool.registry.disable("one")
    assert states(run.serve().events) == [("one", "disabled")]
    assert list(run.pool.leases.active) == [1]
    assert [run.granted("B") for _ in range(2)] == ["two", "two"]
    assert states(run.ends("ok", 1).events) == []
    run.pool.registry.enable("one")
    assert states(run.serve().events) == [("one", "ready")]
    assert run.granted() == "one"


def test_the_outcome_of_a_call_with_a_disabled_credential_is_kept() -> None:
    run = Driven(keys("one"))
    run.ask()
    run.pool.registry.disable("one")
    run.ends("minute", retry_after=30)
    run.pool.registry.enable("one")
    assert run.opens_in() == pytest.approx(30.5)


def test_a_disabled_and_invalid_credential_is_reported_as_disabled_first() -> None:
    run = Driven(keys("one"))
    run.ask()
    run.pool.registry.disable("one", "in the file")
    run.ends("auth", reason="API_KEY_INVALID")
    run.pool.registry.enable("one")
    run.serve()
    assert states(run.events) == [("one", "disabled"), ("one", "invalid")]
    assert changed(run.events)[0].reason == "in the file"
    assert run.granted() == "deny"


def test_credentials_are_found_by_fingerprint_too() -> None:
    run = Driven(keys("one"))
    run.pool.registry.disable(next(iter(run.pool.registry.credentials)))
    assert states(run.serve().events) == [("one", "disabled")]
    run.pool.registry.disable("nobody")
    run.pool.registry.enable("nobody")
    run.pool.registry.reset("nobody")
    assert run.serve().events == []


def test_an_invalid_credential_that_is_reset_is_probed_with_one_call() -> None:
    run = Driven(keys("one"))
    run.call("auth", reason="API_KEY_INVALID")
    assert run.granted() == "deny"
    run.pool.registry.reset("one")
    for item in "BC":
        run.ask(item)
    assert granted_items(run.serve()) == []
    assert len(run.pool.leases.active) == 1
    assert granted_items(run.ends("ok")) == ["C"]


def test_a_strike_is_forgotten_by_a_reset() -> None:
    run = Driven(keys("one"))
    run.call("auth")
    run.pool.registry.reset("one")
    run.call("auth")
    assert run.state("one") == "probing"
    assert run.granted() == "one"


def test_a_reset_forgets_what_was_learned_and_keeps_what_was_given() -> None:
    run = Driven([key("one", rpm=10)])
    run.call("minute", quotas={"GenerateRequestsPerMinute": 3, "GenerateRequestsPerDay": 20})
    run.go(100)
    run.call("day", quotas={"GenerateRequestsPerDay": 20})
    assert (run.group("one").per_minute, run.group("one").per_day) == (3, 20)
    run.pool.registry.reset("one")
    group = run.group("one")
    assert (group.per_minute, group.per_day, group.learned) == (10, None, False)
    assert group.rate(run.clock.now()) == 10
    assert group.used_today(run.pool.registry.today(run.clock.now())) == 0
    assert (group.state.value, group.until) == ("probing", 0)


def test_a_reset_is_for_every_model_of_one_credential_only() -> None:
    run = Driven(keys("one", "two"))
    run.pool.registry.report_all()
    for model in "mn":
        for _ in range(2):
            run.call("minute", model=model)
    run.pool.registry.reset("one")
    assert states(run.serve().events) == [("one", "probing"), ("one", "probing")]
    assert {run.state("two", model) for model in "mn"} == {"cooling"}


def test_a_credential_without_a_tier_can_be_reset() -> None:
    run = Driven(keys("one"))
    run.call("no_tier")
    assert run.granted() == "deny"
    run.pool.registry.reset("one")
    run.pool.unblock()
    assert run.granted() == "one"


def test_a_reset_during_a_call_probes_with_another_one() -> None:
    run = Driven(keys("one"))
    run.ask("A")
    run.pool.registry.reset("one")
    assert granted_items(run.ask("B")) == ["B"]
    assert run.granted("C") == "wait"
    run.ends("ok", 1)
    assert run.state("one") == "probing"
    run.ends("minute", 2, retry_after=20)
    assert run.state("one") == "cooling"


def test_a_request_that_waits_for_a_disabled_credential_is_denied() -> None:
    run = Driven(keys("one"))
    run.call("minute", retry_after=30)
    run.ask("B")
    run.pool.registry.disable("one")
    assert denied_items(run.serve()) == ["B"]


def test_a_new_credential_is_reported_and_used_at_once() -> None:
    run = Driven(keys("one"))
    run.call("minute")
    run.ask("B")
    run.pool.registry.add(key("two", "p", rpm=5))
    ledger = run.serve()
    (event,) = [e for e in changed(ledger.events) if e.credential == "two"]
    assert (event.state, event.project, event.quota) == ("ready", "p", "project p")
    assert granted_items(ledger) == ["B"]
    assert run.group("two").per_minute == 5


def test_another_credential_of_a_project_adds_its_limits() -> None:
    run = Driven(keys("one", project="p", rpm=10))
    run.call()
    run.pool.registry.add(key("two", "p", rpm=4, rpd=7))
    assert (run.group("one").per_minute, run.group("one").per_day) == (4, 7)


def test_another_credential_of_a_project_is_reported_with_its_quota() -> None:
    run = Driven(keys("one", project="p"))
    run.call("minute")
    run.pool.registry.add(key("two", "p"))
    assert states(run.serve().events) == [("two", "ready"), ("two", "cooling")]


def test_the_first_credential_of_a_pool_counts_from_then_on() -> None:
    run = Driven()
    run.ask("A")
    run.pool.registry.add(key("one", rpm=1))
    assert run.granted("B") == "one"
    assert run.granted("C") == "wait"
    assert [e.outcome for e in run.ends("ok", 1).events if hasattr(e, "outcome")] == ["ok"]
