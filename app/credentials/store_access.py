"""The store of the pool, for commands: opened, used, closed."""

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
    """The store of a run: the one of this machine, but for a demo, which has its own."""
    mine = folder if spec is not None and spec.demo else None
    clock = MachineClock(1.0 if spec is None else spec.clock_speed)
    days = days_of(None if spec is None else spec.options.quota)
    store = PoolStore.open(pool_file(mine), clock, days=days)
    try:
        yield store
    finally:
        store.close()


def print_notes(notes: Iterable[str]) -> None:
    """Prints notes for humans on the standard error."""
    for note in notes:
        click.echo(f"Note: {note.removesuffix('.')}.", err=True)


def load_credentials(file: Path | None) -> CredentialSource:
    """All credentials, disabled ones too.

    Raises:
        TuiError: there are none, or a place has an error.
    """
    found = sources.find_any(file)
    return sources.find(file) if found is None else found


def find_credential(found: CredentialSource, name: str) -> Credential:
    """The credential of this name, or with this fingerprint.

    Raises:
        TuiError: there is none.
    """
    for credential in found.credentials:
        if name in (credential.name, credential.secret.fingerprint):
            return credential
    if name in found.disabled:
        raise TuiError(
            f"{name} is disabled in {found.source}.",
            f"Enable it: assemblyzero-tui pool enable {name}",
        )
    said = "credential of that name" if may_be_api_key(name) else f"credential called {name!r}"
    names = ", ".join([*(credential.name for credential in found.credentials), *found.disabled])
    raise TuiError(
        f"There is no {said} in {found.source}.", f"There is: {names}." if names else "Add one."
    )


def print_result(
    name: str, fingerprint: str, done: str, sentence: str, *, as_json: bool, **more: object
) -> None:
    """Prints what was done with a credential; ``more`` is only for programs."""
    if as_json:
        import msgspec

        row = {"name": name, "fingerprint": fingerprint, "done": done} | more
        click.echo(msgspec.json.encode(row))
    else:
        click.echo(sentence)
