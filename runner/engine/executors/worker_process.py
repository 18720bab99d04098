"""One worker process on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
from collections.abc import Callable
from typing import Any

import msgspec

from assemblyzero_tui.runner.base.processes import (
    describe_processes,
    find_process,
    processes_with_open_file,
)
from assemblyzero_tui.runner.engine.executors.executor import Outcome
from assemblyzero_tui.runner.engine.executors.frames import Frames
from assemblyzero_tui.runner.locks.file_locks import LockProbe
from assemblyzero_tui.runner.model.run_spec import WorkerSpec
from assemblyzero_tui.runner.wire.worker_messages import (
    AnyFromWorker,
    AnyToWorker,
    Ended,
    Halt,
    Ready,
    decode_from_worker,
    frame,
)
from assemblyzero_tui.runner.worker import entry
from assemblyzero_tui.runner.worker.inherited_files import InheritedFile

_log = logging.getLogger(__name__)

_GONE_POLL = 0.01
"""Seconds between two checks whether the last process of an attempt is gone."""
_EXIT_CODE_PATIENCE = 2.0
"""Seconds to wait for the exit code of a process that is gone."""
_ORPHAN_GRACE = 5.0
"""Seconds that the children of a dead worker may live before they are ended."""
_KILLED_PATIENCE = 2.0
"""Seconds after KILL until a process that still holds the lock counts as unreachable: it has left
the worker's process group, as a daemon does, or the system cannot end it."""
_OUTPUT_PATIENCE = 2.0
"""Seconds that another process may keep the output open after the worker is gone."""
_LAST_OUTPUT_PATIENCE = 5.0
"""Seconds that reading the rest of the pipe may take after that."""


class WorkerProcess:
    """The engine's view of the process of one attempt.

    Args:
        spec: The specification of the attempt.
        busy: Probes the lock that every living process of the attempt holds; closed at the end.
    """

    def __init__(self, spec: WorkerSpec, busy: LockProbe) -> None:
        self.spec = spec
        self.busy = busy
        self.pid = 0
        self.ended: Ended | None = None
        self.output_done = asyncio.Event()
        self.output_name = ""
        """The system's name of the pipe for its output."""
        self._killed_at: float | None = None
        """When its process group was killed, by the loop's clock."""
        self._process: Any = None
        self._frames = Frames()
        self._next_seq = 1

    def launch(self, context: Any, channel: socket.socket, output: int, busy: int) -> None:
        """Starts the process, in the starter thread. The caller closes the descriptors."""
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
        self, emit: Callable[[AnyFromWorker], None], on_gap: Callable[[int], None]
    ) -> None:
        """Passes on the worker's messages until its channel closes.

        ``on_gap`` is called with the number of messages that were lost before the current one.
        """

        def take(body: bytes) -> None:
            message = decode_from_worker(body)
            if message.seq != self._next_seq:
                on_gap(message.seq - self._next_seq)
            self._next_seq = message.seq + 1
            if isinstance(message, Ended):
                self.ended = message
            elif isinstance(message, Ready):
                self.pid = message.pid
            emit(message)

        await self._frames.listen(take)

    def send(self, message: AnyToWorker) -> None:
        """Sends a message; nothing happens if the worker is gone."""
        self._frames.send(frame(message))

    async def wait_until_gone(
        self, end_output: Callable[[], None], warn: Callable[[str], None]
    ) -> Outcome:
        """Waits until the worker and all its children are gone; returns how it ended.

        A process that has left the worker's group, such as a daemon, cannot be ended with it: it
        is reported, but not waited for.

        Args:
            end_output: Reads the rest of the pipe and closes it, although it is open elsewhere.
            warn: Called with a message about processes that are still alive.
        """
        reachable = await self._wait_for_lock()
        self.busy.close()
        if not reachable and self.ended is None and (worker := find_process(self.pid)) is not None:
            return Outcome("lost", f"its {worker} is still alive although it was killed")
        await self._wait_for_output(end_output, warn, _OUTPUT_PATIENCE if reachable else 0.0)
        if self.ended is not None:
            ended = self.ended
            return Outcome(ended.outcome, ended.reason, ended.result, ended.until)
        return Outcome("lost", await self._death_reason())

    async def _wait_for_lock(self) -> bool:
        """Waits until no process holds the lock; returns false if an unreachable one keeps it."""
        loop = asyncio.get_running_loop()
        patience = loop.time() + _ORPHAN_GRACE
        signals = iter((signal.SIGTERM, signal.SIGKILL))
        while self.busy.held():
            if self._killed_at is not None and loop.time() > self._killed_at + _KILLED_PATIENCE:
                return False
            if loop.time() > patience:
                self.signal_group(next(signals, signal.SIGKILL))
                patience = loop.time() + _ORPHAN_GRACE
            await asyncio.sleep(_GONE_POLL)
        return True

    async def _wait_for_output(
        self, end_output: Callable[[], None], warn: Callable[[str], None], patience: float
    ) -> None:
        """Waits until the log is complete; the worker's own part of it always is.

        Everything that a dead process printed is already in the pipe or in the log.
        """
        if await self._output_done_within(patience):
            return
        survivors = await asyncio.to_thread(processes_with_open_file, self.output_name)
        end_output()
        if survivors:
            names = describe_processes(survivors)
            warn(f"its process has ended, but processes that it started are alive: {names}")
        await self._output_done_within(_LAST_OUTPUT_PATIENCE)

    async def _output_done_within(self, seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.output_done.wait(), seconds)
        return self.output_done.is_set()

    async def end(self, grace: float) -> None:
        """Asks the process to end, then kills it."""
        self.send(Halt())
        for number in (signal.SIGTERM, signal.SIGKILL):
            if await self._lock_free_within(grace):
                return
            self.signal_group(number)

    async def _lock_free_within(self, seconds: float) -> bool:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while self.busy.held():
            if loop.time() >= deadline:
                return False
            await asyncio.sleep(_GONE_POLL)
        return True

    def signal_group(self, number: signal.Signals) -> None:
        """Sends a signal to the worker and its children, if one of them still holds the lock."""
        if not self.busy.held():
            return
        if number == signal.SIGKILL and self._killed_at is None:
            self._killed_at = asyncio.get_running_loop().time()
        _log.debug("%s: %s to its processes", self.spec.item.id, number.name)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self.pid:
                os.killpg(self.pid, number)

    def kill(self) -> None:
        """Kills the worker and its children at once; can be called from any thread."""
        with contextlib.suppress(OSError):
            if self.pid and self.busy.held():
                os.killpg(self.pid, signal.SIGKILL)

    async def _death_reason(self) -> str:
        """A description for the user; the exit code is available shortly after the end."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _EXIT_CODE_PATIENCE
        while (code := self._process.exitcode) is None and loop.time() < deadline:
            await asyncio.sleep(_GONE_POLL)
        _log.debug("%s: its process ended with code %s", self.spec.item.id, code)
        if code is not None and code < 0:
            return f"its process was ended by {signal.Signals(-code).name}"
        if code in (None, 255):
            return "its process ended for an unknown reason"
        return f"its process ended with code {code} and without a result"
