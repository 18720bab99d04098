"""The interface for managing credentials."""

from __future__ import annotations

from typing import Protocol


class CredentialService(Protocol):
    """Manages the credentials of this machine, which are identified by their fingerprints.

    Each method returns a sentence for the user.
    """

    @property
    def location(self) -> str:
        """Where credentials are stored, for humans."""

    @property
    def read_only_reason(self) -> str:
        """Why no credential can be added; empty if one can."""

    @property
    def can_test(self) -> bool:
        """Whether a credential can be tested with a call."""

    async def disable(self, fingerprint: str, name: str) -> str:
        """Disables a credential.

        Raises:
            TuiError: that failed.
        """

    async def enable(self, fingerprint: str, name: str) -> str:
        """Enables a credential.

        Raises:
            TuiError: that failed.
        """

    async def reset(self, fingerprint: str, name: str) -> str:
        """Forgets refusals and limits of a credential.

        Raises:
            TuiError: that failed.
        """

    async def test(self, fingerprint: str, name: str) -> str:
        """Makes one call with a credential.

        Raises:
            TuiError: it could not be tested.
        """

    async def add(self, name: str, key: str, project: str) -> str:
        """Stores a credential for this run and for later ones.

        Raises:
            TuiError: it could not be stored.
        """
