"""Carries out what the user wishes of keys: in the store of the pool, and at the engine."""

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
"""Why a key is switched off, for whoever asks later."""


class CredentialStore(Protocol):
    """What is written down of keys, for all runs of this machine."""

    def disable(self, fingerprint: str, name: str, why: str) -> None:
        """A key is not to be used."""

    def enable(self, fingerprint: str) -> None:
        """A key may be used again."""

    def reset(self, fingerprint: str) -> None:
        """Nothing is held against a key any more."""


class RunCredentialService:
    """The credential service of a run.

    Args:
        source: Gives the run that is looked at.
        store: Opens the store in which orders are written down, where engines look. They are
            opened, used and closed in one thread for each order.
        file: Where keys are kept.
        keep: Adds a key to that file: its name, its text, its project. Says what it is called
            there. Without it, no key can be added.
        check_credential: Makes one call with the key of a fingerprint and says what came of it.
    """

    def __init__(
        self,
        source: Callable[[], RunSource],
        store: Callable[[], AbstractContextManager[CredentialStore]],
        file: Path,
        keep: Callable[[str, str, str], str] | None,
        check_credential: Callable[[str], str] | None = None,
    ) -> None:
        self._source = source
        self._store = store
        self._file = file
        self._keep = keep
        self._check_credential = check_credential

    @property
    def place(self) -> str:
        """The file of keys, as short as it can be said."""
        try:
            return f"~/{self._file.relative_to(Path.home())}"
        except ValueError:
            return str(self._file)

    @property
    def read_only_reason(self) -> str:
        """Why no key can be added; empty if one can."""
        return "" if self._keep is not None else "A demo has keys of its own and takes no other."

    @property
    def tests(self) -> bool:
        """Whether a key can be tried with a call."""
        return self._check_credential is not None

    async def _write(self, order: Callable[[CredentialStore], None]) -> None:
        def write() -> None:
            with self._store() as store:
                order(store)

        await asyncio.to_thread(write)

    async def disable(self, fingerprint: str, name: str) -> str:
        """Switches a key off; a call under way with it goes on."""
        await self._write(lambda store: store.disable(fingerprint, name, BY_YOU))
        return f"{name} is switched off. A call under way with it goes on."

    async def enable(self, fingerprint: str, name: str) -> str:
        """Switches a key on."""
        await self._write(lambda store: store.enable(fingerprint))
        return f"{name} is switched on."

    async def reset(self, fingerprint: str, name: str) -> str:
        """Forgets what is held against a key."""
        await self._write(lambda store: store.reset(fingerprint))
        return f"{name} is reset: it is tried with one call."

    async def test(self, fingerprint: str, name: str) -> str:
        """Makes one call with a key."""
        if self._check_credential is None:
            raise TuiError(f"{name} is no key of a real service: it cannot be tested.")
        return f"{name}: {await asyncio.to_thread(self._check_credential, fingerprint)}"

    async def add(self, name: str, key: str, project: str) -> str:
        """Keeps a key, and gives it to the engine if there is one."""
        if self._keep is None:
            raise TuiError(self.read_only_reason)
        name = await asyncio.to_thread(self._keep, name, key, project)
        source = self._source()
        if not source.live:
            return f"{name} is kept in {self.place}; the run uses it when it is resumed."
        try:
            await source.send(AddCredential(name=name, key=key, project=project))
        except (TuiError, OSError) as error:
            raise TuiError(
                f"{name} is kept in {self.place}, but the engine did not take it: {error}"
            ) from None
        return f"{name} is added, and kept in {self.place}."
