"""Seals: digests in front of what a database keeps.

SQLite notices damage to its structure, not to what the rows hold: without a seal a design would be
published with whatever a bad disk made of its letters.
"""

from __future__ import annotations

import hashlib

_NAME = "seal"
_MARK = b"\x01"
"""In front of the digest; no JSON text begins with it."""
_DIGEST = 16
"""Bytes."""


class BrokenSealError(Exception):
    """What was kept is not what was put there."""


def seal(data: bytes) -> bytes:
    """The data behind their digest."""
    return _MARK + _digest(data) + data


def unseal(sealed: bytes) -> bytes:
    """The data that were sealed.

    Raises:
        BrokenSealError: they are damaged.
    """
    start = len(_MARK) + _DIGEST
    data = sealed[start:]
    if sealed[:start] != _MARK + _digest(data):
        raise BrokenSealError("what it holds was altered")
    return data


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=_DIGEST).digest()


class Seals:
    """Seals checkpoints, as a cipher that hides nothing: LangGraph's place for that.

    What an earlier version wrote without a seal does not come here.
    """

    def encrypt(self, plaintext: bytes) -> tuple[str, bytes]:
        """The name that is written beside it, and the sealed data."""
        return _NAME, seal(plaintext)

    def decrypt(self, ciphername: str, ciphertext: bytes) -> bytes:
        """The data.

        Raises:
            BrokenSealError: they, or the name, are damaged.
        """
        if ciphername != _NAME:
            raise BrokenSealError(f"its seal is called {ciphername!r}")
        return unseal(ciphertext)
