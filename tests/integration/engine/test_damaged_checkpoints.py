"""Checkpoints that a disk damaged where nobody looks until it is too late."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from assemblyzero_tui.runner.base.paths import checkpoint_file
from assemblyzero_tui.runner.model.commands import Stop
from assemblyzero_tui.runner.model.events import NodeStarted
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.runs.journal import read_journal
from tests.integration.engine.running import Running, running, states

PAGE = 4096


def sql(*statements: str) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        with contextlib.closing(sqlite3.connect(path)) as database:
            for statement in statements:
                database.execute(statement)
            database.commit()

    return damage


def pages(path: Path) -> None:
    """Noise in every page behind the first: the header and the schema are whole."""
    settle(path)
    with path.open("r+b") as file:
        for place in range(PAGE, path.stat().st_size, PAGE):
            file.seek(place)
            file.write(b"\xa5" * 64)


def half(path: Path) -> None:
    settle(path)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // PAGE // 2 * PAGE + 100)


def settle(path: Path) -> None:
    """Everything is in the file itself."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


def bits(path: Path) -> None:
    """One bit in the middle of each thing that it holds, which SQLite does not notice."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.create_function("altered", 1, one_bit_altered)
        database.execute("UPDATE checkpoints SET checkpoint = altered(checkpoint)")
        database.execute("UPDATE writes SET value = altered(value) WHERE length(value) > 0")
        database.commit()
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def one_bit_altered(kept: bytes) -> bytes:
    middle = len(kept) // 2
    return kept[:middle] + bytes([kept[middle] ^ 1]) + kept[middle + 1 :]


DAMAGE: dict[str, Callable[[Path], None]] = {
    "pages": pages,
    "half": half,
    "blobs": sql("UPDATE checkpoints SET checkpoint = X'c1ff00'"),
    "unknown kind": sql("UPDATE checkpoints SET type = 'nonsense'"),
    "metadata": sql("UPDATE checkpoints SET metadata = 'nonsense'"),
    "no table": sql("DROP TABLE writes", "CREATE VIEW writes AS SELECT 1 AS x"),
    "no column": sql("ALTER TABLE checkpoints RENAME COLUMN checkpoint TO other"),
    "no answers": sql("ALTER TABLE kept_answers RENAME COLUMN answer TO other"),
    "text": sql("UPDATE checkpoints SET metadata = CAST(X'ff80' AS TEXT)"),
    "bits": bits,
}
KEEPS_ANSWERS = ("blobs", "unknown kind", "metadata", "no column", "text", "bits")


def stopped_in_the_review(run: Running) -> Path:
    run.until(lambda state: run.item().node == "N3_review" and run.item().call)
    run.send(Stop())
    run.until_ended()
    return checkpoint_file(Path(run.spec.repository), "lld", run.spec.items[0].key)


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_checkpoint_is_set_aside_and_paid_answers_are_used_again(
    tmp_path: Path, kind: str
) -> None:
    with running(tmp_path, latency=0.3) as run:
        path = stopped_in_the_review(run)
        DAMAGE[kind](path)
        run.start()
        state = run.until(lambda state: state.ended and state.finished)
        assert states(state) == [State.DONE]
        told = [n.text for n in state.notices if "damaged" in n.text]
        assert len(told) == 1
        assert "starts over" in told[0]
        assert Path(told[0].split("set aside as ")[1].split(";")[0]).exists()
        assert not path.exists()
        if kind in KEEPS_ANSWERS:
            assert "paid answers saved: 1" in told[0]
            assert run.item().calls_skipped == 1


def test_damage_is_noticed_before_anything_is_done(tmp_path: Path) -> None:
    """In the table of answers nobody would look before the first question."""
    with running(tmp_path, latency=0.3) as run:
        path = stopped_in_the_review(run)
        settle(path)
        with contextlib.closing(sqlite3.connect(path)) as database:
            query = "SELECT rootpage FROM sqlite_master WHERE name = 'kept_answers'"
            (root,) = database.execute(query).fetchone()
        with path.open("r+b") as file:
            file.seek((root - 1) * PAGE)
            file.write(b"\xa5" * 64)
        run.start()
        assert states(run.until(lambda state: state.ended and state.finished)) == [State.DONE]
        begun = [e for e in read_journal(run.folder.journal) if isinstance(e, NodeStarted)]
        assert next(e.node for e in begun if e.attempt == 2) == "N0_fetch_issue"


@pytest.mark.parametrize("share", [0.2, 0.9])
def test_a_write_ahead_log_that_was_cut_off_costs_no_more_than_its_end(
    tmp_path: Path, share: float
) -> None:
    with running(tmp_path, latency=0.3) as run:
        run.until(lambda state: run.item().node == "N3_review" and run.item().call)
        assert run.engine is not None
        worker = run.worker(run.item().id)
        run.engine.process.kill()
        run.engine.process.wait()
        worker.wait(20)
        path = checkpoint_file(Path(run.spec.repository), "lld", run.spec.items[0].key)
        log = path.with_name(f"{path.name}-wal")
        with log.open("r+b") as file:
            file.truncate(int(log.stat().st_size * share))
        run.start()
        assert states(run.until_ended()) == [State.DONE]
