"""Without a usable credential for long, workflows save and end, and resume in time."""

from __future__ import annotations

import pytest

from tests.unit.runner.pool.driver import (
    HOUR,
    MIDNIGHT,
    Driven,
    denied_items,
    granted_items,
    key,
    keys,
    pool_states,
    queued,
    started,
)


def exhausted(*names: str, rpm: int = 0) -> Driven:
    """Credentials whose daily quota is exhausted."""
    run = Driven(keys(*names, rpm=rpm, rpd=1))
    for _ in names:
        run.call()
    assert {run.state(name) for name in names} == {"exhausted"}
    return run


def test_requests_are_parked_until_midnight_in_california() -> None:
    run = exhausted("one", "two")
    denial = run.denial()
    assert denial.park
    assert denial.until == pytest.approx(MIDNIGHT)
    assert denial.why.startswith("one is exhausted until ")
    assert ", two is exhausted until " in denial.why
    (paused,) = pool_states(run.events)
    assert (paused.state, paused.reason) == ("paused", denial.why)
    assert paused.until == pytest.approx(MIDNIGHT)
    assert run.pool.status.paused


def test_it_resumes_automatically_at_midnight() -> None:
    run = exhausted("one", "two")
    run.granted()
    while run.pool.status.paused:
        assert run.clock.wall() < MIDNIGHT
        run.go_on()
    assert run.clock.wall() == pytest.approx(MIDNIGHT)
    assert pool_states(run.events)[-1].state == "open"


def test_no_request_is_denied_while_a_credential_is_ready_soon() -> None:
    run = exhausted("one", "two")
    run.pool.registry.add(key("three"))
    run.call("day", retry_after=85)
    ledger = run.ask()
    assert denied_items(ledger) == []
    (told,) = queued(ledger.events)
    assert told.until == pytest.approx(run.clock.wall() + 85.5)


def test_a_wait_of_more_than_a_minute_and_a_half_is_too_long() -> None:
    run = Driven(keys("one"))
    run.call("day", retry_after=90)
    assert run.denial().park
    assert run.denial().until == pytest.approx(run.clock.wall() + 90.5)


def test_queued_requests_are_denied_when_the_last_credential_goes() -> None:
    run = Driven(keys("one"))
    run.ask("A")
    run.ask("B")
    run.ends("minute", 1)
    run.ask("C")
    run.ask("D")
    ledger = run.ends("auth", 2, http_status=400, reason="API_KEY_INVALID")
    assert denied_items(ledger) == ["C", "D"]
    assert len(run.pool.queue) == 0


def test_each_quota_begins_with_one_call_and_then_keeps_its_pace() -> None:
    run = Driven(keys("one", "two", rpm=10, rpd=40))
    for name in ("one", "two"):
        group = run.group(name)
        for number in range(40):
            group.record_start(run.clock.now() - 3000 + number, "2026-06-01")
    assert run.granted() == "deny"
    run.clock.go_to(run.group("one").until)
    run.serve()
    for number in range(12):
        run.ask(f"W{number}")
    assert [event.credential for event in started(run.events)] == ["one", "two"]
    assert run.go(8).answers == []
    assert granted_items(run.ends("ok", 1)) == ["W2", "W3"]
    assert granted_items(run.ends("ok", 2)) == ["W4", "W5"]
    begun = run.clock.now()
    while len(run.pool.queue):
        run.go_on()
    assert run.clock.now() - begun == pytest.approx(3 * 6.1, abs=0.1)


def test_a_refused_probe_denies_requests_again() -> None:
    run = exhausted("one")
    run.granted()
    run.clock.go_to(run.group("one").until)
    run.serve()
    for item in "BC":
        run.ask(item)
    ledger = run.ends("day", retry_after=40)
    assert denied_items(ledger) == ["C"]
    assert run.state("one") == "exhausted"


def test_another_model_continues() -> None:
    run = exhausted("one")
    assert run.granted() == "deny"
    assert run.granted(model="another") == "one"


def test_another_credential_ends_the_pause() -> None:
    run = exhausted("one")
    assert run.granted() == "deny"
    run.pool.registry.add(key("two"))
    assert pool_states(run.serve().events)[-1].state == "open"
    assert run.granted() == "two"


def test_the_same_api_key_is_not_another_credential() -> None:
    run = exhausted("one")
    run.pool.registry.add(key("one"))
    assert run.serve().events == []
    assert run.granted() == "deny"


def test_a_pause_without_a_known_end_reports_none() -> None:
    run = Driven(keys("one"))
    run.pool.registry.disable("one")
    assert run.denial().until == 0
    paused = pool_states(run.events)[-1]
    assert (paused.state, paused.until) == ("paused", None)
    assert paused.reason == "one is disabled (by you)"
    run.pool.registry.enable("one")
    assert pool_states(run.serve().events)[-1].state == "open"


def test_many_credentials_are_not_all_named() -> None:
    run = exhausted(*"abcdef")
    assert run.denial().why.endswith(", and 2 more")


def test_try_now_lets_one_call_through_and_believes_its_answer() -> None:
    run = exhausted("one")
    run.granted()
    run.pool.try_now()
    ledger = run.serve()
    assert pool_states(ledger.events)[-1].state == "open"
    for item in "BC":
        run.ask(item)
    assert len(run.pool.leases.active) == 1
    assert granted_items(run.ends("ok")) == ["C"]
    run.ends("ok")
    assert run.granted() == "one"  # its count of today is not believed any more


def test_try_now_is_for_today_only() -> None:
    run = exhausted("one")
    run.pool.try_now()
    run.call()
    run.go(12 * HOUR)
    run.call()
    assert run.state("one") == "exhausted"


def test_try_now_that_fails_closes_the_day_again() -> None:
    run = exhausted("one")
    run.pool.try_now()
    run.call("day")
    assert run.state("one") == "exhausted"
    assert run.granted() == "deny"


def test_try_now_does_not_open_what_no_time_closes() -> None:
    run = Driven(keys("one", "two"))
    run.pool.registry.disable("one")
    run.call("no_tier")
    run.pool.try_now()
    assert run.denial().why == "one is disabled (by you), two has no quota for m"
    assert not run.pool.status.paused
