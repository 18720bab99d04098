"""A run as lines: whole, prefixed, with every change of state named."""

from __future__ import annotations

import pytest

from assemblyzero_tui.app.headless.plain_lines import PlainLines, eta
from assemblyzero_tui.runner.model.events import (
    AnyEvent,
    EngineStarted,
    ItemChanged,
    ItemInfo,
    ItemsQueued,
    Notice,
    Result,
    RunBlocked,
    RunEnded,
    RunHeld,
    RunStarted,
)
from assemblyzero_tui.runner.model.run_state import RunState
from assemblyzero_tui.runner.model.states import State


def changed(item: str, state: State, time: float, **rest: object) -> ItemChanged:
    return ItemChanged(item=item, attempt=1, state=state, time=time, **rest)  # type: ignore[arg-type]


def began(items: int = 2) -> list[AnyEvent]:
    return [
        RunStarted(
            run="r", workflow="lld", repository="/x", provider="offline", parallel=3, time=1
        ),
        ItemsQueued(
            items=[ItemInfo(id=f"LLD-{n}", key=str(n)) for n in range(1, items + 1)], time=1
        ),
        EngineStarted(pid=1, time=1),
    ]


def told(events: list[AnyEvent], lines: PlainLines | None = None) -> list[str]:
    lines, state, written = lines or PlainLines(), RunState(), []
    for event in events:
        state.apply(event)
        written += list(lines.event(event, state))
    return written


def test_a_run_begins_with_what_it_is() -> None:
    assert told(began()) == [
        "[COORDINATOR] r: lld in /x, 3 at once, provider offline",
        "[COORDINATOR] 2 items queued: LLD-1, LLD-2",
    ]


def test_a_change_names_both_states_the_outcome_and_the_time_at_work() -> None:
    events = [
        *began(),
        changed("LLD-1", State.STARTING, 10),
        changed("LLD-1", State.RUNNING, 11),
        changed("LLD-1", State.DONE, 82, result=Result(summary="approved after 2 reviews")),
    ]
    assert told(events)[2:] == [
        "[COORDINATOR] LLD-1 WAIT -> START",
        "[COORDINATOR] LLD-1 START -> RUN",
        "[COORDINATOR] LLD-1 RUN -> DONE  approved after 2 reviews (1m 12s)",
    ]


def test_events_of_an_older_attempt_say_nothing() -> None:
    events = [
        *began(),
        ItemChanged(item="LLD-1", attempt=2, state=State.STARTING, time=5),
        ItemChanged(item="LLD-1", attempt=1, state=State.FAILED, time=6),
    ]
    assert told(events)[2:] == ["[COORDINATOR] LLD-1 WAIT -> START"]


def test_a_resumed_run_says_how_much_is_left() -> None:
    events = [
        *began(),
        changed("LLD-1", State.STARTING, 5),
        EngineStarted(pid=2, resumed=True, time=9),
        changed("LLD-1", State.STARTING, 10),
    ]
    assert told(events)[3:] == [
        "[COORDINATOR] resumed: 2 of 2 left",
        "[COORDINATOR] LLD-1 WAIT -> START",
    ]


def test_notices_holds_and_the_end() -> None:
    events = [
        *began(),
        Notice(item="LLD-1", text="the answer\nwas cut", level="warning", time=2),
        Notice(text="for all", time=2),
        RunHeld(held=True, reason="by you", time=3),
        RunHeld(held=False, time=4),
        RunEnded(exit_code=3, reason="stopped", time=5),
    ]
    assert told(events)[2:] == [
        "[LLD-1] warning: the answer was cut",
        "[COORDINATOR] for all",
        "[COORDINATOR] paused: by you",
        "[COORDINATOR] items start again",
        "[COORDINATOR] stopped: 2 queued",
    ]


def test_ascii_alone_on_request() -> None:
    events = [*began(), changed("LLD-1", State.STARTING, 2), changed("LLD-1", State.PAUSING, 3)]
    assert told(events, PlainLines(ascii=True))[-1] == "[COORDINATOR] LLD-1 START -> PAUSE..."


def test_what_a_workflow_prints_can_do_nothing_to_a_terminal() -> None:
    raw = b"\x1b]0;title\x07\x1b[31mred\x1b[2J\x07 text\x1b[5A"
    assert PlainLines().log("LLD-1", raw, 0) == "[LLD-1] red text"
    coloured = PlainLines(colours=True).log("LLD-1", raw, 0)
    assert "\x1b[31mred" in coloured
    assert "\x1b[2J" not in coloured
    assert coloured.endswith("\x1b[0m")


def test_a_log_line_is_kept_whole_however_long() -> None:
    assert PlainLines().log("LLD-1", b"x" * 50_000, 0) == "[LLD-1] " + "x" * 50_000


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "1s"), (40, "40s"), (59.4, "59s"), (95, "2m"), (3599, "60m"), (7500, "2h 05m")],
)
def test_an_estimate_is_no_more_precise_than_it_can_be(seconds: float, text: str) -> None:
    assert eta(seconds) == text


def test_progress_counts_what_is_done_what_is_not_and_what_is_left() -> None:
    state = RunState()
    for event in [
        *began(6),
        changed("LLD-1", State.STARTING, 10),
        changed("LLD-2", State.STARTING, 10),
        changed("LLD-3", State.STARTING, 10),
        changed("LLD-1", State.DONE, 70),
        changed("LLD-2", State.FAILED, 70),
    ]:
        state.apply(event)
    line = PlainLines().progress(state, 70)
    assert line == "[COORDINATOR] 1 of 6 done, 1 failed, 1 at work, ETA 1m"


def test_only_a_run_that_waits_for_nothing_else_says_that_it_waits() -> None:
    state = RunState()
    for event in [
        *began(2),
        changed("LLD-1", State.STARTING, 10),
        changed("LLD-2", State.STARTING, 10),
        changed("LLD-1", State.QUOTA, 20, until=90.0),
    ]:
        state.apply(event)
    lines = PlainLines()
    assert lines.waiting(state, 30) is None
    state.apply(changed("LLD-2", State.QUOTA, 25, until=80.0))
    assert lines.waiting(state, 30) == (
        "[COORDINATOR] 2 items wait for quota, at the earliest in 50s"
    )


def elsewhere(item: str, who: str, time: float) -> ItemChanged:
    return ItemChanged(
        item=item, state=State.QUEUED, reason=f"at work in run {who}", elsewhere=who, time=time
    )


def test_an_item_at_work_in_another_run_waits_and_another_holder_is_reported_again() -> None:
    lines, state = PlainLines(), RunState()
    begun = began()
    told(begun, lines)
    for event in begun:
        state.apply(event)
    events = [elsewhere("LLD-1", "a", 2), elsewhere("LLD-1", "b", 3), elsewhere("LLD-2", "b", 3)]
    written: list[str] = []
    for event in events:
        state.apply(event)
        written += lines.event(event, state)
    assert written == [
        "[COORDINATOR] LLD-1 waits: at work in run a",
        "[COORDINATOR] LLD-1 waits: at work in run b",
        "[COORDINATOR] LLD-2 waits: at work in run b",
    ]
    assert lines.elsewhere(state, 9) == "[COORDINATOR] 2 items wait: at work in run b"
    state.apply(changed("LLD-2", State.STARTING, 10))
    assert lines.elsewhere(state, 11) is None, "something is at work here"
    assert not state.items["LLD-2"].elsewhere
    state.apply(EngineStarted(pid=2, time=12, resumed=True))
    assert not state.items["LLD-1"].elsewhere
    assert lines.elsewhere(state, 13) is None


def test_why_no_item_can_go_on_is_one_line_and_its_end_none() -> None:
    blocked = RunBlocked(what="No model", words="It is\nnot found", hint="Choose another", time=2)
    lines = told([*began(), blocked, RunBlocked(time=3)])[2:]
    assert lines == [
        "[COORDINATOR] error: No model: It is not found. No more items are started, and nothing is "
        "lost. Choose another"
    ]
