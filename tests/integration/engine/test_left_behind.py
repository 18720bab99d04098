"""What a worker leaves behind does not hold its item up, and is named."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from assemblyzero_tui.runner.base.errors import WorkflowError
from assemblyzero_tui.runner.base.paths import RunFolder, checkpoint_url, make_private_directory
from assemblyzero_tui.runner.engine.executors import worker_process
from assemblyzero_tui.runner.engine.executors.executor import Outcome
from assemblyzero_tui.runner.engine.executors.local_executor import LocalExecutor
from assemblyzero_tui.runner.locks.item_locks import ItemLocks
from assemblyzero_tui.runner.model.events import ItemInfo
from assemblyzero_tui.runner.model.run_spec import WorkerSpec
from assemblyzero_tui.runner.wire.worker_messages import AnyFromWorker, WorkerNotice
from assemblyzero_tui.runner.worker import entry
from tests.conftest import marked
from tests.integration.engine import left_behind

PATIENCE = 60.0
"""Seconds a test waits; the daemon lives ten times as long."""


@pytest.fixture(autouse=True)
def no_daemon_is_left(isolated: str) -> Iterator[None]:
    yield
    for process in marked(isolated):
        process.kill()


def spec_of(tmp_path: Path, attempt: int = 1) -> WorkerSpec:
    return WorkerSpec(
        run="a-run",
        item=ItemInfo(id="LLD-1", key="1", title="One"),
        attempt=attempt,
        workflow="lld",
        repository=str(tmp_path),
        provider="offline",
        checkpoint=checkpoint_url(tmp_path / "lld_workflow_1.db"),
        audit=str(tmp_path / "audit.jsonl"),
    )


def work(tmp_path: Path, again: bool = False) -> tuple[Outcome, list[str]]:
    """One attempt, and the remarks of it; with ``again`` a second one after it."""
    folder = RunFolder(tmp_path / "run")
    make_private_directory(folder.logs)
    said: list[str] = []

    def hear(_item: str, _attempt: int, message: AnyFromWorker) -> None:
        if isinstance(message, WorkerNotice):
            said.append(message.text)

    async def attempt() -> Outcome:
        executor = LocalExecutor(folder, 1, ItemLocks(tmp_path, "lld"), start_method="spawn")
        await executor.start(hear)
        try:
            await executor.submit(spec_of(tmp_path))
            outcome = await asyncio.wait_for(executor.wait("LLD-1"), PATIENCE)
            if again:
                await executor.submit(spec_of(tmp_path, 2))
            return outcome
        finally:
            await executor.close()

    outcome = asyncio.run(attempt())
    assert "the last words of the worker" in folder.log("LLD-1").read_text()
    return outcome, said


def test_a_child_that_keeps_the_output_open_is_named_and_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, isolated: str
) -> None:
    monkeypatch.setattr(entry, "main", left_behind.keeping_output)
    outcome, said = work(tmp_path)
    assert outcome.kind == "finished"
    (daemon,) = marked(isolated)
    assert said == [
        "its process has ended, but processes that it started are alive: "
        f"{daemon.name()} (process {daemon.pid})"
    ]
    assert daemon.status() != psutil.STATUS_ZOMBIE


def test_a_daemon_that_holds_the_lock_lets_the_item_end_but_not_begin_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_process, "_ORPHAN_GRACE", 0.5)
    monkeypatch.setattr(entry, "main", left_behind.keeping_all)
    with pytest.raises(WorkflowError, match="attempt is still working on LLD-1") as refused:
        work(tmp_path, again=True)
    assert re.search(r"\(process \d+\); end it, then retry", str(refused.value))
