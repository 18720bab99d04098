"""Records signals from the start of an engine until a loop handles them, so that none is lost."""

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

_HANDLED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Signals:
    """While entered, records SIGINT, SIGTERM and SIGHUP for :meth:`listen`.

    ``wake`` is a descriptor that becomes readable when a signal arrives.

    A signal that was ignored when the program began, as ``nohup`` does with SIGHUP, stays ignored.
    """

    def __init__(self) -> None:
        self.received: list[int] = []
        self._previous_handlers: dict[int, Any] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self.wake, self._wake_write = -1, -1

    def __enter__(self) -> Signals:
        self.wake, self._wake_write = os.pipe()
        os.set_blocking(self._wake_write, False)
        for number in _HANDLED:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._previous_handlers[number] = signal.signal(number, self._on_signal)
        return self

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.received.append(number)
        _log.debug("received %s", signal.Signals(number).name)
        with contextlib.suppress(OSError):
            os.write(self._wake_write, b"\0")

    def listen(self, loop: asyncio.AbstractEventLoop, callback: Callable[[int], None]) -> None:
        """Calls ``callback`` in the loop for every signal, first for those already received."""
        self._loop = loop
        for number in self._previous_handlers:
            loop.add_signal_handler(number, callback, number)
        while self.received:
            loop.call_soon(callback, self.received.pop(0))

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._previous_handlers.items():
            signal.signal(number, handler)
        os.close(self.wake)
        os.close(self._wake_write)
