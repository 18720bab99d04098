"""The desk of a run: its books, its file of keys, and a call to try one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from assemblyzero_tui.app.credentials.service import BooksDesk
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


def desk_of_run(spec: RunSpec, folder: RunFolder, source: Callable[[], RunSource]) -> BooksDesk:
    """The desk of a run.

    Args:
        spec: Of the run.
        folder: Of the run.
        source: Gives the run that is looked at.
    """

    def books() -> AbstractContextManager[PoolStore]:
        from assemblyzero_tui.app.credentials.store_access import open_books

        return open_books(spec, folder)

    named = Path(spec.credentials) if spec.credentials else None

    def keep(name: str, key: str, project: str) -> str:
        file = sources.file_to_keep() if named is None else named
        if (there := name_of(file, key)) is None:
            fingerprint, there = add_credential(file, name, key, project), name
        else:
            fingerprint = Secret(key).fingerprint
        with books() as store:
            known = store.standing().key(fingerprint)
            if known is not None and known.disabled:
                store.enable(fingerprint)
        return there

    def try_key(fingerprint: str) -> str:
        from assemblyzero_tui.app.credentials import check

        return check.try_key(fingerprint, named, spec.provider, spec.options.model).sentence

    keyed = needs_credentials(spec.provider) and not spec.demo
    return BooksDesk(
        source, books, _place(named), None if spec.demo else keep, try_key if keyed else None
    )


def _place(named: Path | None) -> Path:
    """Where a key would be kept, as far as can be said now."""
    if named is not None:
        return named
    try:
        return sources.file_to_keep()
    except TuiError:
        return sources.files()[0]
