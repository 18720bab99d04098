"""Manual control of a credential through the store: running engines pick up the result.

The state of the credential is loaded into a registry, changed there, and written back, all in one
transaction of the caller. The rows belong to no engine, so every engine reads them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from assemblyzero_tui.runner.credentials.credentials import Credential
from assemblyzero_tui.runner.credentials.secret import Secret
from assemblyzero_tui.runner.model.quota_days import QuotaDays
from assemblyzero_tui.runner.pool.grants.registry import Registry
from assemblyzero_tui.runner.pool.store.file import StoreFile
from assemblyzero_tui.runner.pool.store.reading import Reader
from assemblyzero_tui.runner.pool.store.writing import Pending, Writer

NO_ENGINE = 0
"""The engine number of rows that belong to no engine."""


class _UnknownSecret(Secret):
    """The secret of a credential of which only the fingerprint is stored."""

    __slots__ = ()

    def __init__(self, fingerprint: str) -> None:
        super().__init__("")
        self.fingerprint = fingerprint

    def reveal(self) -> NoReturn:
        raise TypeError("the store does not know the secret")


def change_credential(
    file: StoreFile,
    days: QuotaDays,
    fingerprint: str,
    change: Callable[[Registry], None],
    name: str = "",
) -> None:
    """Changes a credential like a pool; without a name, only if the store knows it.

    Args:
        file: The store, in a transaction.
        days: When the service's day ends.
        fingerprint: The fingerprint of the credential.
        change: Calls a method of the registry.
        name: The name of the credential if the store does not know it.
    """
    registry = _load(file, days, fingerprint, name)
    if registry is None:
        return
    change(registry)
    pending = Pending()
    pending.take(registry, registry.recorder.take_ledger(), registry.clock)
    Writer(file, run="", engine=NO_ENGINE).write(registry, pending)


def _load(file: StoreFile, days: QuotaDays, fingerprint: str, name: str) -> Registry | None:
    row = file.connection.execute(
        "SELECT name, project, quota FROM keys WHERE fingerprint = ?", (fingerprint,)
    ).fetchone()
    if row is None and not name:
        return None
    stored_name, project, quota = row or ("", "", "")
    configured = file.connection.execute(
        "SELECT model, per_minute, per_day FROM quotas WHERE quota = ? AND NOT learned", (quota,)
    ).fetchall()
    tokens = file.connection.execute(
        "SELECT model, tokens_per_minute FROM quotas WHERE quota = ? AND NOT tokens_learned "
        "AND tokens_per_minute IS NOT NULL",
        (quota,),
    ).fetchall()
    credential = Credential(
        stored_name or name,
        _UnknownSecret(fingerprint),
        project,
        {model: limit for model, limit, _ in configured if limit is not None},
        {model: limit for model, _, limit in configured if limit is not None},
        dict(tokens),
    )
    registry = Registry([credential], clock=file.times.clock, days=days)
    registry.credentials[fingerprint].quota = quota
    Reader(file).read_all(registry, [fingerprint], {}, report=False)
    return registry
