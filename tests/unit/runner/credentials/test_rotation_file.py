"""AssemblyZero's rotation file of exhausted credentials: a hint, and no more."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.credentials import rotation_file
from assemblyzero_tui.runner.credentials.rotation_file import read_hints, write_exhausted
from assemblyzero_tui.runner.pool.store.store import PoolStore
from tests.unit.runner.pool.driver import NOON, Driven, keys, states

NAMES = ("one", "two", "three")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return rotation_file.rotation_file(tmp_path / "gemini-credentials.json")


def iso(seconds: float, zone: timezone = UTC) -> str:
    return datetime.fromtimestamp(NOON + seconds, zone).isoformat()


def note(path: Path, **exhausted: Any) -> None:
    path.write_text(json.dumps({"exhausted": exhausted, "last_success": "one"}))


def test_a_time_in_the_future_is_a_hint(path: Path) -> None:
    note(path, one=iso(-1), two=iso(60), gone=iso(60), three=iso(5, timezone(timedelta(hours=9))))
    assert path.name == "gemini-rotation-state.json"
    assert read_hints(path, NAMES, NOON) == ("two", "three")
    assert read_hints(path, NAMES, NOON + 60) == ()


def test_a_time_without_a_zone_is_local_as_assemblyzero_writes_it(path: Path) -> None:
    naive = datetime.fromtimestamp(NOON + 60).isoformat()
    note(path, one=naive)
    assert read_hints(path, NAMES, NOON) == ("one",)
    assert read_hints(path, NAMES, NOON + 61) == ()


def test_a_time_of_utc_may_end_with_a_letter(path: Path) -> None:
    note(path, one=iso(60).replace("+00:00", "Z"))
    assert read_hints(path, NAMES, NOON) == ("one",)


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "null", "[]", "7", '{"exhausted": {"one": "2026-', '{"exhausted": []}', "{}",
        '{"exhausted": null}', '{"exhausted": {"one": null}}', '{"exhausted": {"one": 9999999999}}',
        '{"exhausted": {"one": "tomorrow"}}', '{"exhausted": {"one": {"until": "x"}}}',
        '{"exhausted": {"one": "9999-12-31T23:59:59-23:59"}, "x": "\\ud800"}', "\x00\xff",
    ],
)  # fmt: skip
def test_a_torn_or_odd_file_gives_no_hint_or_an_early_one_but_never_an_error(
    path: Path, text: str
) -> None:
    path.write_bytes(text.encode("latin-1"))
    assert set(read_hints(path, NAMES, NOON)) <= {"one"}
    write_exhausted(path, "two", NOON + 60)
    assert "two" in read_hints(path, NAMES, NOON)


def test_a_missing_file_or_a_folder_gives_no_hint(path: Path, tmp_path: Path) -> None:
    assert read_hints(path, NAMES, NOON) == ()
    assert read_hints(tmp_path, NAMES, NOON) == ()


def test_what_is_written_is_what_assemblyzero_reads(path: Path) -> None:
    write_exhausted(path, "one", NOON + 3600)
    assert json.loads(path.read_text()) == {
        "exhausted": {"one": "2026-06-01T20:00:00+00:00"},
        "last_success": None,
        "last_success_time": None,
    }
    assert list(path.parent.iterdir()) == [path]


def test_other_members_and_later_times_stay(path: Path) -> None:
    path.write_text(
        json.dumps({"more": [1], "exhausted": {"one": iso(9), "two": "odd"}, "last_success": "x"})
    )
    write_exhausted(path, "two", NOON + 60)
    write_exhausted(path, "one", NOON + 5)
    assert json.loads(path.read_text()) == {
        "exhausted": {"one": iso(9), "two": iso(60)},
        "last_success": "x",
        "last_success_time": None,
        "more": [1],
    }


def test_writers_at_once_lose_nothing(path: Path) -> None:
    names = [f"key-{number}" for number in range(16)]
    threads = [
        threading.Thread(target=write_exhausted, args=(path, name, NOON + 60)) for name in names
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(read_hints(path, names, NOON)) == set(names)


def test_a_file_that_cannot_be_written_is_reported(path: Path) -> None:
    path.mkdir()
    with pytest.raises(TuiError, match=f"Cannot write {path}"):
        write_exhausted(path, "one", NOON)


# The hint in the pool


def hinted() -> Driven:
    run = Driven(keys("one", "two", rpm=2))
    found = run.pool.registry.find("one")
    assert found is not None
    found.probe_first = True
    return run


def test_a_credential_that_can_be_exhausted_is_probed_with_one_call() -> None:
    run = hinted()
    run.ask("A")
    run.ask("B")
    run.ask("C")
    run.ask("D")
    names = [lease.credential for lease in run.pool.leases.active.values()]
    assert names == ["two", "two", "one"]
    assert (run.state("one"), run.state("two")) == ("probing", "open")
    assert ("one", "probing") in states(run.events)
    (mine,) = [n for n, lease in run.pool.leases.active.items() if lease.credential == "one"]
    run.ends("ok", mine)
    assert run.state("one") == "open"
    assert states(run.events)[-1] == ("one", "ready")


def test_the_other_credentials_are_used_before_it() -> None:
    run = hinted()
    assert run.granted() == "two"


def test_the_hint_holds_for_every_model_and_credential_of_the_project() -> None:
    run = Driven(keys("one", "two", project="shop"))
    found = run.pool.registry.find("two")
    assert found is not None
    found.probe_first = True
    for model in ("m", "n"):
        assert run.group("one", model).state == "probing"


def test_what_the_store_knows_does_not_take_the_hint_away(tmp_path: Path) -> None:
    before = Driven(keys("one"))
    store = PoolStore.open(tmp_path / "pool.db", before.clock, boot="b")
    store.load(before.pool.registry)

    def exchange(run: Driven, books: PoolStore) -> None:
        books.exchange(run.pool.registry, run.pool.process)

    before.ask()
    before.ends("minute", quotas={"RequestsPerMinute": 7})
    exchange(before, store)
    before.go(120)
    exchange(before, store)
    store.close()
    run = Driven(keys("one"), clock=before.clock)
    found = run.pool.registry.find("one")
    assert found is not None
    found.probe_first = True
    again = PoolStore.open(tmp_path / "pool.db", run.clock, boot="b")
    again.load(run.pool.registry)
    assert run.state("one") == "probing"
    assert run.group("one").per_minute == 7
    again.close()
