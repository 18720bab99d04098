"""One worker process on this machine, and the forkserver that starts it fast."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
import socket
from collections.abc import Callable
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import msgspec

from assemblyzero_tui.runner.engine.executor import Outcome
from assemblyzero_tui.runner.engine.frames import Frames
from assemblyzero_tui.runner.locks import is_held
from assemblyzero_tui.runner.run_spec import WorkerSpec
from assemblyzero_tui.runner.worker import entry
from assemblyzero_tui.runner.worker.inherit import InheritedFile
from assemblyzero_tui.runner.worker.messages import (
    AnyFromWorker,
    AnyToWorker,
    Ended,
    Halt,
    Ready,
    decode_from_worker,
    frame,
)

_GONE_POLL = 0.01
"""Seconds between two looks at whether the last process of an attempt is gone."""
_EXIT_CODE_PATIENCE = 2.0
"""Seconds to wait for the exit code of a process that is gone."""
_ORPHAN_GRACE = 5.0
"""Seconds the children of a dead worker may live before they are told to end."""


SDK_MODULES = {
    "gemini": "assemblyzero_tui.runner.llm.gemini",
    "genai": "assemblyzero_tui.runner.llm.genai",
}
"""What the forkserver loads besides for a provider."""


def start_context(method: str = "", provider: str = "") -> Any:
    """How workers are started: by a forkserver that has everything loaded, else by ``spawn``."""
    known = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context(
        method or ("forkserver" if "forkserver" in known else "spawn")
    )
    if context.get_start_method() == "forkserver":
        sdk = [SDK_MODULES[provider]] if provider in SDK_MODULES else []
        context.set_forkserver_preload([*sdk, entry.PRELOAD])
    return context


def warm_up(context: Any) -> None:
    """Starts the forkserver, which then imports on its own; returns at once."""
    if context.get_start_method() == "forkserver":
        forkserver.ensure_running()


class WorkerProcess:
    """The engine's view of one attempt."""

    def __init__(self, spec: WorkerSpec, busy_path: Path) -> None:
        self.spec = spec
        self.busy_path = busy_path
        self.pid = 0
        self.ended: Ended | None = None
        self.output_done = asyncio.Event()
        self._process: Any = None
        self._frames = Frames()
        self._next_seq = 1

    def launch(self, context: Any, channel: socket.socket, output: int, busy: int) -> None:
        """Starts the process; for the starter thread. The caller closes what was handed over."""
        self._process = context.Process(
            target=entry.main,
            args=(
                msgspec.msgpack.encode(self.spec),
                InheritedFile(channel.fileno()),
                InheritedFile(output),
                InheritedFile(busy),
            ),
            name=self.spec.item.id,
        )
        self._process.start()
        self.pid = int(self._process.pid)

    async def open(self, channel: socket.socket) -> None:
        """Takes over the engine's end of the channel."""
        await asyncio.get_running_loop().create_connection(lambda: self._frames, sock=channel)

    async def listen(
        self, emit: Callable[[AnyFromWorker], None], gap: Callable[[int], None]
    ) -> None:
        """Passes on what the worker says until its channel closes.

        ``gap`` is called with the number of messages that are missing before one.
        """

        def take(body: bytes) -> None:
            message = decode_from_worker(body)
            if message.seq != self._next_seq:
                gap(message.seq - self._next_seq)
            self._next_seq = message.seq + 1
            if isinstance(message, Ended):
                self.ended = message
            elif isinstance(message, Ready):
                self.pid = message.pid
            emit(message)

        await self._frames.listen(take)

    def send(self, message: AnyToWorker) -> None:
        """Sends a message; a worker that is gone takes none."""
        self._frames.send(frame(message))

    async def gone(self) -> Outcome:
        """Waits until the channel's owner and all its children are gone, and says how it ended."""
        loop = asyncio.get_running_loop()
        patience = loop.time() + _ORPHAN_GRACE
        signals = iter((signal.SIGTERM, signal.SIGKILL))
        while is_held(self.busy_path):
            if loop.time() > patience:
                self.signal_group(next(signals, signal.SIGKILL))
                patience = loop.time() + _ORPHAN_GRACE
            await asyncio.sleep(_GONE_POLL)
        await self.output_done.wait()
        if self.ended is not None:
            ended = self.ended
            return Outcome(ended.outcome, ended.reason, ended.result, ended.until)
        return Outcome("lost", await self._how_it_died())

    async def end(self, grace: float) -> None:
        """Asks the process to leave, then makes it."""
        self.send(Halt())
        for number in (signal.SIGTERM, signal.SIGKILL):
            if await self._free_within(grace):
                return
            self.signal_group(number)

    async def _free_within(self, seconds: float) -> bool:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while is_held(self.busy_path):
            if loop.time() >= deadline:
                return False
            await asyncio.sleep(_GONE_POLL)
        return True

    def signal_group(self, number: signal.Signals) -> None:
        """Signals the worker and its children; only while their lock says that they live."""
        if self.pid and is_held(self.busy_path):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    async def _how_it_died(self) -> str:
        """For humans; the forkserver tells the exit code a moment after the process has gone."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _EXIT_CODE_PATIENCE
        while (code := self._process.exitcode) is None and loop.time() < deadline:
            await asyncio.sleep(_GONE_POLL)
        if code is not None and code < 0:
            return f"its process was ended by {signal.Signals(-code).name}"
        if code in (None, 255):
            return "its process ended without a word"
        return f"its process ended with code {code} and without a result"
