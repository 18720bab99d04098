"""The state of a run by its events."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from assemblyzero_tui.runner.model.events import (
    AnyEvent,
    AutoResumeSet,
    CallEnded,
    CallStarted,
    EngineStarted,
    ItemChanged,
    ItemInfo,
    ItemsQueued,
    NodeStarted,
    PoolChanged,
    RunEnded,
    RunStarted,
)
from assemblyzero_tui.runner.model.run_state import RunState, fold
from assemblyzero_tui.runner.model.states import AT_WORK, State

NODES = ["N0", "N1", "N2"]


def begun(*names: str) -> list[AnyEvent]:
    return [
        RunStarted(
            time=100.0,
            run="r",
            workflow="lld",
            repository="/r",
            provider="offline",
            parallel=2,
            nodes=NODES,
        ),
        ItemsQueued(time=100.0, items=[ItemInfo(id=name, key=name) for name in names]),
        EngineStarted(time=100.0, pid=7, parallel=2),
    ]


def change(time: float, item: str, state: State, attempt: int = 1) -> ItemChanged:
    return ItemChanged(time=time, item=item, state=state, attempt=attempt)


def test_time_is_split_into_working_paused_and_waiting() -> None:
    state = fold(
        [
            *begun("A"),
            change(110, "A", State.STARTING),
            change(111, "A", State.RUNNING),
            change(120, "A", State.PAUSING),
            change(125, "A", State.PAUSED),
            change(145, "A", State.QUEUED),
            change(146, "A", State.STARTING, 2),
            change(147, "A", State.RUNNING, 2),
        ]
    )
    item = state.items["A"]
    assert item.active_seconds(150) == 15 + 4
    assert item.paused_seconds(150) == 20
    assert item.seconds_in([State.QUEUED], 150) == 11
    assert item.started == 110
    assert [span.state for span in item.spans][-1] is State.RUNNING
    assert all(one.end == two.start for one, two in pairwise(item.spans))


def test_waiting_for_the_user_is_not_waiting_for_quota() -> None:
    state = fold(
        [
            *begun("A", "B"),
            change(110, "A", State.STARTING),
            change(111, "A", State.RUNNING),
            change(120, "A", State.QUOTA),
            PoolChanged(state="paused", until=200, time=120),
            AutoResumeSet(on=False, time=130),
            PoolChanged(state="open", time=150),
        ]
    )
    item = state.items["A"]
    assert (item.quota_seconds(180), item.paused_seconds(180)) == (30, 30)
    state.apply(PoolChanged(state="paused", until=300, time=180))
    assert (item.quota_seconds(190), item.paused_seconds(190)) == (40, 30)
    state.apply(PoolChanged(state="open", time=200))
    state.apply(change(205, "A", State.QUEUED))
    state.apply(change(206, "A", State.STARTING, 2))
    assert (item.quota_seconds(300), item.paused_seconds(300)) == (50, 35)
    state.apply(change(310, "A", State.QUOTA, 2))
    state.apply(AutoResumeSet(on=True, time=315))
    assert (item.quota_seconds(320), item.paused_seconds(320)) == (55, 40)


def test_events_of_an_older_attempt_change_nothing() -> None:
    state = fold(
        [
            *begun("A"),
            change(101, "A", State.STARTING, 1),
            change(102, "A", State.RETRYING, 1),
            change(103, "A", State.QUEUED, 1),
            change(104, "A", State.STARTING, 2),
            NodeStarted(time=105, item="A", attempt=2, node="N0"),
            NodeStarted(time=106, item="A", attempt=1, node="N2"),
            change(107, "A", State.DONE, 1),
        ]
    )
    assert state.items["A"].node == "N0"
    assert state.items["A"].state is State.STARTING


def test_a_new_engine_finds_nobody_at_work_and_counts_no_time_in_between() -> None:
    state = fold(
        [
            *begun("A", "B"),
            change(101, "A", State.STARTING),
            change(101, "A", State.RUNNING),
            CallStarted(time=105, item="A", attempt=1, lease=1, model="m"),
            EngineStarted(time=500, pid=8, resumed=True),
        ]
    )
    item = state.items["A"]
    assert item.state is State.QUEUED
    assert item.active_seconds(600) == 4
    assert item.call is None
    assert state.counts[State.QUEUED] == 2
    assert state.counts[State.RUNNING] == 0


def test_an_end_is_taken_back_by_the_next_engine() -> None:
    state = fold([*begun("A"), RunEnded(time=200, exit_code=3, reason="stopped")])
    assert (state.live, state.exit_code) == (False, 3)
    state.apply(EngineStarted(time=300, pid=9, resumed=True))
    assert (state.live, state.exit_code) == (True, None)


def test_calls_and_tokens_are_counted() -> None:
    state = fold(
        [
            *begun("A"),
            change(101, "A", State.STARTING),
            CallStarted(time=102, item="A", attempt=1, lease=1, model="m", timeout=60),
            CallEnded(time=103, item="A", attempt=1, lease=1, outcome="ok", input_tokens=10),
            CallStarted(time=104, item="A", attempt=1, lease=2, model="m"),
            CallEnded(time=105, item="A", attempt=1, lease=2, outcome="minute"),
            CallStarted(time=106, item="A", attempt=1, lease=3, model="m"),
        ]
    )
    item = state.items["A"]
    assert (item.calls, item.calls_refused, item.input_tokens) == (3, 1, 10)
    assert state.calls_ended == {"ok": 1, "minute": 1}
    assert state.calls_in_flight() == 1


def test_a_gap_in_the_journal_is_counted_and_a_repeated_event_is_not_applied_twice() -> None:
    events = begun("A")
    for number, event in enumerate(events, 1):
        event.seq = number
    state = fold(events)
    call = CallStarted(seq=6, time=101, item="A", lease=1, model="m")
    state.apply(call)
    state.apply(call)
    assert state.missing == 2
    assert state.items["A"].calls == 1


def test_the_estimate_shares_the_rest_among_the_workers() -> None:
    events = begun("A", "B", "C", "D", "E")
    events += [change(100, "A", State.STARTING), change(160, "A", State.DONE)]
    state = fold(events)
    assert state.seconds_left(160) == 4 * 60 / 2
    assert fold(begun("A")).seconds_left(160) is None


_ITEMS = ("A", "B", "C")


@given(
    st.lists(
        st.tuples(st.sampled_from(_ITEMS), st.sampled_from(list(State)), st.integers(1, 3)),
        max_size=60,
    )
)
def test_counts_spans_and_seconds_always_agree(
    steps: list[tuple[str, State, int]],
) -> None:
    state: RunState = fold(begun(*_ITEMS))
    now = 100.0
    for name, entered, attempt in steps:
        now += 1
        state.apply(change(now, name, entered, attempt))
    for item in state.items.values():
        measured = sum(
            (span.end if span.end is not None else now) - span.start
            for span in item.spans
            if span.state in AT_WORK
        )
        assert item.active_seconds(now) == measured
    assert sum(state.counts.values()) == len(_ITEMS)
    for one in State:
        assert state.counts[one] == sum(i.state is one for i in state.items.values())
    assert 0.0 <= state.done_fraction() <= 1.0
