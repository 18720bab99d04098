"""Items that are held up are tried again later, and given up after a day."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from assemblyzero_tui.runner.engine.later_starts import DELAYS, PATIENCE, LaterStarts
from assemblyzero_tui.runner.engine.recorder import Recorder
from assemblyzero_tui.runner.model.events import ItemInfo, ItemsQueued
from assemblyzero_tui.runner.model.item_state import ItemState
from assemblyzero_tui.runner.model.run_state import RunState
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.runs.journal import JournalWriter


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    """With one item."""
    made = Recorder(RunState(), JournalWriter(tmp_path / "events.jsonl"))
    made.emit(ItemsQueued(items=[ItemInfo(id="LLD-1", key="1")]))
    return made


def at_work(recorder: Recorder) -> ItemState:
    item = recorder.state.items["LLD-1"]
    if item.state is not State.QUEUED:
        recorder.change_state(item, State.QUEUED)
    recorder.change_state(item, State.STARTING, attempt=item.attempt + 1)
    recorder.change_state(item, State.RUNNING)
    return item


@pytest.fixture
def delays(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What is asked of the loop; nothing is called by itself."""
    asked: list[float] = []

    class Loop:
        def call_later(self, delay: float, *call: object) -> None:
            asked.append(delay)

    monkeypatch.setattr(asyncio, "get_running_loop", Loop)
    return asked


def test_it_waits_longer_each_time_or_until_it_is_known(
    recorder: Recorder, delays: list[float]
) -> None:
    later = LaterStarts(recorder, lambda item: None)
    for _ in range(7):
        item = at_work(recorder)
        assert later.put_off(item, "GitHub is away", 0.0)
        assert item.state is State.RETRYING
        assert item.reason == "GitHub is away"
        assert item.until is not None
        assert item.until > time.time()
    assert delays == [*DELAYS, DELAYS[-1], DELAYS[-1]]
    assert later.put_off(at_work(recorder), "no calls left", time.time() + 4000.0)
    assert 3990 < delays[-1] <= 4000


def test_it_is_given_up_after_a_day_at_the_same_node(
    recorder: Recorder, delays: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    later = LaterStarts(recorder, lambda item: None)
    assert later.put_off(at_work(recorder), "GitHub is away", 0.0)
    over = time.time() + PATIENCE + 1
    monkeypatch.setattr(time, "time", lambda: over)
    item = at_work(recorder)
    item.node = "N6_file"  # it has come on
    assert later.put_off(item, "GitHub is away", 0.0)
    assert delays[-1] == DELAYS[0]
    monkeypatch.setattr(time, "time", lambda: over + PATIENCE + 1)
    assert not later.put_off(at_work(recorder), "GitHub is away", 0.0)


def test_a_retry_by_the_user_begins_the_day_anew(
    recorder: Recorder, delays: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    later = LaterStarts(recorder, lambda item: None)
    assert later.put_off(at_work(recorder), "GitHub is away", 0.0)
    over = time.time() + PATIENCE + 1
    monkeypatch.setattr(time, "time", lambda: over)
    later.forget(recorder.state.items["LLD-1"])
    assert later.put_off(at_work(recorder), "GitHub is away", 0.0)
    assert delays == [DELAYS[0], DELAYS[0]]


async def test_only_what_still_waits_is_started(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: asyncio.Queue[str] = asyncio.Queue()
    start: Callable[[ItemState], None] = lambda item: started.put_nowait(item.id)  # noqa: E731
    later = LaterStarts(recorder, start)
    item = at_work(recorder)
    later.start_in(item, "lost", 0.0)
    recorder.change_state(item, State.PAUSED, "by you")
    recorder.change_state(item, State.QUEUED)
    recorder.change_state(item, State.STARTING, attempt=2)
    later.start_in(item, "lost again", 0.0)
    assert await asyncio.wait_for(started.get(), 30.0) == "LLD-1"
    await asyncio.sleep(0)
    assert started.empty()
