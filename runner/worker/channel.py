"""The worker's end of the channel to its engine."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable

from assemblyzero_tui.runner.logs.debug_log import redact_in_debug_log
from assemblyzero_tui.runner.wire.worker_messages import (
    LENGTH,
    MAX_FRAME,
    Acquire,
    AnyFromWorker,
    AnyToWorker,
    Counted,
    CountTokens,
    Deny,
    Drain,
    Grant,
    Halt,
    Withdraw,
    decode_to_worker,
    frame,
)

_log = logging.getLogger(__name__)


class PauseRequested(BaseException):
    """Raised in a call that waits for a lease, to leave the node at once when the item pauses.

    Not an ``Exception``, so that a node with a broad ``except`` does not swallow it.
    """

    def __init__(self, denial: Deny | None = None) -> None:
        super().__init__()
        self.denial = denial
        """The engine's denial of the lease, if that is the reason for the pause."""


class LeaseDeniedError(Exception):
    """The engine grants no lease."""

    def __init__(self, why: str, *, too_large: bool = False) -> None:
        super().__init__(why)
        self.too_large = too_large
        """The request has more tokens than any credential may send in a minute."""


class Channel:
    """The connection to the engine; one thread receives, any thread can send.

    When the engine closes its end or sends ``Halt``, this process and its children end at once:
    the last checkpoint and all stored answers are on the disk.
    """

    def __init__(self, descriptor: int, on_drain: Callable[[str], None]) -> None:
        self._socket = socket.socket(fileno=descriptor)
        self._socket.setblocking(True)
        self._on_drain = on_drain
        self._sending = threading.Lock()
        self._changed = threading.Condition()
        self._answers: dict[int, Grant | Deny] = {}
        self._counters: dict[int, Callable[[str], int]] = {}
        """What counts the tokens of requests that wait, with an API key."""
        self._request = 0
        self._seq = 0
        self._draining = False
        threading.Thread(target=self._listen, name="channel", daemon=True).start()

    def send(self, message: AnyFromWorker) -> None:
        """Sends a message, with its sequence number and the time."""
        with self._sending:
            self._seq += 1
            message.seq, message.time = self._seq, time.time()
            try:
                self._socket.sendall(frame(message))
            except OSError:
                exit_process()

    def acquire(self, acquire: Acquire, count: Callable[[str], int] | None = None) -> Grant:
        """Waits for a lease for one call.

        Args:
            acquire: What is needed; it is numbered here.
            count: Has the service count the tokens with an API key; 0 if it cannot. It is called in
                another thread, and only if the call has to wait.

        Raises:
            LeaseDeniedError: the engine denies it.
            PauseRequested: the item pauses instead.
        """
        with self._changed:
            if self._draining:
                raise PauseRequested
            self._request += 1
            request = self._request
            if count is not None and not acquire.counted:
                self._counters[request] = count
        acquire.request = request
        self.send(acquire)
        with self._changed:
            self._changed.wait_for(lambda: request in self._answers or self._draining)
            answer = self._answers.pop(request, None)
            self._counters.pop(request, None)
        if answer is None:
            self.send(Withdraw(request=request))
            raise PauseRequested
        if isinstance(answer, Deny):
            if answer.park:
                raise PauseRequested(answer)
            raise LeaseDeniedError(answer.why, too_large=answer.too_large)
        return answer

    def _listen(self) -> None:
        while (message := self._receive()) is not None:
            if isinstance(message, (Grant, CountTokens)) and message.secret:
                redact_in_debug_log(message.secret)
            _log.debug("received %r", message)
            match message:
                case Grant() | Deny():
                    with self._changed:
                        self._answers[message.request] = message
                        self._changed.notify_all()
                case CountTokens():
                    if (count := self._counters.pop(message.request, None)) is not None:
                        arguments = (message, count)
                        threading.Thread(target=self._count, args=arguments, daemon=True).start()
                case Drain():
                    with self._changed:
                        self._draining = True
                        self._changed.notify_all()
                    self._on_drain(message.why)
                case Halt():
                    break
        _log.debug("the engine has ended, or ends this process")
        exit_process()

    def _count(self, message: CountTokens, count: Callable[[str], int]) -> None:
        if tokens := count(message.secret):
            self.send(Counted(request=message.request, tokens=tokens))

    def _receive(self) -> AnyToWorker | None:
        head = self._read(LENGTH.size)
        if head is None:
            return None
        (length,) = LENGTH.unpack(head)
        body = self._read(length) if length <= MAX_FRAME else None
        return None if body is None else decode_to_worker(body)

    def _read(self, count: int) -> bytes | None:
        data = bytearray()
        while len(data) < count:
            try:
                part = self._socket.recv(count - len(data))
            except OSError:
                return None
            if not part:
                return None
            data += part
        return bytes(data)


def exit_process(code: int = 0) -> None:
    """Ends this process and all processes that it started, without any cleanup.

    The signal goes to the whole process group, and so usually ends this process as well.
    """
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os.killpg(os.getpgrp(), signal.SIGTERM)
    os._exit(code)
