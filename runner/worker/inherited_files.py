"""Passes open files to a worker process that is started through the forkserver."""

from __future__ import annotations

from multiprocessing import reduction
from typing import Any


class InheritedFile:
    """An open file that is passed with the arguments of a process that is being started."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._received: Any = None

    def __getstate__(self) -> Any:
        return reduction.DupFd(self._descriptor)

    def __setstate__(self, received: Any) -> None:
        self._descriptor = -1
        self._received = received

    def take(self) -> int:
        """The descriptor in this process."""
        if self._received is not None:
            self._descriptor = self._received.detach()
            self._received = None
        return self._descriptor
