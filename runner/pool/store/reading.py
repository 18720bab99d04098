"""Applies the rows that other processes have written to a registry."""

from __future__ import annotations

from bisect import insort
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from assemblyzero_tui.runner.pool.grants.quota import DAYS, Quota
from assemblyzero_tui.runner.pool.grants.registry import Registry
from assemblyzero_tui.runner.pool.store.file import StoreFile
from assemblyzero_tui.runner.pool.store.rows import (
    CREDENTIAL_COLUMNS,
    ELSEWHERE,
    QUOTA_COLUMNS,
    QUOTA_SIZE,
    REFUND,
    REFUSED,
    START,
    CredentialRow,
    QuotaRow,
    Written,
    apply_credential_row,
    apply_quota_row,
)
from assemblyzero_tui.runner.pool.store.token_rows import TokenReader, stored_tokens

_KEYS = f"SELECT resets, {CREDENTIAL_COLUMNS} FROM keys"  # noqa: S608 - constants
_QUOTAS = f"SELECT {QUOTA_COLUMNS}, boot, at, wall FROM quotas"  # noqa: S608 - constants
_STARTS = "SELECT quota, model, kind, moment, day, boot, wall FROM starts"
_NEW_STARTS = f"{_STARTS} WHERE id > ? AND engine != ?"
_NEW = " WHERE stamp > ? AND engine != ?"
_MARKS = """SELECT coalesce((SELECT max(id) FROM starts), 0),
                   (SELECT value FROM counters WHERE name = 'stamp')"""

PATIENCE = 60.0
"""Seconds to wait for the probing call of another engine."""
_StartRow = tuple[str, str, int, float, str, int, float]
Place = tuple[str, str]
"""The name of a quota, and a model."""
Day = tuple[str, str, str]
"""A quota, a model, and a day of the service."""


class StoredChanges(NamedTuple):
    """The result of a read."""

    reset: set[str]
    """Fingerprints of credentials that the user has reset."""
    credentials: set[str]
    """Fingerprints of the credentials whose rows were applied."""
    quotas: set[Place]
    """The quotas, by their own names, whose rows were applied."""


class Reader:
    """Reads new rows for one registry. To be called within a transaction."""

    def __init__(self, file: StoreFile) -> None:
        self._file = file
        self._version = -1
        self._start = 0
        self._stamp = 0
        self._tokens = TokenReader()
        self.resets: dict[str, int] = {}
        """How often each credential had been reset at the last read."""
        self._probed_elsewhere: dict[Place, float] = {}
        """Quotas that another engine is probing, and the end of that assumption."""

    def forget_version(self) -> None:
        """Makes the next read a full one: this process has written rows for every engine."""
        self._version = -1

    def changes(self, registry: Registry, known: Collection[str]) -> StoredChanges:
        """Applies the rows about these credentials that others wrote since the last read."""
        execute = self._file.connection.execute
        if self._probed_elsewhere:
            self.stop_waiting(registry)
        (version,) = execute("PRAGMA data_version").fetchone()
        if version == self._version:
            return StoredChanges(set(), set(), set())
        starts = execute(
            f"{_STARTS} WHERE id > ? AND engine != ?", (self._start, self._file.engine)
        )
        start_rows = starts.fetchall()
        token_rows = self._tokens.new_rows(self._file.connection, self._file.engine)
        credential_rows = execute(_KEYS + _NEW, (self._stamp, self._file.engine)).fetchall()
        quota_rows = execute(_QUOTAS + _NEW, (self._stamp, self._file.engine)).fetchall()
        self._start, self._stamp = execute(_MARKS).fetchone()
        self._version = version
        if not (start_rows or token_rows or credential_rows or quota_rows):
            return StoredChanges(set(), set(), set())
        quotas = {registry.credentials[fingerprint].quota for fingerprint in known}
        changes = StoredChanges(set(), set(), set())
        for resets, *columns in credential_rows:
            if columns[0] in known:
                self._apply_credential(registry, resets, CredentialRow(*columns), changes)
        for row in quota_rows:
            if row[0] in quotas:
                self._apply_quota(registry, row, new=False)
                changes.quotas.add((row[0], row[1]))
        for start in start_rows:
            if start[0] in quotas:
                self._apply_start(registry, start)
        self._tokens.apply(registry, token_rows, quotas, self._file.times)
        for fingerprint in changes.reset:
            self._recount_day(registry, fingerprint)
        return changes

    def _apply_credential(
        self, registry: Registry, resets: int, row: CredentialRow, changes: StoredChanges
    ) -> None:
        fingerprint = row.fingerprint
        changes.credentials.add(fingerprint)
        if resets != self.resets.get(fingerprint, 0):  # a row created here starts with 0
            registry.reset(fingerprint)
            registry.recorder.changes.resets.discard(fingerprint)
            changes.reset.add(fingerprint)
        self.resets[fingerprint] = resets
        if fingerprint not in registry.recorder.changes.credentials or fingerprint in changes.reset:
            apply_credential_row(registry, row, report=True)

    def read_all(
        self, registry: Registry, fingerprints: Collection[str], unwritten: Mapping[Day, int], *,
        report: bool,
    ) -> StoredChanges:  # fmt: skip
        """Applies all rows about some credentials; the state of the registry is kept.

        Args:
            registry: A registry with these credentials.
            fingerprints: The fingerprints of the credentials.
            unwritten: Starts that are not written yet.
            report: Whether to report changes, as an earlier state was reported.
        """
        execute = self._file.connection.execute
        quotas = {registry.credentials[fingerprint].quota for fingerprint in fingerprints}
        changes = StoredChanges(set(), set(), set())
        for resets, *columns in execute(_KEYS).fetchall():
            if columns[0] in fingerprints:
                self.resets[columns[0]] = resets
                changes.credentials.add(columns[0])
                apply_credential_row(registry, CredentialRow(*columns), report=report)
        quota_rows = [row for row in execute(_QUOTAS) if row[0] in quotas]
        for row in quota_rows:
            place = (registry.canonical(row[0]), row[1])
            self._apply_quota(registry, row, new=place not in registry.quotas)
            changes.quotas.add((row[0], row[1]))
            if report and place in registry.quotas:
                registry.report_quota(registry.quotas[place])
        self._merge_starts(registry, [row for row in execute(_STARTS) if row[0] in quotas])
        self._tokens.read_all(self._file.connection, registry, quotas, self._file.times)
        days = execute("SELECT quota, model, day, starts FROM days ORDER BY wall, day").fetchall()
        days += [(*day, count) for day, count in unwritten.items()]
        self._merge_days(registry, [row for row in days if row[0] in quotas])
        self._start, self._stamp = execute(_MARKS).fetchone()
        return changes

    def _apply_quota(self, registry: Registry, row: tuple[object, ...], *, new: bool) -> None:
        row_values = QuotaRow(*row[:QUOTA_SIZE])  # type: ignore[arg-type]
        written = Written(*row[QUOTA_SIZE:])  # type: ignore[arg-type]
        apply_quota_row(registry, row_values, written, self._file.times, new=new)
        place = (registry.canonical(row_values.quota), row_values.model)
        if (quota := registry.quotas.get(place)) is not None and quota.probe == ELSEWHERE:
            self._probed_elsewhere[place] = self._file.times.clock.now() + PATIENCE

    def stop_waiting(self, registry: Registry) -> None:
        """Lets this engine probe quotas that another one has been probing for too long."""
        now = self._file.times.clock.now()
        for place in [place for place, until in self._probed_elsewhere.items() if until <= now]:
            del self._probed_elsewhere[place]
            if (quota := registry.quotas.get(place)) is not None and quota.probe == ELSEWHERE:
                quota.probe = 0

    def _moment(self, row: _StartRow) -> float:
        moment, boot, wall = row[3], row[5], row[6]
        return self._file.times.here(moment, boot, moment, wall)

    def _apply_start(self, registry: Registry, row: _StartRow) -> None:
        name, model, kind, _, day, _, _ = row
        quota = registry.quota_named(name, model)
        moment = self._moment(row)
        if kind == START:
            quota.record_start(moment, day)
        elif kind == REFUND:
            quota.refund(moment, day)
        else:
            insort(quota.refused, moment)

    def _merge_starts(self, registry: Registry, rows: Iterable[_StartRow]) -> None:
        started: dict[Place, Counter[float]] = {}
        refused: dict[Place, Counter[float]] = {}
        for row in rows:
            place = (registry.canonical(row[0]), row[1])
            into = refused if row[2] == REFUSED else started
            into.setdefault(place, Counter())[self._moment(row)] += row[2] or 1
        for place, moments in started.items():
            quota = registry.quota_named(*place)
            quota.starts = _merged(quota.starts, moments)
            quota.restart_pacing()
        for place, moments in refused.items():
            quota = registry.quota_named(*place)
            quota.refused = _merged(quota.refused, moments)

    def _merge_days(self, registry: Registry, rows: Iterable[tuple[str, str, str, int]]) -> None:
        counts: dict[Place, Counter[str]] = {}
        for name, model, day, starts in rows:
            counts.setdefault((registry.canonical(name), model), Counter())[day] += starts
        for place, days in counts.items():
            quota = registry.quota_named(*place)
            merged = {day: max(count, quota.days.get(day, 0)) for day, count in days.items()}
            merged |= {day: count for day, count in quota.days.items() if day not in merged}
            quota.days = dict(list(merged.items())[-DAYS:])

    def _recount_day(self, registry: Registry, fingerprint: str) -> None:
        """Sets the day's count to that of the store, after a reset."""
        credential = registry.credentials[fingerprint]
        today = registry.today(self._file.times.clock.now()).name
        for quota in registry.quotas.values():
            if quota.name == registry.canonical(credential.quota):
                quota.days.pop(today, None)
                if count := self.starts_of_day(registry, quota, today):
                    quota.days[today] = count

    def starts_of_day(self, registry: Registry, quota: Quota, day: str) -> int:
        """The starts of a day in the store, under every name of a quota."""
        names = {credential.quota for credential in registry.credentials_of(quota)}
        rows = self._file.connection.execute(
            "SELECT quota, starts FROM days WHERE model = ? AND day = ?", (quota.model, day)
        )
        return sum(starts for name, starts in rows if name in names)

    def tokens(self, registry: Registry, quota: Quota) -> Counter[float]:
        """The tokens of a quota's starts in the store."""
        names = {credential.quota for credential in registry.credentials_of(quota)}
        stored = stored_tokens(self._file.connection, self._file.times)
        of_it = [stored.get((name, quota.model), Counter()) for name in names]
        return sum(of_it, Counter())

    def moments(self, registry: Registry, quota: Quota) -> Counter[float]:
        """The starts of a quota in the store."""
        names = {credential.quota for credential in registry.credentials_of(quota)}
        moments: Counter[float] = Counter()
        rows = self._file.connection.execute(f"{_STARTS} WHERE model = ?", (quota.model,))
        for row in rows:
            if row[0] in names and row[2] != REFUSED:
                moments[self._moment(row)] += row[2]
        return moments


def _merged(known: list[float], stored: Counter[float]) -> list[float]:
    """Merges both: each moment occurs as often as in the one that has it more often."""
    return sorted((Counter(known) | stored).elements())
