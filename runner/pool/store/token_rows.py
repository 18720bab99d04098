"""The tokens of starts in the store. Rows of one moment add up: what a call reserved when it
started, and the difference when its usage was known.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable

from assemblyzero_tui.runner.pool.grants.quota import MEMORY, WINDOW
from assemblyzero_tui.runner.pool.grants.registry import Registry
from assemblyzero_tui.runner.pool.store.times import Times

TokenRow = tuple[str, str, float, int, float]
"""Quota, model, moment of the start, tokens, wall time of the start."""
Place = tuple[str, str]
"""The name of a quota, and a model."""

_TABLE = """
CREATE TABLE IF NOT EXISTS tokens (
    id INTEGER PRIMARY KEY, engine INTEGER NOT NULL, quota TEXT NOT NULL, model TEXT NOT NULL,
    moment REAL NOT NULL, tokens INTEGER NOT NULL, boot INTEGER NOT NULL, wall REAL NOT NULL
)"""
_COLUMNS = {
    "tokens_per_minute": "INTEGER",
    "tokens_learned": "INTEGER NOT NULL DEFAULT 0",
}
_INSERT = (
    "INSERT INTO tokens (quota, model, moment, tokens, wall, boot, engine) "
    "VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_SELECT = "SELECT quota, model, moment, tokens, wall, boot FROM tokens"


def add_tables(connection: sqlite3.Connection) -> None:
    """Adds what a file of an earlier version lacks; that version can still use the file."""
    connection.execute(_TABLE)
    there = {row[1] for row in connection.execute("PRAGMA table_info(quotas)")}
    for name, kind in _COLUMNS.items():
        if name not in there:
            connection.execute(f"ALTER TABLE quotas ADD COLUMN {name} {kind}")


def write_tokens(
    connection: sqlite3.Connection, rows: Iterable[TokenRow], boot: int, engine: int
) -> None:
    """Writes rows, within a transaction of the caller."""
    connection.executemany(_INSERT, [(*row, boot, engine) for row in rows])


def forget_old_tokens(connection: sqlite3.Connection, times: Times) -> None:
    """Removes rows that no longer count; the newest stays, as its number marks what was read."""
    now, wall = times.clock.now(), times.clock.wall()
    connection.execute(
        "DELETE FROM tokens WHERE id < (SELECT max(id) FROM tokens) "
        "AND CASE boot WHEN ? THEN moment < ? ELSE wall < ? END",
        (times.boot, now - MEMORY, wall - MEMORY),
    )


class TokenReader:
    """Reads tokens that one registry does not know yet. Call it within a transaction."""

    def __init__(self) -> None:
        self._mark = 0

    def new_rows(
        self, connection: sqlite3.Connection, engine: int
    ) -> list[tuple[str, str, float, int, float, int]]:
        """What other engines wrote since the last read."""
        rows = connection.execute(
            f"{_SELECT} WHERE id > ? AND engine != ? ORDER BY id", (self._mark, engine)
        ).fetchall()
        self._set_mark(connection)
        return rows

    def apply(
        self,
        registry: Registry,
        rows: Iterable[tuple[str, str, float, int, float, int]],
        quotas: Collection[str],
        times: Times,
    ) -> None:
        """Counts rows of these quotas."""
        now = times.clock.now()
        for name, model, moment, tokens, wall, boot in rows:
            if name in quotas:
                here = times.here(moment, boot, moment, wall)
                registry.quota_named(name, model).tokens.add(here, tokens, now)

    def read_all(
        self,
        connection: sqlite3.Connection,
        registry: Registry,
        quotas: Collection[str],
        times: Times,
    ) -> None:
        """Counts everything stored about these quotas; what the registry knows stays."""
        now = times.clock.now()
        for (name, model), found in stored_tokens(connection, times).items():
            if name not in quotas:
                continue
            counted = registry.quota_named(name, model).tokens
            known = counted.moments()
            for moment, tokens in found.items():
                if moment + WINDOW > now:
                    counted.add(moment, max(0, tokens - known[moment]), now)
        self._set_mark(connection)

    def _set_mark(self, connection: sqlite3.Connection) -> None:
        (self._mark,) = connection.execute("SELECT coalesce(max(id), 0) FROM tokens").fetchone()


def stored_tokens(connection: sqlite3.Connection, times: Times) -> dict[Place, Counter[float]]:
    """The tokens of each start in the store, by this process's clock."""
    found: dict[Place, Counter[float]] = {}
    for name, model, moment, tokens, wall, boot in connection.execute(_SELECT):
        here = times.here(moment, boot, moment, wall)
        found.setdefault((name, model), Counter())[here] += tokens
    return found


def used_tokens(connection: sqlite3.Connection, times: Times) -> Counter[Place]:
    """The tokens of each quota within the last minute."""
    now = times.clock.now()
    used: Counter[Place] = Counter()
    for place, starts in stored_tokens(connection, times).items():
        used[place] = sum(tokens for moment, tokens in starts.items() if moment > now - WINDOW)
    return used
