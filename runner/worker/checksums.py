"""Seals: digests in front of the data in a database.

SQLite detects damage to its structure, but not to the content of its rows: without a seal, a text
that a bad disk has altered would be published.
"""

from __future__ import annotations

import hashlib

_NAME = "seal"
_MARK = b"\x01"
"""The byte before the digest; no JSON text begins with it."""
_DIGEST = 16
"""Bytes of a digest."""


class BrokenSealError(Exception):
    """The data are not those that were stored."""


def seal(data: bytes) -> bytes:
    """Puts a digest in front of the data."""
    return _MARK + _digest(data) + data


def unseal(sealed: bytes) -> bytes:
    """Checks the digest; returns the data.

    Raises:
        BrokenSealError: they are damaged.
    """
    start = len(_MARK) + _DIGEST
    data = sealed[start:]
    if sealed[:start] != _MARK + _digest(data):
        raise BrokenSealError("its content was altered")
    return data


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=_DIGEST).digest()


class Seals:
    """Seals checkpoints, through LangGraph's interface for ciphers; nothing is encrypted.

    Data that an earlier version wrote without a seal are not passed here.
    """

    def encrypt(self, plaintext: bytes) -> tuple[str, bytes]:
        """The name that is stored with the data, and the sealed data."""
        return _NAME, seal(plaintext)

    def decrypt(self, ciphername: str, ciphertext: bytes) -> bytes:
        """Checks the seal; returns the data.

        Raises:
            BrokenSealError: the data, or the name, are damaged.
        """
        if ciphername != _NAME:
            raise BrokenSealError(f"its seal is called {ciphername!r}")
        return unseal(ciphertext)
