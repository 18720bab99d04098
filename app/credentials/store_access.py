"""Opens the store of the pool and the credentials for commands, and prints their results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.base.paths import RunFolder, pool_file
from assemblyzero_tui.runner.credentials import sources
from assemblyzero_tui.runner.credentials.credentials import (
    Credential,
    CredentialSource,
    may_be_api_key,
)
from assemblyzero_tui.runner.model.quota_days import days_of
from assemblyzero_tui.runner.model.run_spec import RunSpec
from assemblyzero_tui.runner.pool.grants.clock import MachineClock
from assemblyzero_tui.runner.pool.store.store import PoolStore


@contextmanager
def open_store(spec: RunSpec | None = None, folder: RunFolder | None = None) -> Iterator[PoolStore]:
    """Opens the store of a run: a demo has its own, every other run uses that of this machine."""
    demo_folder = folder if spec is not None and spec.demo else None
    clock = MachineClock(1.0 if spec is None else spec.clock_speed)
    days = days_of(None if spec is None else spec.options.quota)
    store = PoolStore.open(pool_file(demo_folder), clock, days=days)
    try:
        yield store
    finally:
        store.close()


def enable_if_disabled(store: PoolStore, fingerprint: str) -> None:
    """Enables a credential again if it was disabled."""
    status = store.snapshot().credential(fingerprint)
    if status is not None and status.disabled:
        store.enable(fingerprint)


def print_notes(notes: Iterable[str]) -> None:
    """Prints notes to stderr."""
    for note in notes:
        click.echo(f"Note: {note.removesuffix('.')}.", err=True)


def load_credentials(file: Path | None) -> CredentialSource:
    """All credentials, including disabled ones.

    Raises:
        TuiError: there are none, or a source is invalid.
    """
    credential_source = sources.find_any(file)
    return sources.find(file) if credential_source is None else credential_source


def find_credential(credential_source: CredentialSource, name: str) -> Credential:
    """The credential with this name or fingerprint.

    Raises:
        TuiError: there is none.
    """
    for credential in credential_source.credentials:
        if name in (credential.name, credential.secret.fingerprint):
            return credential
    if name in credential_source.disabled:
        raise TuiError(
            f"{name} is disabled in {credential_source.source}.",
            f"Enable it: assemblyzero-tui pool enable {name}",
        )
    description = "such credential" if may_be_api_key(name) else f"credential called {name!r}"
    names = ", ".join(
        [*(c.name for c in credential_source.credentials), *credential_source.disabled]
    )
    raise TuiError(
        f"There is no {description} in {credential_source.source}.",
        f"Available: {names}." if names else "Add one.",
    )


def print_result(
    name: str, fingerprint: str, done: str, sentence: str, *, as_json: bool, **more: object
) -> None:
    """Prints what was done with a credential; ``more`` is only in the JSON output."""
    if as_json:
        import msgspec

        row = {"name": name, "fingerprint": fingerprint, "done": done} | more
        click.echo(msgspec.json.encode(row))
    else:
        click.echo(sentence)
