"""The text of an API key, wrapped so that it is not shown by accident."""

from __future__ import annotations

import hashlib
from typing import NoReturn


class Secret:
    """Shows itself nowhere: not in a ``repr``, a text, a pickle or a traceback with locals."""

    __slots__ = ("__value", "fingerprint")

    def __init__(self, value: str) -> None:
        self.__value = value
        self.fingerprint = hashlib.sha256(value.encode()).hexdigest()[:8]
        """The first 8 hexadecimal digits of its SHA-256; tells API keys apart."""

    def reveal(self) -> str:
        """The text itself: for the pipe to the engine, the lease and the redactors, no one else."""
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
