"""Builds the credential service of a run from its store, its credentials file and a test call."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from assemblyzero_tui.app.credentials.service import RunCredentialService
from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.base.paths import RunFolder
from assemblyzero_tui.runner.credentials import sources
from assemblyzero_tui.runner.credentials.credentials_file import add_credential, name_of
from assemblyzero_tui.runner.credentials.secret import Secret
from assemblyzero_tui.runner.model.provider_catalog import needs_credentials
from assemblyzero_tui.runner.model.run_spec import RunSpec
from assemblyzero_tui.runner.runs.run_source import RunSource

if TYPE_CHECKING:
    from assemblyzero_tui.runner.pool.store.store import PoolStore


def credential_service_of_run(
    spec: RunSpec, folder: RunFolder, source: Callable[[], RunSource]
) -> RunCredentialService:
    """The credential service of a run.

    Args:
        spec: The run's specification.
        folder: The run's folder.
        source: Returns the source of the run that is shown.
    """

    def store() -> AbstractContextManager[PoolStore]:
        from assemblyzero_tui.app.credentials.store_access import open_store

        return open_store(spec, folder)

    named = Path(spec.credentials) if spec.credentials else None

    def add_to_file(name: str, key: str, project: str) -> str:
        return _add_to_file(named, store, name, key, project)

    def check_credential(fingerprint: str) -> str:
        from assemblyzero_tui.app.credentials import check

        return check.check_credential(
            fingerprint, named, spec.provider, spec.options.model
        ).sentence

    checkable = needs_credentials(spec.provider) and not spec.demo
    return RunCredentialService(
        source,
        store,
        _place(named),
        None if spec.demo else add_to_file,
        check_credential if checkable else None,
    )


def _add_to_file(
    named: Path | None,
    open_store: Callable[[], AbstractContextManager[PoolStore]],
    name: str,
    key: str,
    project: str,
) -> str:
    """Stores a credential, and enables it if it was disabled.

    Returns:
        Its name in the file: another one if the file already has its API key.
    """
    file = sources.file_to_write() if named is None else named
    stored_name = name_of(file, key)
    if stored_name is None:
        fingerprint, stored_name = add_credential(file, name, key, project), name
    else:
        fingerprint = Secret(key).fingerprint
    from assemblyzero_tui.app.credentials.store_access import enable_if_disabled

    with open_store() as store:
        enable_if_disabled(store, fingerprint)
    return stored_name


def _place(named: Path | None) -> Path:
    """The file where a credential would be stored."""
    if named is not None:
        return named
    try:
        return sources.file_to_write()
    except TuiError:
        return sources.default_files()[0]
