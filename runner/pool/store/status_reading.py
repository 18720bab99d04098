"""Reads the status of credentials from the store."""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from pathlib import Path

from assemblyzero_tui.runner.base.paths import RunFolder
from assemblyzero_tui.runner.locks.file_locks import is_held
from assemblyzero_tui.runner.model.quota_days import QuotaDays
from assemblyzero_tui.runner.pool.grants.quota import CLOSED, WINDOW, QuotaState
from assemblyzero_tui.runner.pool.store.credential_status import (
    ActiveLease,
    CredentialStatus,
    MinuteCount,
    PoolEvent,
    PoolSnapshot,
    QuotaStatus,
    UsageTotal,
)
from assemblyzero_tui.runner.pool.store.rows import REFUSED
from assemblyzero_tui.runner.pool.store.times import Times
from assemblyzero_tui.runner.pool.store.token_rows import used_tokens

HOUR = 3600.0


def read_snapshot(connection: sqlite3.Connection, times: Times, days: QuotaDays) -> PoolSnapshot:
    """Reads the current status of all credentials; within a transaction."""
    wall = times.clock.wall()
    day = days.name(wall)
    keys = connection.execute(
        "SELECT fingerprint, name, project, quota, disabled, invalid, since FROM keys ORDER BY name"
    )
    totals = connection.execute(
        "SELECT fingerprint, model, day, answered, refused, input_tokens, output_tokens "
        "FROM tallies ORDER BY wall DESC, fingerprint, model"
    )
    minutes = connection.execute(
        "SELECT minute, calls, refused FROM minutes WHERE minute > ? ORDER BY minute",
        ((wall - HOUR) // 60,),
    )
    events = connection.execute(
        "SELECT wall, fingerprint, name, model, state, reason, until, run FROM events "
        "ORDER BY id DESC"
    )
    return PoolSnapshot(
        time=wall,
        day=day,
        credentials=tuple(CredentialStatus(*row) for row in keys),
        quotas=_quotas(connection, times, day),
        totals=tuple(UsageTotal(*row) for row in totals),
        minutes=tuple(MinuteCount(minute * 60.0, *counts) for minute, *counts in minutes),
        leases=_leases(connection),
        events=tuple(PoolEvent(*row) for row in events),
    )


def _quotas(connection: sqlite3.Connection, times: Times, day: str) -> tuple[QuotaStatus, ...]:
    now = times.clock.now()
    minute = _calls_of_minute(connection, times, now)
    counted = connection.execute("SELECT quota, model, starts FROM days WHERE day = ?", (day,))
    today = {(quota, model): count for quota, model, count in counted}
    tokens = used_tokens(connection, times)
    rows = connection.execute(
        "SELECT quota, model, door, since, until, reason, careful, refusals, "
        "per_minute, per_day, learned, tokens_per_minute, tokens_learned, boot, at, wall "
        "FROM quotas"
    ).fetchall()
    statuses = {}
    for row in rows:
        quota, model, stored_state, since, until, reason, careful, refusals = row[:8]
        written = row[13:]
        state, closed_until = QuotaState(stored_state), None
        since = times.here(since, *written)
        if state in CLOSED:
            until = times.here(until, *written)
            if until > now:
                closed_until = times.wall(until)
            else:
                state = QuotaState.PROBING if careful else QuotaState.READY
                since, reason = until, ""
        statuses[quota, model] = QuotaStatus(
            quota=quota, model=model, state=state,
            since=times.wall(since) if since else 0.0, until=closed_until, reason=reason,
            refusals=refusals, minute=minute[quota, model], per_minute=row[8],
            day=today.get((quota, model), 0), per_day=row[9], learned=bool(row[10]),
            tokens=tokens[quota, model], tokens_per_minute=row[11], tokens_learned=bool(row[12]),
        )  # fmt: skip
    for place in {*minute, *today} - statuses.keys():
        statuses[place] = _open_quota(*place, minute[place], today.get(place, 0), tokens[place])
    return tuple(statuses[place] for place in sorted(statuses))


def _open_quota(quota: str, model: str, minute: int, day: int, tokens: int) -> QuotaStatus:
    """The status of a quota of which nothing is stored but its starts."""
    return QuotaStatus(
        quota=quota, model=model, state=QuotaState.READY, since=0.0, until=None, reason="",
        refusals=0, minute=minute, per_minute=None, day=day, per_day=None, learned=False,
        tokens=tokens,
    )  # fmt: skip


def _calls_of_minute(
    connection: sqlite3.Connection, times: Times, now: float
) -> Counter[tuple[str, str]]:
    """Counts the calls of the last minute by quota and model."""
    counts: Counter[tuple[str, str]] = Counter()
    starts = connection.execute(
        "SELECT quota, model, kind, moment, boot, wall FROM starts WHERE kind != ?", (REFUSED,)
    )
    for quota, model, kind, moment, boot, wall in starts:
        if times.here(moment, boot, moment, wall) > now - WINDOW:
            counts[quota, model] += kind
    return counts


def _leases(connection: sqlite3.Connection) -> tuple[ActiveLease, ...]:
    rows = connection.execute(
        "SELECT engines.id, folder, pid, fingerprint, run, item, model, wall "
        "FROM leases JOIN engines ON engines.id = leases.engine ORDER BY wall"
    ).fetchall()
    alive = {number: is_alive(folder, pid) for number, folder, pid, *_ in rows}
    return tuple(ActiveLease(*row[3:]) for row in rows if alive[row[0]])


def is_alive(folder: str, pid: int) -> bool:
    """Whether the engine of a row is alive: by the lock of its run, or else by its process."""
    try:
        if folder:
            return is_held(RunFolder(Path(folder)).engine_lock)
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
