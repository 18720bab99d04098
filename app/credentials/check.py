"""Opens what testing credentials needs: the store, and the provider with its SDK."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.base.paths import pool_file
from assemblyzero_tui.runner.credentials import sources
from assemblyzero_tui.runner.credentials.credentials import CredentialSource
from assemblyzero_tui.runner.llm.credential_check import CheckResult, CredentialCheck
from assemblyzero_tui.runner.llm.opening import check_provider, open_provider
from assemblyzero_tui.runner.model.run_spec import Options
from assemblyzero_tui.runner.pool.grants.clock import MachineClock
from assemblyzero_tui.runner.pool.store.store import PoolStore


@contextmanager
def open_credential_check(
    credential_source: CredentialSource, provider: str, model: str
) -> Iterator[tuple[CredentialCheck, PoolStore]]:
    """Opens a check of the credentials of a source; its calls count for all runs of this machine.

    Raises:
        TuiError: the provider cannot be opened, or the model name is invalid.
    """
    check_provider(provider)
    opened_provider = open_provider(provider, Options(model=model))
    clock = MachineClock()
    store = PoolStore.open(pool_file(), clock, run="pool test")
    try:
        yield CredentialCheck(credential_source.credentials, store, clock, opened_provider), store
    finally:
        store.close()


def check_credential(
    fingerprint: str, credentials: Path | None, provider: str, model: str
) -> CheckResult:
    """Makes one call with the credential of a fingerprint.

    Raises:
        TuiError: the credential no longer exists, or the provider cannot be opened.
    """
    credential_source = sources.find(credentials)
    if all(
        credential.secret.fingerprint != fingerprint for credential in credential_source.credentials
    ):
        raise TuiError(
            f"This credential is no longer in {credential_source.source}.",
            "Add it again: assemblyzero-tui pool add NAME",
        )
    with open_credential_check(credential_source, provider, model) as (checker, _):
        return checker.check(fingerprint)
