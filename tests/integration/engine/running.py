"""A real engine at work on a small repository, for tests that watch and disturb it."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from assemblyzero_tui.runner.base.paths import RunFolder, checkpoint_file
from assemblyzero_tui.runner.model.commands import AnyCommand, Reply
from assemblyzero_tui.runner.model.events import ItemInfo
from assemblyzero_tui.runner.model.run_spec import Options, RunSpec
from assemblyzero_tui.runner.model.run_state import ItemState, RunState
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.runs.engine_start import StartingEngine, start_engine
from assemblyzero_tui.runner.runs.live_run import LiveRun
from assemblyzero_tui.runner.runs.runs import create_run
from assemblyzero_tui.runner.workflows.samples.demo import make_demo_repository

PATIENCE = 60.0
"""Seconds a test waits for a state before it fails."""


class Running:
    """A run whose engine was started by the test."""

    def __init__(self, folder: RunFolder, spec: RunSpec) -> None:
        self.folder = folder
        self.spec = spec
        self.run = LiveRun(folder)
        self.engine: StartingEngine | None = None

    def start(self, **options: object) -> None:
        self.engine = start_engine(self.folder, **options)  # type: ignore[arg-type]
        self.engine.wait()

    @property
    def state(self) -> RunState:
        self.run.poll()
        return self.run.state

    def item(self, number: int = 0) -> ItemState:
        return list(self.state.items.values())[number]

    def until(self, what: Callable[[RunState], object], patience: float = PATIENCE) -> RunState:
        """Polls until ``what`` holds; fails with the state of the run after ``patience`` s."""
        deadline = time.monotonic() + patience
        while not what(self.state):
            if time.monotonic() > deadline:
                states = {i.id: (i.state, i.node, i.reason) for i in self.state.items.values()}
                raise AssertionError(f"not within {patience} s: {states}\n{self.engine_log()}")
            time.sleep(0.01)
        return self.run.state

    def until_ended(self) -> RunState:
        state = self.until(lambda state: state.ended)
        assert self.engine is not None
        self.engine.process.wait(PATIENCE)
        return state

    def send(self, command: AnyCommand) -> Reply:
        async def send() -> Reply:
            run = LiveRun(self.folder)
            try:
                return await run.send(command)
            finally:
                await run.close()

        return asyncio.run(send())

    def worker(self, item: str) -> psutil.Process:
        """The process that works on an item."""
        key = self.state.items[item].info.key
        database = str(checkpoint_file(Path(self.spec.repository), "lld", key))
        for process in psutil.process_iter():
            try:
                files = [file.path for file in process.open_files()]
            except psutil.Error:
                continue
            if database in files:
                return process
        raise AssertionError(f"no process works on {item}")

    def engine_log(self) -> str:
        return self.folder.engine_log.read_text() if self.folder.engine_log.exists() else ""

    def log(self, item: str) -> str:
        return self.folder.log(item).read_text()

    def close(self) -> None:
        if self.engine is not None and self.engine.process.poll() is None:
            self.engine.process.send_signal(signal.SIGTERM)
            try:
                self.engine.process.wait(20)
            except Exception:
                self.engine.process.kill()
                raise


@contextmanager
def running(
    tmp_path: Path,
    *,
    items: int = 1,
    parallel: int = 3,
    latency: float = 0.0,
    start: bool = True,
    repository: Path | None = None,
    chosen: list[ItemInfo] | None = None,
    options: Options | None = None,
    **more: Any,
) -> Iterator[Running]:
    """A run on a repository with sample issues; stopped when the test is over.

    What is given besides is for the run's specification.
    """
    if repository is None:
        repository = tmp_path / "repository"
        chosen = make_demo_repository(repository, items)
    assert chosen is not None
    spec = RunSpec(
        run="",
        workflow="lld",
        repository=str(repository.resolve()),
        items=chosen,
        provider="offline",
        parallel=parallel,
        options=options or Options(latency=latency),
        **more,
    )
    folder, spec = create_run(spec)
    run = Running(folder, spec)
    try:
        if start:
            run.start()
        yield run
    finally:
        run.close()


def states(state: RunState) -> list[State]:
    """The state of every item, in order."""
    return [item.state for item in state.items.values()]
