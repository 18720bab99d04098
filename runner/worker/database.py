"""The database of one item: its checkpoints and stored answers, and the repair of damage."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from langgraph.checkpoint.serde.encrypted import EncryptedSerializer
from langgraph.checkpoint.sqlite import SqliteSaver

from assemblyzero_tui.runner.base.sqlite_files import rename_database
from assemblyzero_tui.runner.worker.answers import AnswerStore, kept_answers
from assemblyzero_tui.runner.worker.checksums import Seals
from assemblyzero_tui.runner.worker.patient_connection import connect

_DAMAGE = frozenset(
    {
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_FORMAT,
        sqlite3.SQLITE_MISMATCH,
        sqlite3.SQLITE_SCHEMA,
        sqlite3.SQLITE_ERROR,  # a missing table or column: the statements themselves are correct
        sqlite3.SQLITE_IOERR_SHORT_READ,
    }
)
"""SQLite's codes for errors that neither waiting nor free space can repair; see https://sqlite.org/rescode.html.
A primary code includes the extended ones that begin with it, except those of IOERR."""


class DamagedError(Exception):
    """The database is damaged, and will not become readable by waiting."""


class Database:
    """Two connections to the item's database: one for the saver, one for the stored answers.

    Args:
        path: The file, created if it does not exist.
        thread: The graph's thread, whose newest checkpoint must be readable.
        warn: Called with a message when another program has locked it.

    Raises:
        DamagedError: the file is not a database, or its content cannot be read.
        sqlite3.OperationalError: it cannot be used now: locked, disk full, or not permitted.
    """

    def __init__(self, path: Path, thread: Any, warn: Callable[[str], None]) -> None:
        self._warn = warn
        self._connections: list[sqlite3.Connection] = []
        try:
            with damage_as_error():
                checkpoints, answers = self._connect(path), self._connect(path)
                answers.execute("PRAGMA journal_mode=WAL").fetchone()
                self._check(answers)
                self.saver = SqliteSaver(checkpoints, serde=EncryptedSerializer(Seals()))
                self.saver.setup()
                self.answers = AnswerStore(answers)
                self.connection = answers
                self.begun = self._has_checkpoint(thread)
        except BaseException:
            self.close()
            raise

    def _connect(self, path: Path) -> sqlite3.Connection:
        connection = connect(path, self._warn)
        self._connections.append(connection)
        connection.execute("PRAGMA synchronous=NORMAL")
        return connection

    def _check(self, connection: sqlite3.Connection) -> None:
        """Checks every page: damage after an intact header is noticed only when it is read."""
        lines = [str(row[0]) for row in connection.execute("PRAGMA quick_check(1)")]
        if lines != ["ok"]:
            raise DamagedError(" ".join(lines))

    def _has_checkpoint(self, thread: Any) -> bool:
        """Whether there is a checkpoint; reads it as the graph would."""
        try:
            return self.saver.get_tuple(thread) is not None
        except sqlite3.Error:
            raise
        except Exception as error:
            raise DamagedError(f"{type(error).__name__}: {error}") from error

    def values(self, thread: Any) -> dict[str, Any]:
        """The state of the graph at the newest checkpoint; empty if there is none."""
        newest = self.saver.get_tuple(thread)
        return dict(newest.checkpoint["channel_values"]) if newest is not None else {}

    def start_over(self, thread: Any) -> None:
        """Deletes the checkpoints."""
        self.saver.delete_thread(thread["configurable"]["thread_id"])
        self.begun = False

    def sync_every_commit(self) -> None:
        """Makes every commit from now on wait for the disk.

        While the tables are created this is not necessary: the next synchronous commit includes
        everything before it in the write-ahead log.
        """
        for connection in self._connections:
            connection.execute("PRAGMA synchronous=FULL")

    def close(self) -> None:
        """Closes both connections."""
        for connection in self._connections:
            connection.close()

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class damage_as_error(contextlib.AbstractContextManager[None]):  # noqa: N801 - read as a function
    """Raises `DamagedError` for the errors of SQLite that mean a damaged database."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, sqlite3.DatabaseError) and _is_damage(error):
            raise DamagedError(str(error)) from error


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    if isinstance(error, sqlite3.ProgrammingError):
        return False
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:  # raised by Python's module, not by SQLite, for text that is not UTF-8
        return True
    return code in _DAMAGE or code & 0xFF in _DAMAGE


def set_aside(path: Path) -> Path:
    """Renames a damaged database and its companion files; returns its new path.

    Raises:
        OSError: it cannot be moved.
    """
    stamp = f"{path.name}.damaged-{time.time():.0f}"
    names = (stamp if number == 1 else f"{stamp}-{number}" for number in range(1, 1000))
    aside = next(path.with_name(n) for n in names if not os.path.lexists(path.with_name(n)))
    rename_database(path, aside)
    return aside


def salvage(damaged: Path, answers: AnswerStore) -> int:
    """Saves the answers that can still be read; returns their number."""
    saved = 0
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(damaged)) as old:
        old.execute("PRAGMA query_only=ON")
        for prompt, answer in kept_answers(old):
            saved += answers.add_salvaged(prompt, answer)
    return saved
