"""Keys run out under a real engine with real workers: it waits, and nothing is lost."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from assemblyzero_tui.app.launch.credential_access import credential_service_of_run
from assemblyzero_tui.runner.base.paths import pool_file
from assemblyzero_tui.runner.model.commands import AddCredential, SetAutoResume, TryNow
from assemblyzero_tui.runner.model.events import CallEnded, CallStarted, PoolChanged
from assemblyzero_tui.runner.model.run_spec import OfflineQuotas, Options
from assemblyzero_tui.runner.model.run_state import RunState
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.pool.grants.clock import MachineClock
from assemblyzero_tui.runner.pool.store.store import PoolStore
from assemblyzero_tui.runner.runs.journal import read_journal
from tests.integration.engine.running import Running, running, states

SPEED = 30.0
"""The longest wait in line is 90 seconds of the pool: three here."""
LONG = 3600.0
"""Seconds of a day that does not end."""


@contextmanager
def with_keys(
    tmp_path: Path, *, day: float = LONG, per_day: int = 2, keys: int = 2, latency: float = 0.05,
    items: int = 3, **more: Any,
) -> Iterator[Running]:  # fmt: skip
    """A run whose keys may make so many calls a day together."""
    tmp_path.mkdir(exist_ok=True)
    quota = OfflineQuotas(
        credentials=keys, per_minute=100, per_day=per_day, day_seconds=day, start=time.time(),
        declared=keys, database=str(tmp_path / "quota.db"), speed=SPEED,
    )  # fmt: skip
    options = Options(latency=latency, quota=quota)
    more = {"clock_speed": SPEED, "demo": True, **more}
    with running(tmp_path, items=items, options=options, **more) as run:
        yield run


def parked(state: RunState) -> bool:
    """Whether every item that is begun waits without a process."""
    at_work = any(item.state.at_work for item in state.items.values())
    return state.pool.paused and state.counts[State.QUOTA] > 0 and not at_work


def refused(run: Running) -> int:
    ends = [e.outcome for e in read_journal(run.folder.journal) if isinstance(e, CallEnded)]
    return sum(outcome not in ("ok", "died") for outcome in ends)


def test_the_run_waits_for_the_next_day_and_resumes_automatically(tmp_path: Path) -> None:
    with with_keys(tmp_path, day=12.0, per_day=3) as run:
        state = run.until(parked)
        assert state.pool.until is not None
        waiting = [item for item in state.items.values() if item.state is State.QUOTA]
        assert all("is exhausted until" in item.reason for item in waiting)
        assert run.engine is not None
        assert run.engine.process.poll() is None
        state = run.until_ended()
        assert states(state) == [State.DONE] * 3
        assert (state.exit_code, state.missing) == (0, 0)
        assert refused(run) == 0
        told = [e for e in read_journal(run.folder.journal) if isinstance(e, PoolChanged)]
        assert "paused" in [event.state for event in told]
        assert told[-1].state != "paused"
        assert sum(item.quota_seconds(state.time) for item in state.items.values()) > 1.0
        assert run.engine_log() == ""
        assert not pool_file().exists()


def test_asking_now_tries_each_key_once_and_waits_again(tmp_path: Path) -> None:
    with with_keys(tmp_path) as run:
        run.until(parked)
        assert refused(run) == 0
        run.send(TryNow())
        run.until(lambda _: refused(run) == 2)
        run.until(parked)
        assert refused(run) == 2
        run.send(AddCredential(name="more", key="made-up-key-of-the-demo-4"))
        run.send(AddCredential(name="much-more", key="made-up-key-of-the-demo-5"))
        new = ("more", "much-more")
        run.until(
            lambda state: (
                sum(k.answered for k in state.pool.credentials.values() if k.name in new) == 4
            )
        )
        run.send(AddCredential(name="enough", key="made-up-key-of-the-demo-6"))
        run.until(lambda state: "enough" in state.pool.credentials)


def test_a_reset_by_the_user_has_the_key_tried_again(tmp_path: Path) -> None:
    with with_keys(tmp_path) as run:
        run.until(parked)
        key = next(iter(run.state.pool.credentials.values()))
        desk = credential_service_of_run(run.spec, run.folder, lambda: run.run)
        asyncio.run(desk.reset(key.fingerprint, key.name))
        run.until(lambda _: refused(run) == 1)
        run.until(parked)
        assert refused(run) == 2  # the count is forgotten, so that a second call is to confirm it


def test_without_going_on_by_itself_the_run_waits_for_the_user(tmp_path: Path) -> None:
    with with_keys(tmp_path, day=12.0, per_day=3) as run:
        run.until(parked)
        run.send(SetAutoResume(on=False))
        run.until(lambda state: not state.pool.paused)
        state = run.until(lambda state: not state.pool.auto_resume)
        assert state.counts[State.QUOTA] > 0
        assert not any(item.state.at_work for item in state.items.values())
        run.send(SetAutoResume(on=True))
        assert states(run.until_ended()) == [State.DONE] * 3


def test_a_run_that_stops_when_exhausted_ends_with_75_and_waits_otherwise(tmp_path: Path) -> None:
    with with_keys(tmp_path, day=15.0, per_day=3, on_exhausted="stop") as run:
        state = run.until_ended()
        assert (state.exit_code, state.end_reason) == (75, "exhausted")
        assert refused(run) == 0
        begun = [e for e in read_journal(run.folder.journal) if isinstance(e, CallStarted)]
        assert sum(quota.day for quota in state.pool.quotas.values()) == len(begun)
        run.start()
        ended = state.ended
        state = run.until(lambda state: state.ended not in (None, ended))
        assert state.exit_code in (0, 75)


def test_an_engine_killed_while_it_waits_has_forgotten_nothing(tmp_path: Path) -> None:
    with with_keys(tmp_path) as run:
        until = run.until(parked).pool.until
        assert until is not None
        assert run.engine is not None
        run.engine.process.send_signal(signal.SIGKILL)
        run.engine.process.wait()
        run.start()
        state = run.until(lambda state: parked(state) and state.engine_pid == run_pid(run))
        assert state.pool.until is not None
        assert abs(state.pool.until - until) < 5.0
        assert refused(run) == 0


def run_pid(run: Running) -> int:
    assert run.engine is not None
    return run.engine.process.pid


def test_keys_disabled_by_another_program_are_not_used_until_they_are_on(
    tmp_path: Path,
) -> None:
    with with_keys(tmp_path, per_day=100, latency=0.5) as run:
        state = run.until(lambda state: state.calls_ended["ok"])
        keys = [(key.fingerprint, key.name) for key in state.pool.credentials.values()]
        store = PoolStore.open(pool_file(run.folder), MachineClock(SPEED))
        for fingerprint, name in keys:
            store.disable(fingerprint, name)
        state = run.until(parked)
        assert state.pool.until is None
        assert {key.strongest(state.time).state for key in state.pool.credentials.values()} == {
            "disabled"
        }
        assert run.engine is not None
        assert run.engine.process.poll() is None
        store.enable(keys[0][0])
        store.close()
        state = run.until_ended()
        assert states(state) == [State.DONE] * 3
        assert refused(run) == 0


def test_a_worker_that_keeps_a_lease_is_ended_and_another_one_takes_over(tmp_path: Path) -> None:
    with with_keys(tmp_path, per_day=100, items=1, latency=1.0, clock_speed=300.0) as run:
        name = run.spec.items[0].id
        run.until(lambda state: state.items[name].call)
        run.worker(name).suspend()
        run.until(lambda state: state.items[name].state is State.RETRYING)
        state = run.until_ended()
        assert states(state) == [State.DONE]
        assert state.items[name].attempt == 2
        assert state.calls_ended["died"] == 1
        assert "kept a call for too long" in " ".join(n.text for n in state.notices)
