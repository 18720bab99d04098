"""What the user wants of a key, written into the store: running engines take it in by themselves.

Call these within a transaction. Their rows belong to no engine, so that every one reads them.
"""

from __future__ import annotations

import sqlite3
from math import inf

from assemblyzero_tui.runner.pool.grants.quota import QuotaState
from assemblyzero_tui.runner.pool.store.times import Times
from assemblyzero_tui.runner.pool.store.writing import count_reset, next_stamp, note_event

NOBODY = 0
"""The number of no engine."""


def disable(
    connection: sqlite3.Connection, fingerprint: str, name: str, why: str, wall: float
) -> None:
    """Switches a key off, one that was never used too."""
    connection.execute(
        "INSERT INTO keys (fingerprint, name, project, quota, disabled, invalid, since, strikes, "
        "stamp, engine) VALUES (?, ?, '', '', ?, '', ?, 0, ?, ?) "
        "ON CONFLICT DO UPDATE SET disabled = excluded.disabled, since = excluded.since, "
        "stamp = excluded.stamp, engine = excluded.engine",
        (fingerprint, name, why, wall, next_stamp(connection), NOBODY),
    )
    note_event(connection, wall, fingerprint, name, "", "disabled", why, None, "")


def enable(connection: sqlite3.Connection, fingerprint: str, wall: float) -> None:
    """Switches a key on again."""
    connection.execute(
        "UPDATE keys SET disabled = '', since = ?, stamp = ?, engine = ? "
        "WHERE fingerprint = ? AND disabled != ''",
        (wall, next_stamp(connection), NOBODY, fingerprint),
    )
    _note_state(connection, fingerprint, wall)


def reset(connection: sqlite3.Connection, fingerprint: str, times: Times, today: str) -> None:
    """Forgets what was held against a key and its quota, today's count too.

    The quota is tried with one call at first, as after
    :meth:`~assemblyzero_tui.runner.pool.grants.registry.Registry.reset`.
    """
    stamp = next_stamp(connection)
    now, wall = times.clock.now(), times.clock.wall()
    count_reset(connection, fingerprint, stamp, NOBODY)
    connection.execute(
        "UPDATE keys SET invalid = '', strikes = 0, since = ? WHERE fingerprint = ?",
        (wall, fingerprint),
    )
    found = connection.execute(
        "SELECT name, quota FROM keys WHERE fingerprint = ?", (fingerprint,)
    ).fetchone()
    if found is None:
        return
    name, quota = found
    connection.execute("DELETE FROM days WHERE quota = ? AND day = ?", (quota, today))
    connection.execute(
        "UPDATE quotas SET door = ?, since = ?, until = 0, reason = '', careful = 0, refusals = 0, "
        "per_minute = CASE WHEN learned THEN NULL ELSE per_minute END, "
        "per_day = CASE WHEN learned THEN NULL ELSE per_day END, learned = 0, cap = ?, "
        "struck = '', waived = ?, probing = 0, boot = ?, at = ?, wall = ?, stamp = ?, engine = ? "
        "WHERE quota = ?",
        (QuotaState.PROBING.value, now, inf, today, times.boot, now, wall, stamp, NOBODY, quota),
    )
    _note_state(connection, fingerprint, wall)
    models = connection.execute("SELECT model FROM quotas WHERE quota = ?", (quota,)).fetchall()
    for (model,) in models:
        note_event(connection, wall, fingerprint, name, model, "probing", "", None, "")


def _note_state(connection: sqlite3.Connection, fingerprint: str, wall: float) -> None:
    found = connection.execute(
        "SELECT name, disabled, invalid FROM keys WHERE fingerprint = ?", (fingerprint,)
    ).fetchone()
    if found is not None:
        name, disabled, invalid = found
        state = "disabled" if disabled else "invalid" if invalid else "ready"
        note_event(connection, wall, fingerprint, name, "", state, disabled or invalid, None, "")
