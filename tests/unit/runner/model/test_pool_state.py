"""The state of the pool by its events: credentials, quotas, waits, outages."""

from __future__ import annotations

from typing import Any

import pytest

from assemblyzero_tui.runner.model.credential_state import (
    BUCKETS,
    CredentialState,
    CredentialStatus,
    Traffic,
)
from assemblyzero_tui.runner.model.events import (
    AnyEvent,
    AutoResumeSet,
    CallEnded,
    CallQueued,
    CallStarted,
    CredentialChanged,
    CredentialStateName,
    EngineStarted,
    ItemChanged,
    ItemInfo,
    ItemsQueued,
    PoolChanged,
    QuotaCounted,
    RunEnded,
    RunStarted,
)
from assemblyzero_tui.runner.model.run_state import RunState, fold
from assemblyzero_tui.runner.model.states import State


def run_of(*events: AnyEvent) -> RunState:
    return fold(
        [
            RunStarted(
                run="r", workflow="lld", repository="/x", provider="gemini", parallel=4, time=1
            ),
            ItemsQueued(items=[ItemInfo(id=n, key=n) for n in "AB"], time=1),
            EngineStarted(pid=1, time=1),
            *events,
        ]
    )


def key(name: str, state: CredentialStateName, time: float = 2, **more: Any) -> CredentialChanged:
    return CredentialChanged(credential=name, state=state, time=time, **more)


def change(state: State, time: float, item: str = "A", **more: Any) -> ItemChanged:
    return ItemChanged(item=item, attempt=1, state=state, time=time, **more)


def queued(time: float, until: float | None = None, item: str = "A") -> CallQueued:
    return CallQueued(item=item, attempt=1, model="m", why="a rests", until=until, time=time)


def granted(time: float, waited: float = 0.0, item: str = "A", **more: Any) -> CallStarted:
    return CallStarted(item=item, attempt=1, lease=1, model="m", waited=waited, time=time, **more)


WORKING = (change(State.STARTING, 10), change(State.RUNNING, 10))


def test_the_most_severe_state_of_its_models_is_the_state_of_a_credential() -> None:
    run = run_of(
        key("a", "ready"),
        key("a", "cooling", model="m", until=30, reason="minute"),
        key("a", "exhausted", model="n", until=90, reason="day", count=2),
    )
    found = run.pool.credentials["a"]
    assert (found.at(10), found.at(50), found.at(95)) == ("exhausted", "exhausted", "ready")
    assert found.strongest(10) == CredentialStatus("exhausted", "n", 2, 90, "day", 2)
    run.apply(key("a", "disabled", 20, reason="by you"))
    assert found.at(25) == "disabled"
    run.apply(key("a", "ready", 26))
    assert found.at(27) == "exhausted"


@pytest.mark.parametrize(
    ("states", "strongest"),
    [
        (["ready", "probing"], "probing"),
        (["probing", "cooling"], "cooling"),
        (["cooling", "no_tier"], "no_tier"),
        (["no_tier", "exhausted"], "exhausted"),
        (["exhausted", "invalid"], "invalid"),
        (["invalid", "disabled"], "disabled"),
    ],
)
def test_the_order_of_the_states(states: list[CredentialStateName], strongest: str) -> None:
    events = [key("a", state, model=f"m{n}") for n, state in enumerate(states)]
    assert run_of(*events).pool.credentials["a"].at(5) == strongest
    assert run_of(*reversed(events)).pool.credentials["a"].at(5) == strongest


def test_a_row_for_each_model_only_where_they_differ() -> None:
    run = run_of(key("a", "ready"), key("a", "cooling", model="m", until=30))
    found = run.pool.credentials["a"]
    assert [row.model for row in found.rows(5)] == ["m"]
    run.apply(key("a", "cooling", model="n", until=30))
    assert len(found.rows(5)) == 1
    run.apply(key("a", "exhausted", model="n", until=300))
    assert [(row.model, row.state) for row in found.rows(5)] == [
        ("m", "cooling"), ("n", "exhausted"),
    ]  # fmt: skip
    run.apply(key("a", "disabled"))
    assert [row.state for row in found.rows(5)] == ["disabled"]


def test_the_details_of_a_credential_are_kept() -> None:
    run = run_of(
        key("a", "ready", project="p", fingerprint="01234567", quota="project p"),
        key("a", "cooling", model="m", until=30, quota="project p and q"),
    )
    found = run.pool.credentials["a"]
    assert (found.project, found.fingerprint, found.quota) == ("p", "01234567", "project p and q")


def test_figures_of_a_quota_and_that_those_of_the_minute_go_old() -> None:
    run = run_of(
        key("a", "ready", quota="q"),
        QuotaCounted(quota="q", model="m", minute=7, per_minute=10, day=113, per_day=250, time=10),
        QuotaCounted(quota="q", model="n", minute=1, day=1, time=10),
        QuotaCounted(quota="other", model="m", minute=9, per_minute=9, day=9, time=10),
    )
    found = run.pool.fullest(run.pool.credentials["a"], 20)
    assert found is not None
    assert (found.model, found.minute_at(20), found.per_minute, found.day) == ("m", 7, 10, 113)
    assert (found.minute_at(71), found.minute_at(72)) == (7, 0)
    assert len(run.pool.quotas_of(run.pool.credentials["a"])) == 2


def test_time_waiting_for_a_call_is_not_time_at_work() -> None:
    run = run_of(*WORKING, queued(21, until=50), granted(50, waited=30))
    item = run.items["A"]
    assert item.waits == [(20, 50)]
    assert (item.active_seconds(60), item.quota_seconds(60)) == (20, 30)
    assert item.process_seconds(60) == 50


def test_an_item_waits_until_its_call_starts() -> None:
    run = run_of(*WORKING, queued(20, until=50))
    item = run.items["A"]
    waiting = item.waiting
    assert waiting is not None
    assert (waiting.why, waiting.since, waiting.until) == ("a rests", 20, 50)
    assert run.items_waiting == {"A"}
    assert (item.active_seconds(35), item.quota_seconds(35)) == (10, 15)
    run.apply(queued(30, until=70))
    waiting = item.waiting
    assert waiting is not None
    assert (waiting.since, waiting.until) == (20, 70)
    run.apply(granted(40, waited=20))
    assert item.waiting is None
    assert not run.items_waiting


@pytest.mark.parametrize("state", [State.QUOTA, State.PAUSED, State.FAILED, State.CANCELLED])
def test_an_item_without_a_process_no_longer_waits_for_a_call(state: State) -> None:
    run = run_of(*WORKING, queued(20), change(state, 45))
    item = run.items["A"]
    assert item.waiting is None
    assert not run.items_waiting
    assert item.active_seconds(100) == 10
    assert item.quota_seconds(100) == 25 + (55 if state is State.QUOTA else 0)


def test_short_waits_count_though_they_were_not_reported() -> None:
    run = run_of(*WORKING, granted(20.5, waited=0.5))
    assert run.items["A"].quota_seconds(30) == 0.5


def test_no_wait_counts_twice_or_before_there_was_a_process() -> None:
    run = run_of(*WORKING, granted(30, waited=100), granted(32, waited=10))
    assert run.items["A"].waits == [(10, 30), (30, 32)]
    assert run.items["A"].active_seconds(40) == 8


def test_after_a_lost_engine_no_item_waits_for_a_call() -> None:
    run = run_of(*WORKING, queued(20), EngineStarted(pid=2, resumed=True, time=500))
    item = run.items["A"]
    assert (item.state, item.waiting, run.items_waiting) == (State.QUEUED, None, set())
    assert item.quota_seconds(600) == 0


def test_the_pool_as_a_whole() -> None:
    run = run_of(
        change(State.QUOTA, 10, until=40),
        PoolChanged(state="paused", until=90, reason="all rest", time=20),
        change(State.QUOTA, 21, "B", until=70),
    )
    pool = run.pool
    assert (pool.paused, pool.until, pool.reason, pool.since) == (True, 90, "all rest", 20)
    assert {item.until for item in run.items.values()} == {90}
    run.apply(PoolChanged(state="paused", until=120, time=30))
    assert run.items["A"].until == 120
    assert pool.since == 20
    run.apply(PoolChanged(state="low", slots=2, reason="quota", time=60))
    assert (pool.paused, pool.slots, run.at_once) == (False, 2, 2)
    assert [(o.start, o.end) for o in pool.outages] == [(20, 60)]
    assert pool.outages[0].reason == "all rest"


def test_an_outage_ends_with_the_engine() -> None:
    run = run_of(PoolChanged(state="paused", time=20), RunEnded(exit_code=75, time=50))
    assert [(o.start, o.end) for o in run.pool.outages] == [(20, 50)]
    run = run_of(PoolChanged(state="paused", time=20), EngineStarted(pid=2, resumed=True, time=99))
    assert [(o.start, o.end) for o in run.pool.outages] == [(20, 20)]


def test_resuming_automatically_is_enabled_until_it_is_disabled() -> None:
    run = run_of()
    assert run.pool.auto_resume
    run.apply(AutoResumeSet(on=False, time=5))
    assert not run.pool.auto_resume


def test_a_new_engine_reports_the_pool_again() -> None:
    run = run_of(
        key("a", "disabled"),
        QuotaCounted(quota="q", model="m", minute=7, day=7, time=10),
        PoolChanged(state="paused", until=90, slots=1, time=20),
        AutoResumeSet(on=False, time=21),
        EngineStarted(pid=2, resumed=True, time=99),
    )
    pool = run.pool
    assert (pool.state, pool.until, pool.slots, pool.auto_resume) == ("open", None, 0, True)
    assert (pool.present, pool.quotas) == ([], {})
    assert pool.credentials["a"].at(99) == "absent"


def test_unavailable_time_counts_once_for_several_models() -> None:
    run = run_of(
        key("a", "cooling", 10, model="m", until=30),
        key("a", "exhausted", 20, model="n", until=60),
        key("a", "ready", 50, model="n"),
    )
    found = run.pool.credentials["a"]
    assert (found.unavailable_seconds(50), found.unavailable_seconds(100)) == (40, 40)
    run.apply(key("a", "cooling", 100, model="m"))
    assert found.unavailable_seconds(130) == 70


def test_an_absent_credential_was_not_unavailable_meanwhile() -> None:
    run = run_of(
        key("a", "cooling", 10, model="m", until=600),
        EngineStarted(pid=2, resumed=True, time=500),
        key("a", "ready", 500),
        key("a", "cooling", 510, model="m", until=520),
    )
    assert run.pool.credentials["a"].unavailable_seconds(600) == 10


def test_calls_are_counted_over_time_and_not_for_ever() -> None:
    traffic = Traffic()
    for second in range(100_000):
        traffic.count(float(second), answered=bool(second % 5))
    assert len(traffic.buckets) == BUCKETS
    assert list(traffic.between(99_990, 100_000)) == [(99_990.0, 8, 2)]


def test_calls_of_a_credential_and_of_all() -> None:
    run = run_of(
        *WORKING,
        key("a", "ready"),
        *(
            CallEnded(item="A", attempt=1, lease=n, outcome=outcome, credential="a", time=20)
            for n, outcome in enumerate(("ok", "minute", "died", "cancelled"))
        ),
        CallEnded(item="A", attempt=1, lease=9, outcome="ok", time=20),
    )
    found = run.pool.credentials["a"]
    assert (found.answered, found.refused) == (1, 1)
    assert list(found.traffic.between(0, 100)) == [(15.0, 1, 1)]
    assert list(run.pool.traffic.between(0, 100)) == [(15.0, 2, 1)]


def test_a_credential_that_was_not_reported_is_absent() -> None:
    assert CredentialState("a").at(1) == "absent"


def test_there_is_no_estimate_without_a_time_for_quota() -> None:
    events: list[AnyEvent] = [
        change(State.STARTING, 10, "B"), change(State.DONE, 70, "B"),
        PoolChanged(state="paused", until=170, time=70),
    ]  # fmt: skip
    run = run_of(*events)
    assert run.seconds_left(70) == 100 + 60
    run.apply(AutoResumeSet(on=False, time=71))
    assert run.seconds_left(71) is None
    run = run_of(*events, PoolChanged(state="paused", time=71))
    assert run.seconds_left(71) is None


def test_times_to_come_are_those_of_a_clock_that_was_never_set_back() -> None:
    run = run_of(
        *WORKING,
        change(State.RUNNING, 100),
        key("a", "cooling", 50, model="m", until=80),
        queued(50, until=80),
        PoolChanged(state="paused", until=80, time=50),
    )
    back = run.clock.set_back
    assert back == 50
    assert run.pool.credentials["a"].strongest(run.time).until == 130
    waiting = run.items["A"].waiting
    assert waiting is not None
    assert waiting.until == run.pool.until == 130
