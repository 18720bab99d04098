"""Removes old rows and the leases of dead engines from the store."""

from __future__ import annotations

import os
import sqlite3

from assemblyzero_tui.runner.pool.grants.quota import MEMORY
from assemblyzero_tui.runner.pool.store.status_reading import HOUR, is_alive
from assemblyzero_tui.runner.pool.store.times import Times
from assemblyzero_tui.runner.pool.store.token_rows import forget_old_tokens

EVENTS = 300
"""The number of newest events that are kept."""
DAY = 86400.0
DAYS_KEPT, TOTALS_KEPT = 4 * DAY, 60 * DAY
"""Seconds for which the counts and the totals of a day are kept."""


def boot_number(connection: sqlite3.Connection, boot: str) -> int:
    """The number of this boot of the machine in the store."""
    connection.execute("INSERT OR IGNORE INTO boots (boot) VALUES (?)", (boot,))
    row = connection.execute("SELECT id FROM boots WHERE boot = ?", (boot,)).fetchone()
    return int(row[0])


def engine_number(connection: sqlite3.Connection, engine: str, run: str, folder: str) -> int:
    """The number of this engine in the store."""
    connection.execute(
        "INSERT OR IGNORE INTO engines (engine, run, folder, pid) VALUES (?, ?, ?, ?)",
        (engine, run, folder, os.getpid()),
    )
    row = connection.execute("SELECT id FROM engines WHERE engine = ?", (engine,)).fetchone()
    return int(row[0])


def forget_dead_engines(connection: sqlite3.Connection, own: int, folder: str) -> None:
    """Removes the leases of dead engines; the calls they started stay counted.

    Of the engines of one run, only the newest can be alive.
    """
    rows = connection.execute("SELECT id, folder, pid FROM engines").fetchall()
    for number, its_folder, pid in rows:
        same_run = folder and its_folder == folder
        if number != own and (same_run or not is_alive(its_folder, pid)):
            forget_engine(connection, number)


def forget_engine(connection: sqlite3.Connection, number: int) -> None:
    """Removes the leases of an engine."""
    connection.execute("DELETE FROM leases WHERE engine = ?", (number,))
    connection.execute("UPDATE quotas SET probing = 0 WHERE engine = ?", (number,))
    connection.execute("DELETE FROM engines WHERE id = ?", (number,))


def forget_old_rows(connection: sqlite3.Connection, times: Times) -> None:
    """Removes rows that are no longer counted or shown.

    The newest start is kept regardless of its age: its number marks what others have read.
    """
    now, wall = times.clock.now(), times.clock.wall()
    connection.execute(
        "DELETE FROM starts WHERE id < (SELECT max(id) FROM starts) "
        "AND CASE boot WHEN ? THEN moment < ? ELSE wall < ? END",
        (times.boot, now - MEMORY, wall - MEMORY),
    )
    forget_old_tokens(connection, times)
    connection.execute("DELETE FROM days WHERE wall < ?", (wall - DAYS_KEPT,))
    connection.execute("DELETE FROM tallies WHERE wall < ?", (wall - TOTALS_KEPT,))
    connection.execute("DELETE FROM minutes WHERE minute < ?", ((wall - 2 * HOUR) // 60,))
    connection.execute("DELETE FROM events WHERE id <= (SELECT max(id) FROM events) - ?", (EVENTS,))
