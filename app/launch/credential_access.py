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
        spec: Of the run.
        folder: Of the run.
        source: Gives the run that is looked at.
    """

    def store() -> AbstractContextManager[PoolStore]:
        from assemblyzero_tui.app.credentials.store_access import open_store

        return open_store(spec, folder)

    named = Path(spec.credentials) if spec.credentials else None

    def keep(name: str, key: str, project: str) -> str:
        file = sources.file_to_write() if named is None else named
        if (there := name_of(file, key)) is None:
            fingerprint, there = add_credential(file, name, key, project), name
        else:
            fingerprint = Secret(key).fingerprint
        with store() as opened:
            known = opened.snapshot().credential(fingerprint)
            if known is not None and known.disabled:
                opened.enable(fingerprint)
        return there

    def check_credential(fingerprint: str) -> str:
        from assemblyzero_tui.app.credentials import check

        return check.check_credential(
            fingerprint, named, spec.provider, spec.options.model
        ).sentence

    keyed = needs_credentials(spec.provider) and not spec.demo
    return RunCredentialService(
        source,
        store,
        _place(named),
        None if spec.demo else keep,
        check_credential if keyed else None,
    )


def _place(named: Path | None) -> Path:
    """Where a credential would be stored, as far as is known now."""
    if named is not None:
        return named
    try:
        return sources.file_to_write()
    except TuiError:
        return sources.default_files()[0]
