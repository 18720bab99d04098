"""A machine's clock that is set back during a run."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

from assemblyzero_tui.runner.base.paths import RunFolder
from assemblyzero_tui.runner.base.steady_clock import SteadyClock
from assemblyzero_tui.runner.model.events import AnyEvent, RunEnded
from assemblyzero_tui.runner.model.run_state import fold
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.runs import report
from assemblyzero_tui.runner.runs.journal import JournalWriter
from assemblyzero_tui.runner.runs.live_run import LiveRun
from assemblyzero_tui.runner.runs.replay import Replay
from tests.unit.run_examples import change, numbered, started, worked

HOUR = 3600.0


def events_of(set_back: float) -> list[AnyEvent]:
    """Two items of 80 and 40 seconds; the clock is set back 50 seconds after the start."""
    events = [
        *started(numbered(42, "One"), numbered(57, "Two")),
        *worked("LLD-42", 10, 90),
        *worked("LLD-57", 100, 140),
        RunEnded(exit_code=0),
    ]
    events[-1].time = events[-2].time + 1
    events = copy.deepcopy(events)
    start = events[0].time
    for event in events:
        event.time -= set_back if event.time > start + 50 else 0.0
    return events


def written(path: Path, events: list[AnyEvent]) -> RunFolder:
    folder = RunFolder(path)
    path.mkdir()
    journal = JournalWriter(folder.journal)
    for event in events:
        journal.append(event)
    journal.close()
    return folder


def test_it_stands_still_where_the_other_goes_back() -> None:
    clock = SteadyClock()
    assert [clock.take(time) for time in (100, 110, 50, 60, 40, 41)] == [
        100, 110, 110, 120, 120, 121,
    ]  # fmt: skip
    assert clock.reading(42) == 122
    assert clock.reading(20) == 121
    assert clock.set_back == 80


def test_a_little_disorder_is_no_clock_set_back() -> None:
    clock = SteadyClock()
    assert [clock.take(time) for time in (100, 100.5, 100.2, 101)] == [100, 100.5, 100.5, 101]
    assert clock.set_back == 0


def test_lengths_of_time_are_right(tmp_path: Path) -> None:
    summary = report.build(fold(events_of(HOUR)), RunFolder(tmp_path), 0.0)
    straight = report.build(fold(events_of(0.0)), RunFolder(tmp_path), 0.0)
    assert straight.times.active == 120
    # What passed between the last event before and the first one after is not known.
    assert summary.times.active == pytest.approx(120 - 39, abs=1)
    assert summary.times.wall == pytest.approx(straight.times.wall - 39, abs=1)
    assert [item.active > 0 for item in summary.items] == [True, True]
    assert all(span.end >= span.start for item in summary.items for span in item.spans)


def test_an_announced_wait_keeps_its_length(tmp_path: Path) -> None:
    events = [*started(numbered(42, "One")), change("LLD-42", State.STARTING, 100)]
    last = change("LLD-42", State.QUOTA, 110 - HOUR)
    last.until = last.time + 30
    state = fold([*events, last])
    assert state.items["LLD-42"].until == state.time + 30


def test_time_stands_when_no_engine_serves_the_run(tmp_path: Path) -> None:
    folder = written(tmp_path / "run", events_of(0.0)[:-1])
    source = LiveRun(folder)
    source.poll()
    assert not source.live
    assert source.now() == source.state.time


def test_a_replay_of_such_a_run_ends(tmp_path: Path) -> None:
    time = 0.0
    folder = written(tmp_path / "run", events_of(HOUR))
    replay = Replay(folder, clock=lambda: time)
    over = []
    for moment in (0.0, 60.0, 150.0):  # what came after resumes at its own pace
        time = moment
        replay.poll()
        over.append(replay.over)
    assert over == [False, False, True]
    assert replay.state.finished
