"""Opens what is needed to try keys: the books, and the provider with its libraries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.base.paths import pool_file
from assemblyzero_tui.runner.credentials import sources
from assemblyzero_tui.runner.credentials.credentials import Found
from assemblyzero_tui.runner.llm.credential_check import KeyTrial, Tried
from assemblyzero_tui.runner.llm.opening import check_provider, open_provider
from assemblyzero_tui.runner.model.run_spec import Options
from assemblyzero_tui.runner.pool.grants.clock import MachineClock
from assemblyzero_tui.runner.pool.store.store import PoolStore


@contextmanager
def key_trial(found: Found, provider: str, model: str) -> Iterator[tuple[KeyTrial, PoolStore]]:
    """Tries the keys that were found, on the budget of all runs of this machine.

    Raises:
        TuiError: the provider cannot be opened, or the model is none.
    """
    check_provider(provider)
    asked = open_provider(provider, Options(model=model))
    clock = MachineClock()
    store = PoolStore.open(pool_file(), clock, run="pool test")
    try:
        yield KeyTrial(found.credentials, store, clock, asked), store
    finally:
        store.close()


def try_key(fingerprint: str, credentials: Path | None, provider: str, model: str) -> Tried:
    """Makes one call with the key of a fingerprint.

    Raises:
        TuiError: there is no such key now, or the provider cannot be opened.
    """
    found = sources.find(credentials)
    if all(key.secret.fingerprint != fingerprint for key in found.credentials):
        raise TuiError(
            f"This key is not in {found.source} any more.",
            "Add it again: assemblyzero-tui pool add NAME",
        )
    with key_trial(found, provider, model) as (trial, _):
        return trial.try_key(fingerprint)
