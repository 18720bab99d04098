"""The engine while its journal cannot be written: what it does meanwhile, and how it leaves."""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from assemblyzero_tui.runner.base.paths import checkpoint_file
from assemblyzero_tui.runner.locks.file_locks import is_held
from assemblyzero_tui.runner.model.commands import Cancel, SetAutoResume
from assemblyzero_tui.runner.model.events import Notice
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.runs.journal import read_journal
from assemblyzero_tui.runner.runs.runs import open_run
from tests.integration.engine.running import PATIENCE, Running, running, states
from tests.needs import require
from tests.waiting import wait_for


@pytest.fixture(autouse=True)
def limits_of_others() -> None:
    """These tests limit the files of a running engine."""
    require(hasattr(resource, "prlimit"), "only Linux limits the files of another process")


_IMPATIENT = (
    "from assemblyzero_tui.runner.engine import service\n"
    "service.JOURNAL_PATIENCE = 0.2\n"
    "if __name__ == '__main__':\n"
    "    service.main()\n"
)


@contextmanager
def journal_full(run: Running) -> Iterator[None]:
    """The journal of a run has no room for another line; its workers have all the room."""
    assert run.engine is not None
    pid = run.engine.process.pid
    soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (run.folder.journal.stat().st_size + 20, hard))
    try:
        yield
    finally:
        if run.engine.process.poll() is None:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def impatient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Engines that are started do not wait long for room."""
    python = tmp_path / "python"
    code = tmp_path / "impatient.py"
    code.write_text(_IMPATIENT)
    python.write_text(f'#!/bin/sh\nshift 3\nexec "{sys.executable}" -P "{code}" "$@"\n')
    python.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(python))


def gone(run: Running) -> None:
    """Returns when the first item's process has ended, and the engine has had time to see that."""
    repository = Path(run.spec.repository)
    places = (checkpoint(run).parent, repository / ".git/assemblyzero/locks")
    wait_for(
        lambda: not any(is_held(busy) for place in places for busy in place.glob("*.busy")),
        "end of the process",
        PATIENCE,
    )
    for _ in range(30):
        run.send(SetAutoResume(on=True))


def checkpoint(run: Running, number: int = 0) -> Path:
    return checkpoint_file(Path(run.spec.repository), "lld", run.spec.items[number].key)


def test_a_journal_that_was_full_for_a_while_has_everything(tmp_path: Path) -> None:
    with running(tmp_path, items=2, parallel=1, latency=0.1) as run:
        run.until(lambda state: any(item.call for item in state.items.values()))
        design = Path(run.spec.repository, "docs/lld/active")
        with journal_full(run):
            wait_for(lambda: design.exists() and list(design.iterdir()), "design", PATIENCE)
            gone(run)
            assert checkpoint(run).exists()
        state = run.until_ended()
        assert states(state) == [State.DONE] * 2
        assert state.missing == 0
        told = [e.text for e in read_journal(run.folder.journal) if isinstance(e, Notice)]
        assert len(told) == 1
        assert "nothing is lost" in told[0]
        assert not checkpoint(run).exists()


def test_a_journal_that_stays_full_ends_the_run_without_losing_anything(
    tmp_path: Path, impatient: None
) -> None:
    with running(tmp_path, items=1, latency=30) as run:
        run.until(lambda state: run.item().call)
        with journal_full(run):
            run.send(Cancel(items=[run.spec.items[0].id]))
            assert run.engine is not None
            assert run.engine.process.wait(PATIENCE) == 2
        assert "cannot be written: File too large" in run.engine_log()
        assert f"assemblyzero-tui resume {run.spec.run}" in run.engine_log()
        assert "Traceback" not in run.engine_log()
        assert not [n for n in open_run(run.folder).state.notices if "damaged" in n.text]
        assert checkpoint(run).exists()
        run.start()
        run.until(lambda state: state.items[run.spec.items[0].id].attempt == 2)


async def test_clients_are_notified_that_the_journal_cannot_be_written(tmp_path: Path) -> None:
    with running(tmp_path, items=1, latency=30) as run:
        run.until(lambda state: run.item().call)
        assert await run.run.connect()
        with journal_full(run):
            await run.run.send(Cancel(items=[run.spec.items[0].id]))
            while not run.state.notices:
                await run.run.wait_for_change(1.0)
        assert "cannot be written" in run.state.notices[0].text
        assert run.state.notices[0].level == "error"
        await run.run.close()
