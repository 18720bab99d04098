"""Manages credentials in the store of the pool, and sends new ones to the engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.model.commands import AddCredential
from assemblyzero_tui.runner.runs.run_source import RunSource

BY_YOU = "by you"
"""The reason that is stored when the user disables a credential."""


class CredentialStore(Protocol):
    """What is stored about credentials, for all runs of this machine."""

    def disable(self, fingerprint: str, name: str, why: str) -> None:
        """Disables a credential in every run."""

    def enable(self, fingerprint: str) -> None:
        """Enables a credential again."""

    def reset(self, fingerprint: str) -> None:
        """Forgets refusals and limits of a credential."""


class RunCredentialService:
    """The credential service of a run.

    Args:
        source: Returns the source of the run that is shown.
        store: Opens the store that engines read changes from. It is opened, used and closed in
            one thread for each change.
        file: The file where credentials are stored.
        add_to_file: Adds a credential to that file, given its name, API key and project. Returns
            its name there. Without it, no credential can be added.
        check_credential: Makes one call with the credential of a fingerprint; returns the result.
    """

    def __init__(
        self,
        source: Callable[[], RunSource],
        store: Callable[[], AbstractContextManager[CredentialStore]],
        file: Path,
        add_to_file: Callable[[str, str, str], str] | None,
        check_credential: Callable[[str], str] | None = None,
    ) -> None:
        self._source = source
        self._store = store
        self._file = file
        self._add_to_file = add_to_file
        self._check_credential = check_credential

    @property
    def location(self) -> str:
        """The file of credentials, abbreviated with ~."""
        try:
            return f"~/{self._file.relative_to(Path.home())}"
        except ValueError:
            return str(self._file)

    @property
    def read_only_reason(self) -> str:
        """Why no credential can be added; empty if one can."""
        return (
            ""
            if self._add_to_file is not None
            else "A demo uses its own credentials; none can be added."
        )

    @property
    def can_test(self) -> bool:
        """Whether a credential can be tested with a call."""
        return self._check_credential is not None

    async def _write(self, change: Callable[[CredentialStore], None]) -> None:
        def write() -> None:
            with self._store() as store:
                change(store)

        await asyncio.to_thread(write)

    async def disable(self, fingerprint: str, name: str) -> str:
        """Disables a credential; a call in progress is finished."""
        await self._write(lambda store: store.disable(fingerprint, name, BY_YOU))
        return f"{name} is disabled. A call in progress is finished."

    async def enable(self, fingerprint: str, name: str) -> str:
        """Enables a credential."""
        await self._write(lambda store: store.enable(fingerprint))
        return f"{name} is enabled."

    async def reset(self, fingerprint: str, name: str) -> str:
        """Forgets refusals and limits of a credential."""
        await self._write(lambda store: store.reset(fingerprint))
        return f"{name} is reset: it is probed with one call."

    async def test(self, fingerprint: str, name: str) -> str:
        """Makes one call with a credential."""
        if self._check_credential is None:
            raise TuiError(f"{name} belongs to a demo: it cannot be tested.")
        return f"{name}: {await asyncio.to_thread(self._check_credential, fingerprint)}"

    async def add(self, name: str, key: str, project: str) -> str:
        """Stores a credential, and sends it to the engine if there is one."""
        if self._add_to_file is None:
            raise TuiError(self.read_only_reason)
        name = await asyncio.to_thread(self._add_to_file, name, key, project)
        source = self._source()
        if not source.live:
            return f"{name} is stored in {self.location}; the run uses it when it is resumed."
        try:
            await source.send(AddCredential(name=name, key=key, project=project))
        except (TuiError, OSError) as error:
            raise TuiError(
                f"{name} is stored in {self.location}, but the engine did not accept it: {error}"
            ) from None
        return f"{name} is added, and stored in {self.location}."
