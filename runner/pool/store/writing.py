"""Pending changes: collected step by step and written in one transaction."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from assemblyzero_tui.runner.model.events import CredentialChanged
from assemblyzero_tui.runner.pool.grants.clock import Clock
from assemblyzero_tui.runner.pool.grants.ledger import Changes, Ledger
from assemblyzero_tui.runner.pool.grants.quota import MEMORY, Quota
from assemblyzero_tui.runner.pool.grants.registry import Registry
from assemblyzero_tui.runner.pool.store.file import StoreFile
from assemblyzero_tui.runner.pool.store.reading import Place, StoredChanges
from assemblyzero_tui.runner.pool.store.rows import (
    CREDENTIAL_COLUMNS,
    QUOTA_COLUMNS,
    REFUND,
    REFUSED,
    START,
    CredentialRow,
    QuotaRow,
    credential_row,
    quota_row,
)
from assemblyzero_tui.runner.pool.store.token_rows import TokenRow, write_tokens

SAME_END = 2.0
"""Seconds by which two processes can differ about the end of the same cooldown."""

_Start = tuple[str, str, int, float, str, float]
"""Quota, model, kind, moment, day, wall time."""


def _marks(count: int) -> str:
    return ", ".join("?" * count)


_INSERT_START = (
    "INSERT INTO starts (quota, model, kind, moment, day, wall, boot, engine) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_COUNT_DAY = """
INSERT INTO days VALUES (?, ?, ?, max(0, ?4), ?)
ON CONFLICT DO UPDATE SET starts = max(0, starts + ?4), wall = excluded.wall"""
_WRITE_QUOTA = (
    f"INSERT OR REPLACE INTO quotas ({QUOTA_COLUMNS}, boot, at, wall, stamp, engine) "  # noqa: S608
    f"VALUES ({_marks(len(QuotaRow._fields) + 5)})"
)
_WRITE_CREDENTIAL = (
    f"INSERT INTO keys ({CREDENTIAL_COLUMNS}, stamp, engine) "  # noqa: S608 - constants
    f"VALUES ({_marks(len(CredentialRow._fields) + 2)}) ON CONFLICT DO UPDATE SET "
    + ", ".join(
        f"{name} = excluded.{name}" for name in (*CredentialRow._fields[1:], "stamp", "engine")
    )
)


@dataclass(slots=True)
class Pending:
    """Changes that are not written yet; they accumulate while the store is unusable."""

    starts: list[_Start] = field(default_factory=list)
    days: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """Starts by quota, model and day."""
    tokens: list[TokenRow] = field(default_factory=list)
    quotas: set[Place] = field(default_factory=set)
    credentials: set[str] = field(default_factory=set)
    resets: set[str] = field(default_factory=set)
    events: list[tuple[float, CredentialChanged]] = field(default_factory=list)

    def take(self, registry: Registry, ledger: Ledger, clock: Clock) -> Changes:
        """Takes the changes of a step from the registry's recorder and collects them."""
        changes = registry.recorder.take_changes()
        for kind, leases in ((START, changes.granted), (REFUND, changes.refunds)):
            for lease in leases:
                wall = clock.wall_at(lease.started)
                self.starts.append((lease.quota, lease.model, kind, lease.started, lease.day, wall))
                self.days[lease.quota, lease.model, lease.day] += kind
                self.quotas.add((lease.quota, lease.model))
        reserved = [(lease, lease.reserved) for lease in changes.granted if lease.reserved]
        self.tokens += [
            (lease.quota, lease.model, lease.started, tokens, clock.wall_at(lease.started))
            for lease, tokens in (*reserved, *changes.tokens)
        ]
        for lease in changes.ended:
            quota = registry.quota_named(lease.quota, lease.model)
            if quota.refused and lease.started in quota.refused:
                wall = clock.wall_at(lease.started)
                self.starts.append(
                    (lease.quota, lease.model, REFUSED, lease.started, lease.day, wall)
                )
        self.quotas |= changes.quotas
        self.credentials |= changes.credentials
        self.resets |= changes.resets
        wall = clock.wall()
        self.events += [(wall, e) for e in ledger.events if isinstance(e, CredentialChanged)]
        return changes

    def forget_old(self, now: float, most_events: int) -> None:
        """Drops starts that no longer count, and events that are no longer shown."""
        self.starts = [start for start in self.starts if start[3] > now - MEMORY]
        self.tokens = [row for row in self.tokens if row[2] > now - MEMORY]
        del self.events[:-most_events]

    def add_missing(
        self, registry: Registry, quota: Quota, stored: Counter[float], today: str, of_day: int,
        tokens: Counter[float],
    ) -> None:  # fmt: skip
        """Collects the starts of a quota that a store lacks.

        Args:
            registry: The registry with the quota.
            quota: The quota for one model.
            stored: Its starts in the store.
            today: The service's day.
            of_day: The number of starts of that day in the store.
            tokens: The tokens of its starts in the store.
        """
        self.quotas.add((quota.name, quota.model))
        name = next((credential.quota for credential in registry.credentials_of(quota)), quota.name)
        for moment in (Counter(quota.starts) - stored).elements():
            wall = registry.clock.wall_at(moment)
            day = registry.days.name(wall)
            self.starts.append((name, quota.model, START, moment, day, wall))
        for moment, count in (quota.tokens.moments() - tokens).items():
            wall = registry.clock.wall_at(moment)
            self.tokens.append((name, quota.model, moment, count, wall))
        if (missing := quota.days.get(today, 0) - of_day) > 0:
            self.days[name, quota.model, today] += missing


class Writer:
    """Writes the changes of one registry. To be called within a transaction."""

    def __init__(self, file: StoreFile, run: str, engine: int | None = None) -> None:
        self._file = file
        self._run = run
        self._fixed_engine = engine
        self._credentials: dict[str, CredentialRow] = {}
        self._quotas: dict[Place, QuotaRow] = {}
        self.resets: dict[str, int] = {}
        """The resets of each credential that was reset here."""

    def forget_rows(self, changes: StoredChanges) -> None:
        """Forgets rows that another process has written."""
        for fingerprint in changes.credentials:
            self._credentials.pop(fingerprint, None)
        for place in changes.quotas:
            self._quotas.pop(place, None)

    def forget(self) -> None:
        """Forgets all rows after a lost transaction."""
        self._credentials.clear()
        self._quotas.clear()

    def strikes_changed(self, registry: Registry, fingerprints: Iterable[str]) -> set[str]:
        """The credentials, of these, whose strikes differ from the written ones."""
        return {
            fingerprint
            for fingerprint in fingerprints
            if (row := self._credentials.get(fingerprint)) is not None
            and row.strikes != registry.credentials[fingerprint].strikes
        }

    @property
    def _engine(self) -> int:
        """The engine number for the rows; the file's can change when it is opened again."""
        return self._file.engine if self._fixed_engine is None else self._fixed_engine

    def write(self, registry: Registry, pending: Pending) -> None:
        """Writes all pending changes."""
        file, executemany = self._file, self._file.connection.executemany
        now, wall = file.times.clock.now(), file.times.clock.wall()
        credentials = (
            self._changed_credentials(registry, pending.credentials) if pending.credentials else []
        )
        quotas = self._changed_quotas(registry, pending.quotas) if pending.quotas else []
        if credentials or quotas or pending.resets:
            stamp = next_stamp(file.connection)
            executemany(_WRITE_CREDENTIAL, [(*row, stamp, self._engine) for row in credentials])
            written = (file.times.boot, now, wall, stamp, self._engine)
            executemany(_WRITE_QUOTA, [(*row, *written) for row in quotas])
            self._write_resets(registry, pending.resets, stamp)
        if pending.starts:
            writer = (file.times.boot, self._engine)
            executemany(_INSERT_START, [(*start, *writer) for start in pending.starts])
        if pending.tokens:
            write_tokens(file.connection, pending.tokens, file.times.boot, self._engine)
        if pending.days:
            counts = [(*place, count, wall) for place, count in pending.days.items() if count]
            executemany(_COUNT_DAY, counts)
        for wall, event in pending.events:
            record_event(
                self._file.connection, wall, event.fingerprint, event.credential, event.model,
                event.state, event.reason, event.until, self._run,
            )  # fmt: skip

    def _changed_credentials(
        self, registry: Registry, fingerprints: Iterable[str]
    ) -> Sequence[CredentialRow]:
        rows = [
            credential_row(registry.credentials[each])
            for each in fingerprints
            if each in registry.credentials
        ]
        changed = [row for row in rows if self._credentials.get(row.fingerprint) != row]
        self._credentials.update((row.fingerprint, row) for row in changed)
        return changed

    def _changed_quotas(self, registry: Registry, places: Iterable[Place]) -> Sequence[QuotaRow]:
        changed = []
        for name, model in places:
            quota = registry.quotas.get((registry.canonical(name), model))
            if quota is None:
                continue
            for own_name in {credential.quota for credential in registry.credentials_of(quota)}:
                row = quota_row(quota, own_name)
                if self._quotas.get((own_name, model)) != row:
                    self._quotas[own_name, model] = row
                    changed.append(row)
        return changed

    def _write_resets(self, registry: Registry, fingerprints: Iterable[str], stamp: int) -> None:
        today = registry.today(self._file.times.clock.now()).name
        for fingerprint in fingerprints:
            quota = registry.canonical(registry.credentials[fingerprint].quota)
            names = {
                each.quota
                for each in registry.credentials.values()
                if registry.canonical(each.quota) == quota
            }
            self.resets[fingerprint] = count_reset(
                self._file.connection, fingerprint, stamp, self._engine
            )
            self._file.connection.executemany(
                "DELETE FROM days WHERE quota = ? AND day = ?", [(name, today) for name in names]
            )


def next_stamp(connection: sqlite3.Connection) -> int:
    """The stamp for rows that are written now; stamps only increase."""
    connection.execute("UPDATE counters SET value = value + 1 WHERE name = 'stamp'")
    (stamp,) = connection.execute("SELECT value FROM counters WHERE name = 'stamp'").fetchone()
    return int(stamp)


def count_reset(connection: sqlite3.Connection, fingerprint: str, stamp: int, engine: int) -> int:
    """Counts a reset of a credential; returns the number of resets."""
    connection.execute(
        "UPDATE keys SET resets = resets + 1, stamp = ?, engine = ? WHERE fingerprint = ?",
        (stamp, engine, fingerprint),
    )
    rows = connection.execute("SELECT resets FROM keys WHERE fingerprint = ?", (fingerprint,))
    row = rows.fetchone()
    return 0 if row is None else int(row[0])


def record_event(
    connection: sqlite3.Connection, wall: float, fingerprint: str, name: str, model: str,
    state: str, reason: str, until: float | None, run: str,
) -> None:  # fmt: skip
    """Records a change of a credential, unless it is recorded already, by any process."""
    before = connection.execute(
        "SELECT state, reason, until FROM events WHERE fingerprint = ? AND model = ? "
        "ORDER BY id DESC LIMIT 1",
        (fingerprint, model),
    ).fetchone() or ("ready", "", None)
    same_end = abs((before[2] or 0.0) - (until or 0.0)) < SAME_END
    if (before[0], before[1]) == (state, reason) and same_end:
        return
    connection.execute(
        "INSERT INTO events (wall, fingerprint, name, model, state, reason, until, run) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (wall, fingerprint, name, model, state, reason, until, run),
    )
