"""Carries out what the user wishes of keys: in the books of the pool, and at the engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from assemblyzero_tui.runner.client import Source
from assemblyzero_tui.runner.errors import TuiError
from assemblyzero_tui.runner.events import AddKey

BY_YOU = "by you"
"""Why a key is switched off, for whoever asks later."""


class Books(Protocol):
    """What is written down of keys, for all runs of this machine."""

    def disable(self, fingerprint: str, name: str, why: str) -> None:
        """A key is not to be used."""

    def enable(self, fingerprint: str) -> None:
        """A key may be used again."""

    def reset(self, fingerprint: str) -> None:
        """Nothing is held against a key any more."""


class BooksDesk:
    """The desk of a run.

    Args:
        source: Gives the run that is looked at.
        books: Where orders are written down; engines look there.
        file: Where keys are kept.
        keep: Adds a key to that file: its name, its text, its project.
        try_key: Makes one call with the key of a fingerprint and says what came of it.
    """

    def __init__(
        self,
        source: Callable[[], Source],
        books: Books,
        file: Path,
        keep: Callable[[str, str, str], None],
        try_key: Callable[[str], str] | None = None,
    ) -> None:
        self._source = source
        self._books = books
        self._file = file
        self._keep = keep
        self._try_key = try_key

    @property
    def place(self) -> str:
        """The file of keys, as short as it can be said."""
        try:
            return f"~/{self._file.relative_to(Path.home())}"
        except ValueError:
            return str(self._file)

    async def disable(self, fingerprint: str, name: str) -> str:
        """Switches a key off; a call under way with it goes on."""
        await asyncio.to_thread(self._books.disable, fingerprint, name, BY_YOU)
        return f"{name} is switched off. A call under way with it goes on."

    async def enable(self, fingerprint: str, name: str) -> str:
        """Switches a key on."""
        await asyncio.to_thread(self._books.enable, fingerprint)
        return f"{name} is switched on."

    async def reset(self, fingerprint: str, name: str) -> str:
        """Forgets what is held against a key."""
        await asyncio.to_thread(self._books.reset, fingerprint)
        return f"{name} is reset: it is tried with one call."

    async def test(self, fingerprint: str, name: str) -> str:
        """Makes one call with a key."""
        if self._try_key is None:
            raise TuiError(f"{name} cannot be tested from here.", "Run: assemblyzero-tui pool test")
        return f"{name}: {await asyncio.to_thread(self._try_key, fingerprint)}"

    async def add(self, name: str, key: str, project: str) -> str:
        """Keeps a key, and gives it to the engine if there is one."""
        await asyncio.to_thread(self._keep, name, key, project)
        source = self._source()
        if not source.live:
            return f"{name} is kept in {self.place}; the run uses it when it is resumed."
        try:
            await source.send(AddKey(name=name, key=key, project=project))
        except (TuiError, OSError) as error:
            raise TuiError(
                f"{name} is kept in {self.place}, but the engine did not take it: {error}"
            ) from None
        return f"{name} is added, and kept in {self.place}."
