"""A database connection that waits while another program has locked the database, and reports it.

Only the worker should use an item's database, but a backup, an indexer or a user's ``sqlite3`` may
lock it for a while.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Self

from assemblyzero_tui.runner.base.processes import describe_processes, processes_with_open_file

QUIET_WAIT = 3.0
"""Seconds to wait before the lock is reported."""
REPORTED_WAIT = 42.0
"""Seconds to wait after that; then it is an error."""


def connect(path: Path, warn: Callable[[str], None]) -> sqlite3.Connection:
    """Opens a database.

    Args:
        path: The file.
        warn: Called with a message about a long lock and its holder, at most once per statement.
    """

    class Patient(_PatientConnection):
        def locked(self) -> None:
            warn(f"{locked_text(path)}; waiting for it")

    return sqlite3.connect(path, timeout=QUIET_WAIT, check_same_thread=False, factory=Patient)


def is_locked(error: sqlite3.Error) -> bool:
    """Whether SQLite reports that another connection has locked the database."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


def locked_text(path: Path) -> str:
    """The message that a checkpoint is locked, with the program that locked it, if known."""
    holders = describe_processes(processes_with_open_file(str(path.resolve())))
    return f"the checkpoint {path} is locked by another program{f': {holders}' if holders else ''}"


class _PatientCursor(sqlite3.Cursor):
    """Retries a statement that found the database locked once, with a longer timeout."""

    connection: _PatientConnection

    def execute(self, sql: str, parameters: Any = ()) -> Self:
        self._patiently(lambda: super(_PatientCursor, self).execute(sql, parameters))
        return self

    def executemany(self, sql: str, seq_of_parameters: Iterable[Any]) -> Self:
        rows = list(seq_of_parameters)
        self._patiently(lambda: super(_PatientCursor, self).executemany(sql, rows))
        return self

    def executescript(self, sql_script: str) -> sqlite3.Cursor:
        self._patiently(lambda: super(_PatientCursor, self).executescript(sql_script))
        return self

    def _patiently(self, do: Callable[[], object]) -> None:
        try:
            do()
        except sqlite3.OperationalError as error:
            if not is_locked(error):
                raise
            self.connection.locked()
            with self.connection.more_patience():
                do()


class _PatientConnection(sqlite3.Connection):
    def cursor(self, factory: Any = _PatientCursor) -> Any:
        return super().cursor(factory)

    def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
        return _PatientCursor(self).execute(sql, parameters)

    def executemany(self, sql: str, parameters: Iterable[Any]) -> sqlite3.Cursor:
        return _PatientCursor(self).executemany(sql, parameters)

    def executescript(self, sql_script: str) -> sqlite3.Cursor:
        return _PatientCursor(self).executescript(sql_script)

    def locked(self) -> None:
        """Called when a statement has found the database locked."""

    @contextlib.contextmanager
    def more_patience(self) -> Any:
        """Makes statements wait longer for the lock."""
        self._wait(REPORTED_WAIT)
        try:
            yield
        finally:
            self._wait(QUIET_WAIT)

    def _wait(self, seconds: float) -> None:
        sqlite3.Cursor(self).execute(f"PRAGMA busy_timeout={seconds * 1000:.0f}")
