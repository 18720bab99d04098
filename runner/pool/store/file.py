"""The store's file: opening, transactions, and the errors that prevent them."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.pool.grants.clock import Clock
from assemblyzero_tui.runner.pool.store.pruning import (
    boot_number,
    engine_number,
    forget_dead_engines,
)
from assemblyzero_tui.runner.pool.store.schema import inode_of, is_damage, open_database
from assemblyzero_tui.runner.pool.store.times import Times

BLOCKED_SECONDS = 5.0
"""Seconds without the store after another process blocked it for too long."""
STORE_ERRORS = (sqlite3.Error, OSError, TuiError)
"""The errors of a store that is unusable."""
_KEEPS_CONNECTION = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
"""Errors that leave a connection usable."""


class StoreFile:
    """A file that can be damaged, replaced, locked or unreachable at any time.

    Args:
        path: The database.
        clock: The pool's clock.
        boot: The boot of the machine that the clock's times belong to.
        writer: A unique name, the name of the run and the run's folder.
    """

    def __init__(self, path: Path, clock: Clock, boot: str, writer: tuple[str, str, str]) -> None:
        self.path = path
        self.notes: list[str] = []
        """Notes for the user, the oldest first."""
        self.connection: sqlite3.Connection
        self.times: Times
        self.engine = 0
        """The number of the writer in this file."""
        self.openings = 0
        """How often it has been opened."""
        self.files = 0
        """How many different files have been opened: a new one lacks the rows of the old."""
        self._clock = clock
        self._boot = boot
        self._writer = writer
        self._open = False
        self._inode: tuple[int, int] | None = None
        self._blocked_until = 0.0
        self._noted: set[str] = set()

    @property
    def blocked(self) -> bool:
        """Whether not to use it for a moment."""
        return self._clock.now() < self._blocked_until

    def ready(self) -> None:
        """Opens the file if it is not open, or if another file has its name by now.

        Raises:
            sqlite3.Error: it cannot be opened. So do ``OSError`` and ``TuiError``.
        """
        if not self._open or self._inode != inode_of(self.path):
            self.open()

    def open(self, damaged: tuple[int, int] | None = None) -> None:
        """Opens the file, or creates it.

        Args:
            damaged: The file to set aside if it still has the name.

        Raises:
            sqlite3.Error: it cannot be opened. So do ``OSError`` and ``TuiError``.
        """
        self.close()
        opened = open_database(self.path, damaged)
        self.notes += opened.notes
        self.connection, self._open = opened.connection, True
        name, run, folder = self._writer
        try:
            with self.transaction() as connection:
                self.engine = engine_number(connection, name, run, folder)
                self.times = Times(self._clock, boot_number(connection, self._boot))
                forget_dead_engines(connection, self.engine, folder)
        except BaseException:
            self.close()
            raise
        self.openings += 1
        self.files += self._inode != opened.inode
        self._inode = opened.inode

    def close(self) -> None:
        """Closes the file; it can be opened again."""
        if self._open:
            self._open = False
            with contextlib.suppress(sqlite3.Error):
                self.connection.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A write transaction; it is rolled back if an error is raised in it."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield self.connection
            self.connection.execute("COMMIT")
        except BaseException:
            self.roll_back()
            raise

    def roll_back(self) -> None:
        """Rolls back the transaction, if there is one."""
        if self._open and self.connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                self.connection.execute("ROLLBACK")

    def handle_error(self, error: Exception) -> bool:
        """Handles an error; returns whether to retry with a fresh file."""
        self.roll_back()
        if isinstance(error, sqlite3.Error) and is_damage(error):
            try:
                self.open(self._inode)
            except STORE_ERRORS as another:
                error = another
            else:
                return True
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_BUSY or isinstance(error, TimeoutError):
            self._blocked_until = self._clock.now() + BLOCKED_SECONDS
        if code not in _KEEPS_CONNECTION:
            self.close()
        what = error.what if isinstance(error, TuiError) else f"{error}."
        if what not in self._noted:
            self._noted.add(what)
            text = f"Cannot save the quota counts to {self.path}: {what}"
            self.notes.append(f"{text} This run continues with its own counts.")
        return False
