"""The file of the pool's store: its tables, opening it, and setting a damaged one aside."""

from __future__ import annotations

import os
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

from assemblyzero_tui.runner.base.errors import NewerVersionError
from assemblyzero_tui.runner.base.paths import FILE_MODE, make_private_directory
from assemblyzero_tui.runner.base.sqlite_files import rename_database
from assemblyzero_tui.runner.locks.file_locks import FileLock
from assemblyzero_tui.runner.pool.store.token_rows import add_tables

VERSION = 1
"""Version of the tables, in the file's ``user_version``."""
BUSY = 2.0
"""Seconds to wait for another process that writes."""
OPENING = 10.0
"""Seconds to wait for another process that opens the file."""
CHECKPOINT = 4000
"""Pages of the write-ahead log after which it is copied into the file, which waits for the disk."""
_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

_TABLES = """
CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE boots (id INTEGER PRIMARY KEY, boot TEXT NOT NULL UNIQUE);
CREATE TABLE engines (
    id INTEGER PRIMARY KEY AUTOINCREMENT, engine TEXT NOT NULL UNIQUE,
    run TEXT NOT NULL, folder TEXT NOT NULL, pid INTEGER NOT NULL
);
CREATE TABLE keys (
    fingerprint TEXT PRIMARY KEY, name TEXT NOT NULL, project TEXT NOT NULL, quota TEXT NOT NULL,
    disabled TEXT NOT NULL, invalid TEXT NOT NULL, since REAL NOT NULL, strikes INTEGER NOT NULL,
    resets INTEGER NOT NULL DEFAULT 0, stamp INTEGER NOT NULL, engine INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE quotas (
    quota TEXT NOT NULL, model TEXT NOT NULL, door TEXT NOT NULL,
    since REAL NOT NULL, until REAL NOT NULL, reason TEXT NOT NULL,
    careful INTEGER NOT NULL, refusals INTEGER NOT NULL, refused_at REAL NOT NULL,
    per_minute INTEGER, per_day INTEGER, learned INTEGER NOT NULL,
    cap REAL NOT NULL, cap_since REAL NOT NULL, struck TEXT NOT NULL, waived TEXT NOT NULL,
    probing INTEGER NOT NULL,
    boot INTEGER NOT NULL, at REAL NOT NULL, wall REAL NOT NULL,
    stamp INTEGER NOT NULL, engine INTEGER NOT NULL, PRIMARY KEY (quota, model)
) WITHOUT ROWID;
CREATE TABLE starts (
    id INTEGER PRIMARY KEY, engine INTEGER NOT NULL, quota TEXT NOT NULL, model TEXT NOT NULL,
    kind INTEGER NOT NULL, moment REAL NOT NULL, day TEXT NOT NULL,
    boot INTEGER NOT NULL, wall REAL NOT NULL
);
CREATE TABLE days (
    quota TEXT NOT NULL, model TEXT NOT NULL, day TEXT NOT NULL, starts INTEGER NOT NULL,
    wall REAL NOT NULL, PRIMARY KEY (quota, model, day)
) WITHOUT ROWID;
CREATE TABLE tallies (
    fingerprint TEXT NOT NULL, model TEXT NOT NULL, day TEXT NOT NULL,
    answered INTEGER NOT NULL, refused INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, wall REAL NOT NULL,
    PRIMARY KEY (fingerprint, model, day)
) WITHOUT ROWID;
CREATE TABLE minutes (
    minute INTEGER PRIMARY KEY, calls INTEGER NOT NULL, refused INTEGER NOT NULL
);
CREATE TABLE leases (
    engine INTEGER NOT NULL, number INTEGER NOT NULL, fingerprint TEXT NOT NULL,
    item TEXT NOT NULL, model TEXT NOT NULL, wall REAL NOT NULL, PRIMARY KEY (engine, number)
) WITHOUT ROWID;
CREATE TABLE events (
    id INTEGER PRIMARY KEY, wall REAL NOT NULL, fingerprint TEXT NOT NULL, name TEXT NOT NULL,
    model TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL, until REAL, run TEXT NOT NULL
);
CREATE INDEX events_of_a_key ON events (fingerprint, model, id);
INSERT INTO counters VALUES ('stamp', 0);
"""


@dataclass(frozen=True, slots=True)
class Opened:
    """A usable database."""

    connection: sqlite3.Connection
    inode: tuple[int, int]
    """Identifies the file, even if another one has its name later."""
    notes: tuple[str, ...] = ()
    """Notes for the user."""


def is_damage(error: sqlite3.Error) -> bool:
    """Whether an error means that the file is not a valid database."""
    return (getattr(error, "sqlite_errorcode", 0) & 0xFF) in _DAMAGE


def inode_of(path: Path) -> tuple[int, int] | None:
    """Identifies the file that has this name now."""
    try:
        status = os.stat(path)  # noqa: PTH116 - called for every lease, and twice as fast
    except OSError:
        return None
    return status.st_dev, status.st_ino


def open_database(path: Path, damaged: tuple[int, int] | None = None) -> Opened:
    """Opens the store, creates it if it is missing, and sets it aside if it is damaged.

    Args:
        path: The database.
        damaged: The file known to be damaged; another one of that name is opened as it is.

    Raises:
        sqlite3.Error: it cannot be opened or created, and is not damaged.
        OSError: likewise.
        TuiError: likewise, or a newer version has written it.
    """
    make_private_directory(path.parent)
    with FileLock.wait(path.with_name(f"{path.name}.lock"), OPENING):
        notes: list[str] = []
        if damaged is not None and inode_of(path) == damaged:
            notes.append(_set_aside(path))
        try:
            connection = _connect(path)
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            notes.append(_set_aside(path))
            connection = _connect(path)
        inode = inode_of(path)
        assert inode is not None
        return Opened(connection, inode, tuple(notes))


def _connect(path: Path) -> sqlite3.Connection:
    descriptor = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    try:
        if os.fstat(descriptor).st_mode & 0o077:
            os.fchmod(descriptor, FILE_MODE)
    finally:
        os.close(descriptor)
    connection = sqlite3.connect(
        path, timeout=BUSY, isolation_level=None, check_same_thread=False, cached_statements=64
    )
    try:
        _prepare(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT}")
    (result,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if result != "ok":
        error = sqlite3.DatabaseError(str(result))
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error
    connection.execute("BEGIN IMMEDIATE")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise NewerVersionError(
            f"{path} was written by a newer version of assemblyzero-tui.",
            "Update this one: pip install --upgrade assemblyzero-tui",
        )
    if version == 0:
        for statement in _TABLES.split(";\n"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")
    add_tables(connection)
    connection.execute("COMMIT")


def _set_aside(path: Path) -> str:
    """Renames the damaged files; returns a note for the user."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    number, aside = 1, path.with_name(f"{path.name}.damaged-{stamp}")
    while os.path.lexists(aside):
        number += 1
        aside = path.with_name(f"{path.name}.damaged-{stamp}-{number}")
    rename_database(path, aside)
    return (
        f"{path} was damaged and is now {aside.name}. Quota counts start over, and disabled "
        "credentials are enabled again"
    )
