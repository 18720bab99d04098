"""The store: the state of a pool is kept, and shared with the others of this machine."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

import pytest

from assemblyzero_tui.runner.model.call_outcomes import Outcome
from assemblyzero_tui.runner.pool.grants.quota import QuotaState
from assemblyzero_tui.runner.pool.store.store import PoolStore
from tests.unit.runner.pool.clocks import HandClock
from tests.unit.runner.pool.store_examples import CANARY, MODEL, Engine, credential

HOUR = 3600.0


def test_a_restart_loses_no_cooldown_no_count_and_no_limit(path: Path, clock: HandClock) -> None:
    first = Engine(path, clock, [credential(1), credential(2, rpm=10)])
    for grant in first.ask(2):
        first.end(grant)
    (grant,) = first.ask()
    first.end(grant, Outcome.MINUTE, retry_after=40.0, quotas={"RequestsPerMinute": 7})
    closed = {
        place: (group.state, group.until, group.reason, group.refusals, group.per_minute)
        for place, group in first.pool.registry.quotas.items()
    }
    assert QuotaState.COOLING in {each[0] for each in closed.values()}
    first.store.close()
    clock.advance(10)
    second = Engine(path, clock, [credential(1), credential(2, rpm=10)])
    for place, group in first.pool.registry.quotas.items():
        found = second.pool.registry.quotas[place]
        assert closed[place] == (
            found.state, found.until, found.reason, found.refusals, found.per_minute,
        )  # fmt: skip
        assert found.starts == group.starts
        assert found.refused == group.refused
        assert found.days == group.days
    assert second.store.notes == []


def test_an_invalid_credential_stays_invalid_and_strikes_are_kept(
    path: Path, clock: HandClock
) -> None:
    keys = [credential(1), credential(2)]
    first = Engine(path, clock, keys)
    (grant,) = first.ask()
    first.end(grant, Outcome.AUTH, reason="API_KEY_INVALID", detail="the key is not valid")
    (grant,) = first.ask()
    first.end(grant, Outcome.AUTH, reason="PERMISSION_DENIED", detail="no")
    assert [key.strikes for key in first.pool.registry.credentials.values()] == [1, 1]
    second = Engine(path, clock, keys)
    one, two = second.pool.registry.credentials.values()
    assert (one.invalid, one.since) == ("the key is not valid", clock.wall())
    assert not two.invalid
    (grant,) = second.ask()
    second.end(grant)
    first.exchange()
    assert [key.strikes for key in first.pool.registry.credentials.values()] == [1, 0]
    assert [
        key.strikes for key in Engine(path, clock, keys).pool.registry.credentials.values()
    ] == [1, 0]


def test_after_a_reboot_times_are_those_of_the_wall_clock(path: Path, clock: HandClock) -> None:
    first = Engine(path, clock, [credential(1, rpd=1)])
    assert len(first.ask()) == 1
    first.exchange()
    group = first.group()
    assert group.state is QuotaState.EXHAUSTED
    opens = clock.wall_at(group.until)
    other = HandClock(now=5.0, wall=clock.wall() + 30.0)
    second = Engine(path, other, [credential(1, rpd=1)], boot="another boot")
    again = second.group()
    assert again.state is QuotaState.EXHAUSTED
    assert other.wall_at(again.until) == pytest.approx(opens)
    assert again.starts == [pytest.approx(5.0 - 30.0)]
    assert second.ask() == []
    (shown,) = second.store.snapshot().quotas
    assert shown.until == pytest.approx(opens)


def test_a_wall_clock_set_back_between_boots_prolongs_no_cooldown(
    path: Path, clock: HandClock
) -> None:
    first = Engine(path, clock, [credential(1)])
    (grant,) = first.ask()
    first.end(grant, Outcome.MINUTE, retry_after=40.0)
    other = HandClock(now=5.0, wall=clock.wall() - 300 * HOUR)
    again = Engine(path, other, [credential(1)], boot="another boot").group()
    assert again.until == pytest.approx(45.0)


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_setting_the_wall_clock_changes_no_cooldown(
    path: Path, clock: HandClock, jump: float
) -> None:
    first = Engine(path, clock, [credential(1)])
    (grant,) = first.ask()
    first.end(grant, Outcome.MINUTE, retry_after=40.0)
    until = first.group().until
    clock.on_the_wall += jump
    again = Engine(path, clock, [credential(1)])
    assert again.group().until == until
    assert again.group().starts == first.group().starts
    assert again.ask() == []
    clock.advance(61.0)
    assert len(again.ask()) == 1


def test_two_engines_share_the_minute_and_the_day(path: Path, clock: HandClock) -> None:
    one, other = (Engine(path, clock, [credential(1, rpm=5, rpd=8)]) for _ in range(2))
    times: list[float] = []
    for _ in range(130):
        for engine in (one, other):
            times += [clock.now()] * len(engine.ask(3))
        clock.advance(1.0)
    assert len(times) == 8
    for moment in times:
        assert sum(moment - 61 < each <= moment for each in times) <= 5
    for engine in (one, other):
        assert sum(engine.group().days.values()) == 8
        assert engine.group().state is QuotaState.EXHAUSTED
    assert sum(day.day for day in one.store.snapshot().quotas) == 8


def test_a_refusal_in_one_engine_starts_the_cooldown_in_the_other(
    path: Path, clock: HandClock
) -> None:
    one, other = (Engine(path, clock, [credential(1)]) for _ in range(2))
    (grant,) = one.ask()
    one.end(grant, Outcome.MINUTE, retry_after=40.0, quotas={"RequestsPerMinute": 7})
    assert other.ask() == []
    group = other.group()
    assert (group.state, group.until, group.per_minute) == (QuotaState.COOLING, 1040.0, 7)
    assert group.learned
    assert group.accepted(clock.now() + 1) == 0
    assert ("key-1", MODEL, "cooling") in other.states


def test_another_engine_s_row_shortens_no_cooldown(path: Path, clock: HandClock) -> None:
    one, other = (Engine(path, clock, [credential(1)]) for _ in range(2))
    first, second = one.ask(2)
    one.end(first, Outcome.MINUTE, retry_after=300.0)
    until = one.group().until
    other.exchange()
    with sqlite3.connect(path) as rows:
        rows.execute("UPDATE counters SET value = value + 1")
        rows.execute(
            "UPDATE quotas SET until = 1010, engine = 99, stamp = (SELECT value FROM counters)"
        )
    rows.close()
    one.end(second)
    other.exchange()
    assert one.group().until == other.group().until == until


def test_a_call_that_was_never_sent_is_given_back_to_all(path: Path, clock: HandClock) -> None:
    one, other = (Engine(path, clock, [credential(1, rpd=1)]) for _ in range(2))
    (grant,) = one.ask()
    other.exchange()
    assert other.group().days == {"2026-09-21": 1}
    one.end(grant, Outcome.TRANSPORT, sent=False)
    other.exchange()
    assert other.group().days == {"2026-09-21": 0}
    assert other.group().starts == []
    assert Engine(path, clock, [credential(1, rpd=1)]).group().starts == []


def test_a_quota_that_is_two_in_the_pool_is_written_under_both_names(
    path: Path, clock: HandClock
) -> None:
    keys = [credential(1), credential(2)]
    one = Engine(path, clock, keys)
    first, second = one.ask(2)
    one.exchange(lambda: one.pool.registry.merge(one.group(1), one.group(2)))
    one.end(first, Outcome.MINUTE, retry_after=40.0)
    one.end(second)
    two = Engine(path, clock, keys)
    assert {group.state for group in two.pool.registry.quotas.values()} == {QuotaState.COOLING}
    assert [len(group.starts) for group in two.pool.registry.quotas.values()] == [1, 1]
    one.exchange()
    assert len(one.group().starts) == 2


def test_a_command_reaches_every_engine(path: Path, clock: HandClock) -> None:
    engine = Engine(path, clock, [credential(1), credential(2)])
    engine.exchange()
    command = PoolStore.open(path, clock, boot="one boot")
    one = credential(1).secret.fingerprint
    command.disable(one, "key-1")
    for _ in range(3):
        (grant,) = engine.ask()
        assert grant.name == "key-2"
        engine.end(grant)
    assert engine.pool.registry.credentials[one].disabled == "by you"
    assert Engine(path, clock, [credential(1)]).ask() == []
    command.enable(one)
    engine.exchange()
    assert engine.pool.registry.credentials[one].usable
    assert engine.states == [("key-1", "", "disabled"), ("key-1", "", "ready")]


def test_what_the_user_does_in_one_engine_reaches_the_other(path: Path, clock: HandClock) -> None:
    one, other = (Engine(path, clock, [credential(1), credential(2)]) for _ in range(2))
    one.pool.registry.disable("key-1")
    one.exchange()
    other.exchange()
    assert other.pool.registry.find("key-1").disabled == "by you"  # type: ignore[union-attr]
    other.pool.registry.enable("key-1")
    other.exchange()
    one.exchange()
    assert one.pool.registry.find("key-1").usable  # type: ignore[union-attr]


@pytest.mark.parametrize("where", ["command", "engine"])
def test_a_reset_forgets_everything_in_every_engine(
    path: Path, clock: HandClock, where: str
) -> None:
    one, other = (Engine(path, clock, [credential(1)]) for _ in range(2))
    one.use_up_the_day()
    other.exchange()
    assert other.group().state is QuotaState.EXHAUSTED
    if where == "command":
        PoolStore.open(path, clock, boot="one boot").reset(credential(1).secret.fingerprint)
    else:
        one.pool.registry.reset("key-1")
    for _ in range(2):
        for engine in (one, other):
            engine.exchange()
    for engine in (one, other, Engine(path, clock, [credential(1)])):
        group = engine.group()
        assert (group.state, group.per_day, group.learned, group.days) == (
            QuotaState.PROBING, None, False, {},
        )  # fmt: skip
    (grant,) = other.ask()
    assert one.ask() == []
    other.end(grant)
    one.exchange()
    assert one.group().state is QuotaState.READY


@pytest.mark.parametrize("others", [0, 1])
def test_every_reset_by_the_user_reaches_an_engine_that_wrote_the_credential_first(
    path: Path, clock: HandClock, others: int
) -> None:
    engine = Engine(path, clock, [credential(1)])
    for _ in range(others):
        Engine(path, clock, [credential(1)]).exchange()
    user = PoolStore.open(path, clock, boot="one boot")
    for _ in range(2):
        engine.use_up_the_day()
        assert engine.group().state is QuotaState.EXHAUSTED
        user.reset(credential(1).secret.fingerprint)
        engine.exchange()
        assert engine.group().state is QuotaState.PROBING
        assert engine.states[-1] == ("key-1", MODEL, "probing")
        (grant,) = engine.ask()
        engine.end(grant)


def test_a_credential_whose_project_becomes_known_keeps_its_usage(
    path: Path, clock: HandClock
) -> None:
    engine = Engine(path, clock, [credential(1, rpd=9), credential(2, "shop", rpd=9)])
    grants = engine.ask(2)
    assert {grant.name for grant in grants} == {"key-1", "key-2"}
    for grant in grants:
        engine.end(grant)
    clock.advance(70)
    engine.pool.registry.disable("key-2")
    engine.use_up_the_day()
    engine.store.close()
    used = sum(engine.group().days.values())
    assert engine.group().state is QuotaState.EXHAUSTED

    named = credential(1, "shop", rpd=9)
    snapshot = PoolStore.open(path, clock, boot="one boot").snapshot([named])
    (quota,) = snapshot.quotas_of("project shop")
    assert (quota.state, quota.day) == ("exhausted", used + 1)
    again = Engine(path, clock, [named, credential(2, "shop", rpd=9)])
    assert again.group().state is QuotaState.EXHAUSTED
    assert sum(again.group().days.values()) == used + 1
    assert again.ask() == []
    again.store.close()
    other = Engine(path, clock, [named])
    assert sum(other.group().days.values()) == used + 1


def test_a_quota_is_tried_by_one_engine_and_by_the_other_if_that_one_hangs(
    path: Path, clock: HandClock
) -> None:
    one, other = (Engine(path, clock, [credential(1)]) for _ in range(2))
    (grant,) = one.ask()
    one.end(grant, Outcome.QUOTA_UNKNOWN)
    other.exchange()
    clock.advance(70.0)
    assert len(one.ask(2)) == 1
    assert other.ask() == []
    clock.advance(59.0)
    assert other.ask() == []
    clock.advance(2.0)
    assert len(other.ask()) == 1


def test_a_reset_makes_an_invalid_credential_valid_again(path: Path, clock: HandClock) -> None:
    engine = Engine(path, clock, [credential(1)])
    (grant,) = engine.ask()
    engine.end(grant, Outcome.AUTH, reason="API_KEY_INVALID")
    assert engine.ask() == []
    engine.store.reset(credential(1).secret.fingerprint)
    assert len(engine.ask()) == 1


def test_a_credential_that_is_added_later_brings_its_stored_state(
    path: Path, clock: HandClock
) -> None:
    one = Engine(path, clock, [credential(2)])
    (grant,) = one.ask()
    one.end(grant, Outcome.MINUTE, retry_after=40.0)
    other = Engine(path, clock, [credential(1)])
    other.pool.registry.add(credential(2))
    other.exchange()
    assert other.group(2).until == one.group(2).until
    assert len(other.group(2).starts) == 1
    assert other.states[-1] == ("key-2", MODEL, "cooling")


def test_work_that_fails_leaves_nothing_in_the_file(path: Path, clock: HandClock) -> None:
    engine = Engine(path, clock, [credential(1)])

    def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        engine.exchange(fail)
    assert len(engine.ask()) == 1
    assert len(Engine(path, clock, [credential(1)]).group().starts) == 1


def test_the_work_is_done_without_credentials_as_well(path: Path, clock: HandClock) -> None:
    assert len(Engine(path, clock, []).ask(3)) == 3


def test_the_file_is_private_and_contains_no_api_key(path: Path, clock: HandClock) -> None:
    engine = Engine(path, clock, [credential(1, project="one")], run="a run")
    (grant,) = engine.ask()
    engine.end(grant, Outcome.AUTH, reason="API_KEY_INVALID", detail="the key is not valid")
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
        assert CANARY.encode() not in file.read_bytes()
    engine.store.close()
    path.chmod(0o644)
    PoolStore.open(path, clock).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert CANARY.encode() not in path.read_bytes()


def test_old_rows_go_and_the_newest_starts_stay(path: Path, clock: HandClock) -> None:
    engine = Engine(path, clock, [credential(1)])
    for _ in range(100):
        for grant in engine.ask():
            engine.end(grant)
        clock.advance(10.0)
    with sqlite3.connect(path) as rows:
        (count,) = rows.execute("SELECT count(*) FROM starts").fetchone()
    rows.close()
    assert 18 <= count <= 25
    assert sum(minute.calls for minute in engine.store.snapshot().minutes) == 100


def test_the_snapshot_shows_everything(path: Path, clock: HandClock, tmp_path: Path) -> None:
    engine = Engine(path, clock, [credential(1, "shop", rpm=5), credential(2, rpd=9)], run="a run")
    first, second = engine.ask(2)
    engine.end(first, input_tokens=30, output_tokens=4)
    clock.advance(1.0)
    snapshot = engine.store.snapshot()
    assert [(key.name, key.project) for key in snapshot.credentials] == [
        ("key-1", "shop"),
        ("key-2", ""),
    ]
    assert [(q.state, q.minute, q.day) for q in snapshot.quotas] == [(QuotaState.READY, 1, 1)] * 2
    assert {(q.per_minute, q.per_day) for q in snapshot.quotas} == {(5, None), (None, 9)}
    (total,) = snapshot.totals
    assert (total.answered, total.refused, total.input_tokens, total.output_tokens) == (1, 0, 30, 4)
    (lease,) = snapshot.leases
    assert (lease.run, lease.item, lease.model) == ("a run", "LLD-1", MODEL)
    assert lease.fingerprint == engine.pool.registry.find(second.name).fingerprint  # type: ignore[union-attr]
    assert lease.since == clock.wall() - 1.0
    engine.end(second, Outcome.MINUTE, retry_after=40.0)
    clock.advance(1.0)
    snapshot = engine.store.snapshot()
    assert snapshot.leases == ()
    (event,) = snapshot.events
    assert (event.name, event.state, event.run) == (second.name, "cooling", "a run")
    assert sum(minute.refused for minute in snapshot.minutes) == 1
    clock.advance(60.0)
    assert {quota.until for quota in engine.store.snapshot().quotas} == {None}


def test_leases_of_engines_that_have_gone_are_not_shown(
    path: Path, clock: HandClock, tmp_path: Path
) -> None:
    gone = Engine(path, clock, [credential(1)], run="a run", folder=tmp_path / "a run")
    gone.ask()
    clock.advance(1.0)
    gone.exchange()
    other = Engine(path, clock, [credential(1)])
    assert other.store.snapshot().leases == ()
    with sqlite3.connect(path) as rows:
        assert rows.execute("SELECT count(*) FROM leases").fetchone() == (0,)
        assert rows.execute("SELECT pid FROM engines").fetchall() == [(os.getpid(),)]
    rows.close()


def test_a_reset_by_command_writes_what_a_reset_by_the_pool_writes(
    tmp_path: Path, clock: HandClock
) -> None:
    written = []
    for where in ("command", "pool"):
        path = tmp_path / where / "pool.db"
        engine = Engine(path, clock, [credential(1)])
        engine.use_up_the_day()
        engine.store.close()
        again = Engine(path, clock, [credential(1)])
        if where == "command":
            again.store.reset(credential(1).secret.fingerprint)
        else:
            again.pool.registry.reset("key-1")
            again.exchange()
        with sqlite3.connect(path) as rows:
            rows.row_factory = sqlite3.Row
            tables = {
                name: [dict(row) for row in rows.execute(f"SELECT * FROM {name}")]
                for name in ("keys", "quotas", "days", "events")
            }
        rows.close()
        for row in (*tables["keys"], *tables["quotas"]):
            assert (row.pop("engine") == 0) is (where == "command")
            del row["stamp"]
        written.append(tables)
    assert written[0] == written[1]
