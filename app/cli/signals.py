"""Records signals from the start of an engine until somebody listens, so that none is lost."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any

_log = logging.getLogger(__name__)

if TYPE_CHECKING:
    import asyncio

_HEARD = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Signals:
    """From entering on, SIGINT, SIGTERM and SIGHUP are noted for :meth:`listen`.

    ``wake`` is a descriptor that can be read from once one was noted.

    A signal that was ignored when the program began, as ``nohup`` does with SIGHUP, stays ignored.
    """

    def __init__(self) -> None:
        self.noted: list[int] = []
        self._before: dict[int, Any] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self.wake, self._wake_write = -1, -1

    def __enter__(self) -> Signals:
        self.wake, self._wake_write = os.pipe()
        os.set_blocking(self._wake_write, False)
        for number in _HEARD:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._received)
        return self

    def _received(self, number: int, frame: FrameType | None) -> None:
        self.noted.append(number)
        _log.debug("received %s", signal.Signals(number).name)
        with contextlib.suppress(OSError):
            os.write(self._wake_write, b"\0")

    def listen(self, loop: asyncio.AbstractEventLoop, callback: Callable[[int], None]) -> None:
        """Calls back in the loop for every signal, those noted before first."""
        self._loop = loop
        for number in self._before:
            loop.add_signal_handler(number, callback, number)
        while self.noted:
            loop.call_soon(callback, self.noted.pop(0))

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self.wake)
        os.close(self._wake_write)
