"""A checkpoint that another program has locked is waited for, then told truly."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from assemblyzero_tui.runner.base.paths import checkpoint_file
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.worker import patient_connection
from tests.integration.engine.running import Running, running, states

HOLDING = f"(process {os.getpid()})"


def lock(run: Running) -> sqlite3.Connection:
    """Locks the database of the first item, as a user does who looks at it with ``sqlite3``."""
    path = checkpoint_file(Path(run.spec.repository), "lld", run.spec.items[0].key)
    other = sqlite3.connect(path, timeout=20, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    return other


def test_a_locked_checkpoint_is_waited_for_and_its_holder_reported(tmp_path: Path) -> None:
    with running(tmp_path, latency=0.5) as run:
        run.until(lambda state: run.item().call)
        with closing(lock(run)) as other:
            run.until(lambda state: state.notices)
            (notice,) = run.state.notices
            assert "is locked by another program" in notice.text
            assert HOLDING in notice.text
            assert run.item().state is State.RUNNING
            other.execute("ROLLBACK")
        assert states(run.until_ended()) == [State.DONE]


def test_a_statement_is_retried_after_the_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patient_connection, "QUIET_WAIT", 0.01)
    path = tmp_path / "lld_workflow_1.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:

        def let_it_go(_: str) -> None:
            other.execute("ROLLBACK")

        with closing(patient_connection.connect(path, let_it_go)) as ours:
            ours.executescript("CREATE TABLE t (n)")
            other.execute("BEGIN EXCLUSIVE")
            ours.execute("INSERT INTO t VALUES (1)")
            assert ours.execute("SELECT n FROM t").fetchall() == [(1,)]


def test_a_lock_is_not_waited_for_without_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patient_connection, "QUIET_WAIT", 0.01)
    monkeypatch.setattr(patient_connection, "REPORTED_WAIT", 0.02)
    path = tmp_path / "lld_workflow_1.db"
    said: list[str] = []
    with closing(patient_connection.connect(path, said.append)) as ours:
        ours.executescript("CREATE TABLE t (n)")
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            statements: tuple[Callable[[], object], ...] = (
                lambda: ours.execute("INSERT INTO t VALUES (1)"),
                lambda: ours.executemany("INSERT INTO t VALUES (?)", iter([(1,), (2,)])),
                lambda: ours.executescript("CREATE TABLE u (n)"),
            )
            for statement in statements:
                with pytest.raises(sqlite3.OperationalError, match="locked") as failed:
                    statement()
                assert patient_connection.is_locked(failed.value)
            other.execute("ROLLBACK")
        ours.executemany("INSERT INTO t VALUES (?)", iter([(1,), (2,)]))
        assert ours.execute("SELECT count(*) FROM t").fetchone() == (2,)
    assert len(said) == 3
    assert f"the checkpoint {path} is locked by another program" in said[0]
