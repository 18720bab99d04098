"""Until the review model is looked up, what workers ask of the pool is kept, in order."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from assemblyzero_tui.runner.engine.message_handler import WorkerMessageHandler
from assemblyzero_tui.runner.engine.model_check import ModelCheck
from assemblyzero_tui.runner.engine.pool_service import PoolService
from assemblyzero_tui.runner.engine.recorder import Recorder
from assemblyzero_tui.runner.llm import model_lookup
from assemblyzero_tui.runner.llm.deadline import ENDPOINT
from assemblyzero_tui.runner.model.run_spec import Options, RunSpec
from assemblyzero_tui.runner.model.run_state import fold
from assemblyzero_tui.runner.pool.grants.pool import Pool
from assemblyzero_tui.runner.runs.journal import JournalWriter
from assemblyzero_tui.runner.wire.worker_messages import Acquire, AnyToWorker, Grant
from tests.unit.run_examples import numbered, started
from tests.unit.runner.pool.driver import HandClock, keys


class Heard:
    """A handler over a pool without credentials, which grants at once, and what it answered."""

    def __init__(self, path: Path) -> None:
        self.answers: list[AnyToWorker] = []
        recorder = Recorder(fold(started(numbered(1, "a"))), JournalWriter(path / "events.jsonl"))
        self.pool = Pool(clock=HandClock())
        service = self.service = PoolService(self.pool)
        self.handler = WorkerMessageHandler(
            recorder, lambda _, answer: self.answers.append(answer), service,
            revoke=lambda *_: None, on_pool_changed=lambda _: None, on_blocked=lambda _: None,
            on_failure=lambda _: None,
        )  # fmt: skip
        service._deliver = self.handler._apply

    def ask(self, request: int) -> None:
        self.handler.handle("LLD-1", 0, Acquire(request=request, model="m"))


@pytest.fixture
def heard(tmp_path: Path) -> Heard:
    return Heard(tmp_path)


def test_no_call_begins_until_the_release(heard: Heard) -> None:
    heard.handler.hold()
    heard.ask(1)
    heard.ask(2)
    assert heard.answers == []
    heard.handler.release()
    assert [a.request for a in heard.answers if isinstance(a, Grant)] == [1, 2]
    heard.ask(3)
    assert len(heard.answers) == 3


def check(heard: Heard, **options: Any) -> ModelCheck:
    spec = RunSpec(
        run="r", workflow="lld", repository="/x", items=[], provider="gemini",
        options=Options(**options),
    )  # fmt: skip
    return ModelCheck(spec, keys("one"), heard.handler, heard.service)


def test_a_look_up_holds_the_calls_until_it_is_through_whatever_it_finds(
    heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENDPOINT, "http://127.0.0.1:9")  # nobody answers there

    async def look_up() -> list[int]:
        checked = check(heard)
        checked.start()
        heard.ask(1)
        before = len(heard.answers)
        assert checked._task is not None
        await checked._task
        return [before, len(heard.answers)]

    assert asyncio.run(look_up()) == [0, 1]


def test_a_look_up_that_breaks_off_releases_the_calls(
    heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("something nobody thought of")

    monkeypatch.setattr(model_lookup, "look_up", broken)

    async def look_up() -> None:
        checked = check(heard)
        checked.start()
        heard.ask(1)
        assert checked._task is not None
        await checked._task

    asyncio.run(look_up())
    assert len(heard.answers) == 1


def test_a_reviewer_that_writes_as_well_needs_no_look_up(heard: Heard) -> None:
    check(heard, model="gemini-x", review_model="gemini-x").start()
    heard.ask(1)
    assert len(heard.answers) == 1
