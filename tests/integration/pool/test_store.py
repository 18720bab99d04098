"""The store among real processes: at once, killed, without permission, without room."""

from __future__ import annotations

import json
import multiprocessing
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest

from assemblyzero_tui.runner.pool.grants.clock import MachineClock
from assemblyzero_tui.runner.pool.grants.quota import WINDOW, QuotaState
from assemblyzero_tui.runner.pool.store.store import PoolStore
from tests import powerless
from tests.unit.runner.pool.store_examples import CANARY, Engine, credential

SPEED = 200.0
"""Seconds of the pool in a second: its minute takes 0.3 s."""
ENOUGH = 50
"""Calls after which a process leaves the race."""
DEADLINE = 90.0
"""Seconds that a race may take."""
RPM, RPD = 30, 90
ROOT = Path(__file__).parents[3]

_barrier: Barrier


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home/pool.db"


def together(processes: int) -> ProcessPoolExecutor:
    """Processes that can wait for each other."""
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(
        processes, context, initializer=_meet_at, initargs=(context.Barrier(processes),)
    )


def _meet_at(barrier: Barrier) -> None:
    global _barrier
    _barrier = barrier


def race(path: Path, rpd: int) -> list[float]:
    """Asks for calls as fast as it can; when those began that were granted."""
    clock = MachineClock(SPEED)
    _barrier.wait()
    engine = Engine(path, clock, [credential(1, rpm=RPM, rpd=rpd)], boot=None)
    started: list[float] = []
    end = time.monotonic() + DEADLINE
    while len(started) < ENOUGH and engine.group().state is not QuotaState.EXHAUSTED:
        assert time.monotonic() < end
        for grant in engine.ask(5):
            started.append(engine.pool.leases.active[grant.lease].started)
            engine.end(grant)
    engine.store.close()
    assert engine.store.notes == []
    return started


@pytest.mark.parametrize("rpd", [0, RPD])
def test_two_processes_never_start_more_than_the_limit(path: Path, rpd: int) -> None:
    with together(2) as executor:
        both = [each.result() for each in [executor.submit(race, path, rpd) for _ in range(2)]]
    assert all(both)
    started = sorted(both[0] + both[1])
    first = 0
    for number, moment in enumerate(started):
        while started[first] <= moment - WINDOW:
            first += 1
        assert number - first < RPM
    assert len(started) == rpd if rpd else len(started) > 3 * RPM
    store = PoolStore.open(path, MachineClock(SPEED))
    snapshot = store.snapshot()
    assert sum(total.answered for total in snapshot.totals) == len(started)
    assert [quota.day for quota in snapshot.quotas] == [len(started)]
    assert snapshot.leases == ()
    store.close()


def open_at_once(path: Path, number: int) -> list[str]:
    _barrier.wait()
    engine = Engine(path, MachineClock(), [credential(number)], boot=None)
    assert len(engine.ask()) == 1
    notes = list(engine.store.notes)
    engine.store.close()
    return notes


@pytest.mark.parametrize("damaged", [False, True])
def test_many_processes_open_it_in_the_same_instant(path: Path, damaged: bool) -> None:
    if damaged:
        path.parent.mkdir()
        path.write_bytes(b"no database " * 1000)
    with together(8) as executor:
        futures = [executor.submit(open_at_once, path, number) for number in range(8)]
        notes = [note for future in futures for note in future.result()]
    assert len(notes) == damaged
    assert len(list(path.parent.glob("*.damaged-*"))) == damaged
    store = PoolStore.open(path, MachineClock())
    assert sum(quota.day for quota in store.snapshot().quotas) == 8
    store.close()


# One process, watched


def program(path: Path, *, more: str = "") -> list[str]:
    """A command that asks for calls for ever, and says what was granted after it was kept."""
    code = (
        "import json, sys\n"
        "from pathlib import Path\n"
        "from assemblyzero_tui.runner.pool.grants.clock import MachineClock\n"
        "from tests.unit.runner.pool.store_examples import Engine, credential\n"
        f"{more}\n"
        f"engine = Engine(Path({str(path)!r}), MachineClock(), [credential(1), credential(2)],"
        " boot=None, run='a run')\n"
        "while True:\n"
        "    granted = [grant.name for grant in engine.ask()]\n"
        "    states, engine.states = engine.states, []\n"
        "    notes, engine.store.notes[:] = list(engine.store.notes), []\n"
        "    print(json.dumps([granted, states, notes]), flush=True)\n"
    )
    return [sys.executable, "-c", code]


class Watched:
    """The process, and what it says."""

    def __init__(self, command: list[str]) -> None:
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def __enter__(self) -> Watched:
        return self

    def __exit__(self, *exception: object) -> None:
        self.process.kill()
        self.process.communicate()

    def lines(self) -> Iterator[list[Any]]:
        """What it says, from now on."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            yield json.loads(line)
        _, errors = self.process.communicate()
        raise AssertionError(errors.decode())


def test_a_process_that_is_killed_loses_no_call_that_it_has_granted(path: Path) -> None:
    granted = 0
    with Watched(program(path)) as watched:
        for names, _, _ in watched.lines():
            granted += len(names)
            if granted >= 50:
                watched.process.kill()
                break
        assert watched.process.stdout is not None
        rest = watched.process.stdout.read().splitlines()
    granted += sum(len(json.loads(line)[0]) for line in rest if line.endswith(b"]"))
    engine = Engine(path, MachineClock(), [credential(1), credential(2)], boot=None)
    kept = sum(len(group.starts) for group in engine.pool.registry.quotas.values())
    assert granted <= kept <= granted + 1
    assert engine.store.snapshot().leases == ()
    assert engine.store.notes == []
    engine.store.close()


def test_admin_commands_reach_a_running_process_and_are_reported(path: Path) -> None:
    one = credential(1).secret.fingerprint
    with Watched(program(path)) as watched:
        lines = watched.lines()

        def until(state: str) -> None:
            for _, states, _ in lines:
                if ["key-1", "", state] in states:
                    return

        next(lines)
        admin = PoolStore.open(path, MachineClock())
        admin.disable(one, "key-1")
        until("disabled")
        assert {name for _ in range(20) for name in next(lines)[0]} == {"key-2"}
        admin.enable(one)
        until("ready")
        admin.reset(one)
        for _, states, _ in lines:
            if [each[0::2] for each in states].count(["key-1", "probing"]):
                break
        admin.close()


def test_a_process_that_may_not_write_continues_with_its_own_counts(path: Path) -> None:
    Engine(path, MachineClock(), [credential(1)], boot=None).store.close()
    before = path.read_bytes()
    for file in path.parent.iterdir():
        file.chmod(0o400)
    path.parent.chmod(0o500)
    try:
        with Watched([*powerless.prefix(), *program(path)]) as watched:
            lines = watched.lines()
            names, _, notes = next(lines)
            assert len(names) == 1
            assert len(notes) == 1
            assert str(path.parent) in notes[0]
            assert all(len(next(lines)[0]) == 1 for _ in range(20))
    finally:
        path.parent.chmod(0o700)
    assert path.read_bytes() == before


def test_a_process_without_room_continues_and_the_file_stays_whole(path: Path) -> None:
    Engine(path, MachineClock(), [credential(1)], boot=None).store.close()
    limit = path.stat().st_size + 100_000
    more = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))"
    with Watched(program(path, more=more)) as watched:
        done = 0
        for names, _, notes in watched.lines():
            assert len(names) == 1
            done += 1
            if notes:
                break
        assert done > 5
        assert "Cannot save the quota counts" in notes[0]
        lines = watched.lines()
        assert all(len(next(lines)[0]) == 1 for _ in range(20))
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
    engine = Engine(path, MachineClock(), [credential(1), credential(2)], boot=None)
    assert engine.store.notes == []
    assert sum(len(group.starts) for group in engine.pool.registry.quotas.values()) > 5
    engine.store.close()


def test_no_file_holds_an_api_key(path: Path) -> None:
    with Watched(program(path)) as watched:
        for _ in range(10):
            next(watched.lines())
        for file in path.parent.iterdir():
            data = file.read_bytes()
            assert CANARY.encode() not in data
            assert file.stat().st_mode & 0o077 == 0
