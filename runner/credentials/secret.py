"""The text of an API key, wrapped so that it is never shown by accident."""

from __future__ import annotations

import hashlib
from typing import NoReturn


class Secret:
    """Never shows its text: not in a ``repr``, a string, a pickle or a traceback with locals."""

    __slots__ = ("__value", "fingerprint")

    def __init__(self, value: str) -> None:
        self.__value = value
        self.fingerprint = hashlib.sha256(value.encode()).hexdigest()[:8]
        """The first 8 hexadecimal digits of its SHA-256; it identifies the API key."""

    def reveal(self) -> str:
        """Returns the text: only for the pipe to the engine, the lease and the redactors."""
        return self.__value

    def __repr__(self) -> str:
        return "<secret>"

    def __str__(self) -> NoReturn:
        raise TypeError("a secret is not shown; reveal() gives its text")

    def __format__(self, spec: str) -> NoReturn:
        raise TypeError("a secret is not shown; reveal() gives its text")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret is not pickled or copied")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.__value == other.__value

    def __hash__(self) -> int:
        return hash(self.fingerprint)
