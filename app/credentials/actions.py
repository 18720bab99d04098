"""What the user can do with keys, whoever carries it out."""

from __future__ import annotations

from typing import Protocol


class CredentialService(Protocol):
    """Takes orders about the keys of this machine. Keys are named by their fingerprints.

    Each order gives the sentence that the user is told.
    """

    @property
    def place(self) -> str:
        """Where keys are kept, for humans."""

    @property
    def read_only_reason(self) -> str:
        """Why no key can be added; empty if one can."""

    @property
    def tests(self) -> bool:
        """Whether a key can be tried with a call."""

    async def disable(self, fingerprint: str, name: str) -> str:
        """Switches a key off.

        Raises:
            TuiError: it did not work.
        """

    async def enable(self, fingerprint: str, name: str) -> str:
        """Switches a key on.

        Raises:
            TuiError: it did not work.
        """

    async def reset(self, fingerprint: str, name: str) -> str:
        """Forgets what is held against a key.

        Raises:
            TuiError: it did not work.
        """

    async def test(self, fingerprint: str, name: str) -> str:
        """Makes one call with a key.

        Raises:
            TuiError: it could not be tried.
        """

    async def add(self, name: str, key: str, project: str) -> str:
        """Keeps a key for this run and for later ones.

        Raises:
            TuiError: it is not kept.
        """
