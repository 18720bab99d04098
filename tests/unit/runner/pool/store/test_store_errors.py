"""The store in trouble: whatever happens to its file, the pool does its work, and does it once."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.model.call_outcomes import Outcome
from assemblyzero_tui.runner.pool.grants.ledger import Ledger
from assemblyzero_tui.runner.pool.grants.quota import WINDOW, QuotaState
from assemblyzero_tui.runner.pool.store import schema
from assemblyzero_tui.runner.pool.store.file import BLOCKED_SECONDS
from assemblyzero_tui.runner.pool.store.store import PoolStore
from tests.unit.runner.pool.clocks import HandClock
from tests.unit.runner.pool.store_examples import CANARY, Engine, credential

GARBAGE = b"this is no database any more. " * 400


def aside(path: Path) -> list[Path]:
    """The files that were set aside, without SQLite's own beside them."""
    found = path.parent.glob("pool.db.damaged-*")
    return sorted(each for each in found if not each.name.endswith(("-wal", "-shm")))


def spoil(path: Path) -> None:
    """Writes over the database and what belongs to it, as a failing disk may."""
    for ending in ("", "-wal"):
        file = path.with_name(path.name + ending)
        if file.exists():
            with file.open("r+b") as stream:
                stream.write(GARBAGE[: max(file.stat().st_size, 8192)])


def stored_starts(path: Path) -> int:
    with sqlite3.connect(path) as rows:
        (count,) = rows.execute("SELECT count(*) FROM starts WHERE kind = 1").fetchone()
    rows.close()
    return int(count)


def counted(engine: Engine, times: list[int]) -> Ledger:
    """One exchange, with a note of how often its work was done."""

    def work() -> Ledger:
        times[0] += 1
        return engine.pool.process()

    return engine.store.exchange(engine.pool.registry, work)


def test_a_file_that_is_no_database_is_set_aside(path: Path, clock: HandClock) -> None:
    path.parent.mkdir()
    path.write_bytes(GARBAGE)
    engine = Engine(path, clock, [credential(1)])
    (note,) = engine.store.notes
    (kept,) = aside(path)
    assert kept.read_bytes() == GARBAGE
    assert (
        note == f"{path} was damaged and is now {kept.name}. Quota counts start over, and disabled "
        "credentials are enabled again"
    )
    assert len(engine.ask()) == 1
    assert stored_starts(path) == 1


def test_a_second_damaged_file_does_not_replace_the_first(path: Path, clock: HandClock) -> None:
    path.parent.mkdir()
    for number in range(3):
        path.write_bytes(GARBAGE + bytes([number]))
        PoolStore.open(path, clock).close()
        for ending in ("-wal", "-shm"):
            path.with_name(path.name + ending).unlink(missing_ok=True)
    assert sorted(each.read_bytes()[-1] for each in aside(path)) == [0, 1, 2]


def test_damage_in_the_middle_costs_no_count_and_the_work_is_done_once(
    path: Path, clock: HandClock
) -> None:
    one, other = (Engine(path, clock, [credential(1, rpm=5, rpd=9)]) for _ in range(2))
    assert len(one.ask(2)) == 2
    other.exchange()
    assert len(other.group().starts) == 2
    one.exchange()
    other.exchange()
    spoil(path)
    times = [0]
    for engine in (one, other, one, other):
        counted(engine, times)
        clock.advance(40.0)
    assert times == [4]
    assert len(aside(path)) == 1
    notes = one.store.notes + other.store.notes
    assert sum("was damaged" in note for note in notes) == 1
    late = Engine(path, clock, [credential(1, rpm=5, rpd=9)])
    assert sum(late.group().days.values()) == 2
    assert late.store.notes == []


def test_what_was_known_when_the_file_was_damaged_reaches_the_new_one(
    path: Path, clock: HandClock
) -> None:
    engine = Engine(path, clock, [credential(1), credential(2)])
    first, second = engine.ask(2)
    engine.end(first, Outcome.MINUTE, retry_after=50.0, quotas={"RequestsPerMinute": 7})
    engine.end(second, Outcome.AUTH, reason="API_KEY_INVALID", detail="not valid")
    engine.store.close()
    spoil(path)
    engine.exchange()
    late = Engine(path, clock, [credential(1), credential(2)])
    one, two = (late.pool.registry.find(grant.name) for grant in (first, second))
    assert one is not None
    assert two is not None
    group = late.pool.registry.quota(one, "gemini-x")
    assert (group.state, group.per_minute) == (QuotaState.COOLING, 7)
    assert two.invalid == "not valid"


def test_an_order_is_carried_out_in_a_new_file_if_the_old_one_is_damaged(
    path: Path, clock: HandClock
) -> None:
    engine = Engine(path, clock, [credential(1)])
    engine.exchange()
    admin = PoolStore.open(path, clock, boot="one boot")
    engine.ask()
    spoil(path)
    one = credential(1).secret.fingerprint
    admin.disable(one, "key-1")
    assert len(aside(path)) == 1
    assert engine.ask() == []
    assert engine.pool.registry.credentials[one].disabled == "by you"


def test_a_file_that_is_removed_is_made_again_with_what_is_known(
    path: Path, clock: HandClock
) -> None:
    one, other = (Engine(path, clock, [credential(1, rpm=5)]) for _ in range(2))
    assert len(one.ask(2)) == 2
    other.exchange()
    for file in path.parent.iterdir():
        file.unlink()
    one.exchange()
    other.exchange()
    assert len(Engine(path, clock, [credential(1, rpm=5)]).group().starts) == 2
    assert one.store.notes == other.store.notes == []


@pytest.mark.parametrize("why", ["a folder", "a file above"])
def test_a_place_where_nothing_can_be_written_stops_nobody(
    path: Path, clock: HandClock, why: str
) -> None:
    if why == "a folder":
        path.mkdir(parents=True)
    else:
        path.parent.write_text("in the way")
    engine = Engine(path, clock, [credential(1, rpm=2)])
    times = [0]
    counted(engine, times)
    assert times == [1]
    assert len(engine.ask(3)) == 2
    (note,) = engine.store.notes
    assert f"Cannot save the quota counts to {path}" in note
    assert "continues with its own counts" in note
    assert engine.store.snapshot().credentials == ()
    with pytest.raises(TuiError, match=str(path.parent)):
        engine.store.disable("0a0a0a0a", "key-1")
    path.rmdir() if path.is_dir() else path.parent.unlink()
    clock.advance(1.0)
    engine.exchange()
    assert stored_starts(path) == 2


def test_a_full_disk_stops_nobody_and_is_made_up_for_later(path: Path, clock: HandClock) -> None:
    engine = Engine(path, clock, [credential(1)])
    connection = engine.store._file.connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    granted = 0
    for _ in range(300):
        granted += len(engine.ask())
        clock.advance(0.1)
    assert granted == 300
    (note,) = engine.store.notes
    assert "full" in note
    connection.execute("PRAGMA max_page_count = 100000")
    engine.exchange()
    late = Engine(path, clock, [credential(1)])
    assert len(late.group().starts) == 300
    assert sum(late.group().days.values()) == 300


def test_a_file_that_somebody_blocks_is_left_alone_for_a_while(
    path: Path, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "BUSY", 0.02)
    engine = Engine(path, clock, [credential(1)])
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    assert len(engine.ask(2)) == 2
    assert ["locked" in note for note in engine.store.notes] == [True]
    blocker.execute("ROLLBACK")
    blocker.close()
    engine.exchange()
    assert stored_starts(path) == 0
    clock.advance(BLOCKED_SECONDS)
    engine.exchange()
    assert stored_starts(path) == 2


def test_a_file_of_a_newer_version_is_left_as_it_is(path: Path, clock: HandClock) -> None:
    PoolStore.open(path, clock).close()
    with sqlite3.connect(path) as rows:
        rows.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    rows.close()
    engine = Engine(path, clock, [credential(1)])
    assert len(engine.ask()) == 1
    (note,) = engine.store.notes
    assert "newer version" in note
    assert aside(path) == []
    assert stored_starts(path) == 0


@pytest.mark.parametrize("table", ["starts", "quotas", "days", "keys", "events", "engines"])
def test_a_table_that_is_gone_stops_nobody(path: Path, clock: HandClock, table: str) -> None:
    engine = Engine(path, clock, [credential(1, rpm=3)])
    engine.ask()
    with sqlite3.connect(path) as rows:
        rows.execute(f"DROP TABLE {table}")
    rows.close()
    times = [0]
    counted(engine, times)
    assert times == [1]
    assert len(engine.ask(5)) == 1
    clock.advance(WINDOW)
    assert len(engine.ask(5)) == 2


def test_work_that_is_done_without_the_file_is_written_once(path: Path, clock: HandClock) -> None:
    """Whatever fails on the way, no call is counted twice."""
    engine = Engine(path, clock, [credential(1)])
    for _ in range(5):
        engine.ask()
        engine.store._file.close()
        engine.exchange()
    assert stored_starts(path) == 5
    assert sum(Engine(path, clock, [credential(1)]).group().days.values()) == 5


def test_calls_are_spread_after_a_restart_as_before(path: Path, clock: HandClock) -> None:
    def spread(restart: bool, path: Path) -> list[float]:
        clock = HandClock()
        engine = Engine(path, clock, [credential(1, rpm=6)])
        times = []
        for second in range(60):
            times += [clock.now()] * len(engine.ask(6))
            if restart and second == 1:
                engine.store.close()
                engine = Engine(path, clock, [credential(1, rpm=6)])
            clock.advance(1.0)
        return times

    kept = spread(restart=False, path=path.with_name("a.db"))
    assert spread(restart=True, path=path.with_name("b.db")) == kept
    assert kept[1] - kept[0] == 0
    assert kept[2] - kept[1] > 5


@pytest.mark.parametrize(
    "order", [PoolStore.reset, PoolStore.enable, lambda s, f: s.disable(f, "key-1")]
)
def test_orders_about_a_credential_that_was_never_used_are_no_error(
    path: Path, clock: HandClock, order: Callable[[PoolStore, str], None]
) -> None:
    store = PoolStore.open(path, clock)
    order(store, "0a0a0a0a")
    store.close()
    assert CANARY.encode() not in path.read_bytes()
