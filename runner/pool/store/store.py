"""The persistent state of the pool: one file for all runs of this machine.

Concurrent runs share one budget through it: each grants in a transaction that first reads what the
others have granted. It contains counts, names and fingerprints, but no secret. No error of the
store stops a run: the pool continues with its own counts.
"""

from __future__ import annotations

import contextlib
import sqlite3
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.credentials.credentials import Credential
from assemblyzero_tui.runner.model.quota_days import PacificDays, QuotaDays
from assemblyzero_tui.runner.pool.grants.clock import Clock, boot_id
from assemblyzero_tui.runner.pool.grants.ledger import Ledger
from assemblyzero_tui.runner.pool.grants.registry import Registry
from assemblyzero_tui.runner.pool.store.admin import change_credential
from assemblyzero_tui.runner.pool.store.credential_status import PoolSnapshot
from assemblyzero_tui.runner.pool.store.file import STORE_ERRORS, StoreFile
from assemblyzero_tui.runner.pool.store.pruning import EVENTS, forget_engine, forget_old_rows
from assemblyzero_tui.runner.pool.store.reading import Reader
from assemblyzero_tui.runner.pool.store.renaming import rename_quotas
from assemblyzero_tui.runner.pool.store.status_reading import read_snapshot
from assemblyzero_tui.runner.pool.store.usage import PendingUsage
from assemblyzero_tui.runner.pool.store.writing import Pending, Writer

FIGURES_EVERY = 0.5
"""Seconds between two writes of figures that are only shown."""
PRUNE_EVERY = 30.0
"""Seconds between two removals of old rows."""


class PoolStore:
    """The open store. Not safe for use by several threads at once."""

    def __init__(self, file: StoreFile, clock: Clock, run: str, days: QuotaDays) -> None:
        """See :meth:`open`."""
        self.path = file.path
        self.notes = file.notes
        """Notes for the user, the oldest first; whoever shows them may clear the list."""
        self._file = file
        self._clock = clock
        self._days = days
        self._reader = Reader(file)
        self._writer = Writer(file, run)
        self._pending = Pending()
        self._figures = PendingUsage()
        self._figures_at = self._pruned_at = clock.now()
        self._registry: Registry | None = None
        self._seen = (0, 0)
        """Openings of the file, and different files opened, at the last check."""
        self._known: set[str] = set()
        """Fingerprints of the credentials whose rows were read from this file."""

    @classmethod
    def open(
        cls, path: Path, clock: Clock, *, engine: str = "", boot: str | None = None, run: str = "",
        folder: Path | None = None, days: QuotaDays | None = None,
    ) -> PoolStore:  # fmt: skip
        """Opens the store, and creates it if it is missing.

        It never fails: errors are in :attr:`notes`, and opening is retried later.

        Args:
            path: The database.
            clock: The pool's clock.
            engine: A unique name of this writer; generated if it is empty.
            boot: The boot that the clock's times belong to; by default, the current one.
            run: The name of the writing run.
            folder: The folder of that run; the writer is alive while the engine's lock in it is
                held.
            days: When the service's day ends.
        """
        writer = (engine or uuid.uuid4().hex, run, "" if folder is None else str(folder))
        file = StoreFile(path, clock, boot_id() if boot is None else boot, writer)
        try:
            file.open()
        except STORE_ERRORS as error:
            file.handle_error(error)
        return cls(file, clock, run, PacificDays() if days is None else days)

    # For an engine

    def load(self, registry: Registry) -> None:
        """Loads the stored state of the credentials of a new registry."""
        self._registry = registry
        if self._begin(registry, report=False):
            self._finish(registry)

    def exchange(self, registry: Registry, work: Callable[[], Ledger]) -> Ledger:
        """Reads the changes of others, does the work of a pool, and writes its changes.

        All of that is one transaction, so that two engines never spend the same call. If the store
        is unusable, the work is done anyway, and written later.

        Args:
            registry: The pool's registry; the same one each time.
            work: Passes messages to the pool and processes them; called exactly once.

        Returns:
            The result of the work.
        """
        if not registry.credentials:
            ledger = work()
            registry.recorder.take_changes()
            return ledger
        self._registry = registry
        ready = self._begin(registry)
        try:
            ledger = work()
        except BaseException:
            self._file.roll_back()
            raise
        changes = self._pending.take(registry, ledger, self._clock)
        wall = self._clock.wall()
        if changes.granted or changes.ended:
            self._figures.take(changes, registry.days.name(wall), wall)
        if not ready:
            self._pending.forget_old(self._clock.now(), EVENTS)
            return ledger
        answered = {tally.fingerprint for tally in changes.tallies if tally.answered}
        self._pending.credentials |= self._writer.strikes_changed(registry, answered)
        if not self._finish(registry) and self._begin(registry):
            self._finish(registry)
        return ledger

    def close(self) -> None:
        """Writes pending changes, and removes the leases of this engine."""
        self._figures_at = self._clock.now() - FIGURES_EVERY
        if self._registry is not None and self._begin(self._registry):
            self._finish(self._registry)
        with contextlib.suppress(*STORE_ERRORS):
            self._file.ready()
            with self._file.transaction() as connection:
                forget_engine(connection, self._file.engine)
        self._file.close()

    # For screens and commands

    def disable(self, fingerprint: str, name: str, why: str = "by you") -> None:
        """Disables a credential in every run, even one that was never used.

        Raises:
            TuiError: the store cannot be written.
        """
        self._change(fingerprint, lambda registry: registry.disable(fingerprint, why), name)

    def enable(self, fingerprint: str) -> None:
        """Enables a credential again in every run.

        Raises:
            TuiError: the store cannot be written.
        """
        self._change(fingerprint, lambda registry: registry.enable(fingerprint))

    def reset(self, fingerprint: str) -> None:
        """Forgets every refusal and today's count of a credential, in every run.

        Raises:
            TuiError: the store cannot be written.
        """
        self._change(fingerprint, lambda registry: registry.reset(fingerprint))

    def snapshot(self, credentials: Iterable[Credential] = ()) -> PoolSnapshot:
        """The status of all credentials on this machine; empty if the store cannot be read.

        Args:
            credentials: The current credentials, as their projects can have become known.
        """
        try:
            self._file.ready()
            with self._file.transaction() as connection:
                self._write_figures()
                rename_quotas(connection, credentials)
                snapshot = read_snapshot(connection, self._file.times, self._days)
        except STORE_ERRORS as error:
            self._file.handle_error(error)
            return PoolSnapshot()
        self._figures = PendingUsage()
        return snapshot

    def _change(self, fingerprint: str, change: Callable[[Registry], None], name: str = "") -> None:
        for may_retry in (True, False):
            try:
                self._file.ready()
                with self._file.transaction():
                    change_credential(self._file, self._days, fingerprint, change, name)
                break
            except (sqlite3.Error, OSError) as error:
                if not (self._file.handle_error(error) and may_retry):
                    raise TuiError(
                        f"Cannot write {self.path}: {error}.",
                        "Free disk space or make it writable, then retry.",
                    ) from error
        self._reader.forget_version()

    # A transaction of an engine

    def _begin(self, registry: Registry, *, report: bool = True) -> bool:
        """Begins a transaction and reads the changes of others; returns whether that succeeded."""
        if self._file.blocked:
            return False
        for _ in range(2):
            try:
                self._file.ready()
                self._file.connection.execute("BEGIN IMMEDIATE")
                self._read_others(registry, report=report)
                return True
            except STORE_ERRORS as error:
                if not self._file.handle_error(error):
                    return False
        return False

    def _read_others(self, registry: Registry, *, report: bool) -> None:
        replaced = self._check_file()
        self._writer.forget_rows(self._reader.changes(registry, self._known))
        if len(self._known) == len(registry.credentials):
            return
        if replaced:
            self._pending.starts.clear()
            self._pending.tokens.clear()
            self._pending.days.clear()
        new = registry.credentials.keys() - self._known
        rename_quotas(
            self._file.connection, [registry.credentials[each].credential for each in new]
        )
        changes = self._reader.read_all(registry, new, self._pending.days, report=report)
        self._writer.forget_rows(changes)
        self._pending.credentials |= new
        self._known |= new
        if replaced:
            self._rewrite_all(registry)

    def _check_file(self) -> bool:
        """Whether the file was replaced since the last check and lacks the pool's state."""
        openings, files = self._seen
        self._seen = (self._file.openings, self._file.files)
        if openings != self._file.openings:
            self._reader.forget_version()
            self._writer.forget()
        if files == self._file.files:
            return False
        self._known = set()
        return files > 0

    def _rewrite_all(self, registry: Registry) -> None:
        """Marks the state of the pool that a fresh file lacks as pending."""
        today = registry.today(self._clock.now()).name
        for quota in registry.quotas.values():
            stored = self._reader.moments(registry, quota)
            of_day = self._reader.starts_of_day(registry, quota, today)
            tokens = self._reader.tokens(registry, quota)
            self._pending.add_missing(registry, quota, stored, today, of_day, tokens)

    def _finish(self, registry: Registry) -> bool:
        """Writes pending changes and commits; ``False`` if they must be written to a fresh file.

        Changes that cannot be written stay pending.
        """
        now = self._clock.now()
        figures = now - self._figures_at >= FIGURES_EVERY
        try:
            self._writer.write(registry, self._pending)
            if figures:
                self._write_figures()
            if now - self._pruned_at >= PRUNE_EVERY:
                self._pruned_at = now
                forget_old_rows(self._file.connection, self._file.times)
            self._file.connection.execute("COMMIT")
        except STORE_ERRORS as error:
            self._writer.forget()
            return not self._file.handle_error(error)
        self._reader.resets.update(self._writer.resets)
        self._pending = Pending()
        if figures:
            self._figures, self._figures_at = PendingUsage(), now
        return True

    def _write_figures(self) -> None:
        if not self._figures.empty:
            self._figures.write(self._file.connection, self._file.engine, self._clock.wall())
