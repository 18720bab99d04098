"""The effects of a call's outcome on its credential and its quota."""

from __future__ import annotations

import pytest

from tests.unit.runner.pool.driver import (
    HOUR,
    Driven,
    changed,
    granted_items,
    key,
    keys,
    states,
)
from tests.unit.runner.pool.grants.test_quota import DAY_ID


@pytest.mark.parametrize(
    "outcome", ["ok", "no_answer", "blocked", "bad_request", "cancelled", "died", "odd"]
)
def test_failures_that_no_credential_causes_change_none(outcome: str) -> None:
    run = Driven(keys("one"))
    run.ask()
    assert changed(run.ends(outcome, retry_after=50).events) == []
    assert run.granted() == "one"


@pytest.mark.parametrize("reason", ["API_KEY_INVALID", "CONSUMER_SUSPENDED", "leaked"])
def test_a_rejected_credential_becomes_invalid_and_the_next_one_is_used(reason: str) -> None:
    run = Driven(keys("one", "two"))
    assert run.granted() == "one"
    ledger = run.ends("auth", http_status=400, reason=reason, detail="not valid")
    (event,) = changed(ledger.events)
    assert (event.credential, event.state, event.reason) == ("one", "invalid", "not valid")
    assert event.model == ""
    assert [run.granted() for _ in range(2)] == ["two", "two"]


@pytest.mark.parametrize("reason", ["", "PERMISSION_DENIED", "UNAUTHENTICATED"])
def test_a_refusal_without_a_reason_needs_two_strikes(reason: str) -> None:
    run = Driven(keys("one"))
    run.call("auth", http_status=403, reason=reason)
    run.call("auth", http_status=403, reason=reason)
    denial = run.denial()
    assert denial.park
    assert denial.until == 0
    assert denial.why.startswith("one is invalid (")


def test_an_answer_forgives_a_strike() -> None:
    run = Driven(keys("one"))
    for _ in range(3):
        run.call("auth", http_status=403)
        run.call("ok")
    assert run.granted() == "one"


def test_a_second_credential_of_the_project_is_a_second_strike_for_both() -> None:
    run = Driven(keys("one", "two", project="p") + keys("three"))
    run.call("auth", reason="PERMISSION_DENIED")
    assert states(run.events) == []
    run.call("auth", reason="PERMISSION_DENIED")
    assert states(run.events) == [("two", "invalid"), ("one", "invalid")]
    assert run.granted() == "three"


def test_a_second_credential_of_another_project_is_not() -> None:
    run = Driven(keys("one", "two"))
    run.call("auth", reason="PERMISSION_DENIED")
    run.call("auth", reason="PERMISSION_DENIED")
    assert states(run.events) == []


def test_a_disabled_service_is_disabled_for_the_whole_project() -> None:
    run = Driven(keys("one", "two", project="p") + keys("three"))
    run.call("auth", reason="SERVICE_DISABLED", detail="switched off")
    assert states(run.events) == [("one", "invalid"), ("two", "invalid")]
    assert [run.granted() for _ in range(2)] == ["three", "three"]


def test_an_invalid_credential_stays_invalid_whatever_its_calls_under_way_return() -> None:
    run = Driven(keys("one"))
    run.ask("A")
    run.ask("B")
    run.ends("auth", 1, reason="API_KEY_INVALID")
    run.ends("ok", 2)
    assert run.granted() == "deny"


def test_a_minute_quota_cools_the_credential_down_for_this_model_only() -> None:
    run = Driven(keys("one"))
    run.call("minute", retry_after=36.0)
    run.ask()
    assert len(run.pool.queue) == 1
    assert run.granted("B", "another") == "one"
    assert run.opens_in() == pytest.approx(36.5)
    assert run.go(36.4).answers == []
    assert run.state("one") == "cooling"
    run.go(0.1)
    assert run.state("one") == "probing"
    assert granted_items(run.go(61 - 36.5)) == ["A"]  # it is held to the one call it made


def test_a_hint_is_a_lower_bound_and_without_one_a_minute_is() -> None:
    run = Driven(keys("one"))
    run.call("minute")
    assert run.opens_in() == pytest.approx(60.5)


def test_credentials_of_one_project_cool_down_together() -> None:
    run = Driven(keys("one", "two", project="p") + keys("three"))
    run.call("minute", retry_after=10)
    assert states(run.events) == [("one", "cooling"), ("two", "cooling")]
    assert [run.granted() for _ in range(2)] == ["three", "three"]


def test_a_cooldown_only_grows_and_is_reported_once() -> None:
    run = Driven(keys("one"))
    run.ask("A")
    run.ask("B")
    run.ends("minute", 1, retry_after=50)
    assert changed(run.ends("minute", 2, retry_after=5).events) == []
    assert run.opens_in() == pytest.approx(50.5)


def test_a_longer_cooldown_is_reported() -> None:
    run = Driven(keys("one"))
    run.ask("A")
    run.ask("B")
    run.ends("minute", 1, retry_after=5)
    (event,) = changed(run.ends("minute", 2, retry_after=50).events)
    assert event.until == pytest.approx(run.clock.wall() + 50.5)


def test_an_answer_of_an_earlier_call_does_not_end_a_cooldown() -> None:
    run = Driven(keys("one"))
    run.ask("A")
    run.ask("B")
    run.ends("minute", 1)
    run.ends("ok", 2)
    assert run.opens_in() == pytest.approx(60.5)


def test_a_daily_quota_that_the_count_does_not_confirm_is_tried_once_more() -> None:
    run = Driven(keys("one"))
    run.call("day", retry_after=41.0)
    (event,) = changed(run.events)
    assert (event.state, event.reason) == ("cooling", "daily quota possibly exhausted")
    assert run.opens_in() == pytest.approx(41.5)
    run.go(42)
    assert run.state("one") == "probing"
    run.call("day", retry_after=41.0)
    assert run.state("one") == "exhausted"
    assert run.denial().until == pytest.approx(run.clock.wall() + 12 * HOUR - 42 + 5)


def test_a_doubt_about_a_day_lasts_half_a_minute_at_least() -> None:
    run = Driven(keys("one"))
    run.call("day", retry_after=2.0)
    assert run.opens_in() == pytest.approx(30.5)


def test_a_daily_quota_named_by_mistake_is_forgotten() -> None:
    run = Driven(keys("one"))
    run.call("day", retry_after=41.0, quotas={DAY_ID: 20})
    assert run.group("one").per_day == 20
    run.go(42)
    run.call("ok")
    assert (run.group("one").per_day, run.state("one")) == (None, "open")


def test_a_configured_daily_quota_outlives_the_service_s_mistake() -> None:
    run = Driven(keys("one", rpd=250))
    run.call("day", retry_after=41.0, quotas={DAY_ID: 20})
    assert run.group("one").per_day == 20
    run.go(42)
    run.call("ok")
    assert (run.group("one").per_day, run.state("one")) == (250, "open")


def test_a_daily_quota_that_the_count_confirms_is_believed_at_once() -> None:
    run = Driven(keys("one"))
    for _ in range(20):
        run.call()
    run.call("day", retry_after=41.0, quotas={DAY_ID: 20})
    assert run.state("one") == "exhausted"
    assert run.group("one").reason == "daily quota exhausted"


def test_refusals_of_one_moment_are_one_doubt() -> None:
    run = Driven(keys("one"))
    for item in "ABC":
        run.ask(item)
    for lease in (1, 2, 3):
        run.ends("day", lease, retry_after=20)
    assert run.state("one") == "cooling"


def test_a_longer_cooldown_is_not_cut_by_the_end_of_the_day() -> None:
    run = Driven(keys("one", rpd=2))
    run.call("minute", retry_after=20 * HOUR)
    until = run.group("one").until
    assert until >= run.clock.now() + 20 * HOUR
    run.group("one").record_start(run.clock.now(), run.pool.registry.today(run.clock.now()).name)
    run.go(1)
    assert (run.state("one"), run.group("one").until) == ("exhausted", until)


def test_a_longer_cooldown_is_not_cut_by_a_refusal_for_the_day() -> None:
    run = Driven(keys("one"))
    for _ in range(3):
        run.ask()
    run.ends("minute", 1, retry_after=20 * HOUR)
    until = run.group("one").until
    run.ends("day", 2, quotas={DAY_ID: 2})
    assert (run.state("one"), run.group("one").until) == ("exhausted", until)


def test_no_tier_affects_no_other_model() -> None:
    run = Driven(keys("one"))
    run.call("no_tier")
    (event,) = changed(run.events)
    assert (event.state, event.model, event.until) == ("no_tier", "m", None)
    denial = run.denial()
    assert denial.until == 0
    assert denial.why == "one has no quota for m"
    assert not run.pool.status.paused
    run.pool.unblock()
    assert run.granted(model="another") == "one"


def test_no_tier_of_one_credential_leaves_the_others() -> None:
    run = Driven(keys("one", "two"))
    run.call("no_tier")
    assert [run.granted() for _ in range(2)] == ["two", "two"]
    run.pool.registry.disable("two")
    assert run.denial().why == "one has no quota for m, two is disabled (by you)"


def test_no_tier_is_reported_without_a_time_after_a_cooldown() -> None:
    run = Driven(keys("one"))
    run.ask("A")
    run.ask("B")
    run.ends("minute", 1)
    (event,) = changed(run.ends("no_tier", 2).events)
    assert (event.state, event.until) == ("no_tier", None)
    run.go(100)
    assert run.state("one") == "no_tier"


def test_a_quota_without_a_name_cools_down_longer_each_time() -> None:
    run = Driven(keys("one"))
    rests = []
    for _ in range(6):
        run.call("quota_unknown")
        rests.append(run.opens_in())
        run.go(rests[-1])
        assert run.state("one") == "probing"
        run.go(120)  # whatever it was held to
    assert rests == pytest.approx([5.5, 10.5, 20.5, 40.5, 80.5, 120.5])


def test_a_quota_without_a_name_cools_down_as_long_as_the_service_asks() -> None:
    run = Driven(keys("one"))
    run.call("quota_unknown", retry_after=33)
    assert run.opens_in() == pytest.approx(33.5)


def test_refusals_of_one_moment_without_a_name_are_one() -> None:
    run = Driven(keys("one"))
    for item in "ABCDE":
        run.ask(item)
    for lease in range(1, 6):
        run.ends("quota_unknown", lease)
    assert run.opens_in() == pytest.approx(5.5)


def test_an_answer_ends_the_row_of_refusals() -> None:
    run = Driven(keys("one"))
    for _ in range(3):
        run.call("quota_unknown")
        run.go(200)
        run.call("ok")
        run.go(200)
    run.call("quota_unknown")
    assert run.opens_in() == pytest.approx(5.5)


@pytest.mark.parametrize("outcome", ["timeout", "cancelled", "auth", "overloaded", "died"])
def test_an_inconclusive_probe_of_a_quota_is_followed_by_another(outcome: str) -> None:
    run = Driven(keys("one", "two"))
    run.pool.registry.disable("two")
    run.call("quota_unknown")
    run.go(80)
    run.call(outcome)
    assert run.state("one") == "probing"
    run.go(80)
    assert run.granted() == "one"


@pytest.mark.parametrize("outcome", ["ok", "blocked", "bad_request", "no_answer"])
def test_a_probe_that_no_quota_refused_makes_it_ready(outcome: str) -> None:
    run = Driven(keys("one"))
    run.call("quota_unknown")
    run.go(80)
    run.call(outcome)
    assert run.state("one") == "open"


def test_a_probe_is_judged_alone_though_an_older_call_is_still_under_way() -> None:
    run = Driven(keys("one"))
    run.ask("A")
    run.ask("B")
    run.ends("quota_unknown", 1)
    run.go(80)
    run.ask("P")
    run.ends("ok", 2)
    assert run.state("one") == "probing"
    run.ends("ok", 3)
    assert run.state("one") == "open"


def test_a_night_of_refusals_is_survived() -> None:
    run = Driven(keys("one"))
    for _ in range(1100):
        run.call("quota_unknown")
        run.go(200)
    run.call("quota_unknown")
    assert run.opens_in() == pytest.approx(120.5)


@pytest.mark.parametrize("hint", [1e12, 1e300, float("inf"), float("nan"), -50.0])
@pytest.mark.parametrize("outcome", ["minute", "day", "quota_unknown", "overloaded", "transport"])
def test_an_absurd_hint_is_not_taken_seriously(outcome: str, hint: float) -> None:
    run = Driven(keys("one"))
    run.call(outcome, retry_after=hint)
    run.ask("B")
    run.go(24 * HOUR + 300)
    while len(run.pool.queue):
        run.go_on()
    run.pool.release_all("B")
    assert run.granted("C") == "one"


@pytest.mark.parametrize("limit", [0, -3, None])
def test_an_absurd_limit_is_not_learned(limit: int | None) -> None:
    run = Driven([key("one")])
    run.call("minute", quotas={"GenerateRequestsPerMinute": limit, DAY_ID: limit})
    run.go(70)
    run.call("day", quotas={"GenerateRequestsPerMinute": limit, DAY_ID: limit})
    assert (run.group("one").per_minute, run.group("one").per_day) == (None, None)
