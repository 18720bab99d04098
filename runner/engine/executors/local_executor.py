"""The executor that runs workers as processes of this machine."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from assemblyzero_tui.runner.base.errors import StartLostError, WorkflowError
from assemblyzero_tui.runner.base.paths import RunFolder
from assemblyzero_tui.runner.base.processes import (
    describe_processes,
    name_of_open_file,
    processes_with_open_file,
)
from assemblyzero_tui.runner.engine.executors.executor import Emit, Host, Outcome
from assemblyzero_tui.runner.engine.executors.forkserver import (
    end_forkserver,
    renew_forkserver,
    start_context,
    warm_up,
)
from assemblyzero_tui.runner.engine.executors.pipe_reader import PipeReaders, Stream
from assemblyzero_tui.runner.engine.executors.worker_process import WorkerProcess
from assemblyzero_tui.runner.locks.file_locks import FileLock, LockProbe
from assemblyzero_tui.runner.locks.item_locks import ItemLocks
from assemblyzero_tui.runner.logs.redaction import Redactor
from assemblyzero_tui.runner.logs.store import LogWriter
from assemblyzero_tui.runner.model.run_spec import WorkerSpec
from assemblyzero_tui.runner.wire.worker_messages import AnyToWorker, WorkerNotice

_log = logging.getLogger(__name__)

LAUNCH_PATIENCE = 60.0
"""Seconds that the start of one process may take; with a cold disk it takes a few."""
_KILLED_PATIENCE = 5.0
"""Seconds in which a start must fail after the forkserver was killed."""


class LocalExecutor:
    """An :class:`~assemblyzero_tui.runner.engine.executors.executor.Executor` of processes.

    ``ensure_folder`` creates the folder of temporary files again if it has disappeared.
    """

    def __init__(
        self,
        folder: RunFolder,
        slots: int,
        locks: ItemLocks,
        secrets: Iterable[str] = (),
        start_method: str = "",
        provider: str = "",
        ensure_folder: Callable[[], object] | None = None,
    ) -> None:
        self._folder = folder
        self._slots = slots
        self._locks = locks
        self._secrets = list(secrets)
        self._redactors: dict[str, Redactor] = {}
        self._context = start_context(start_method, provider)
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="starter")
        self._readers = PipeReaders(on_error=self._log_failed)
        self._ensure_folder = ensure_folder
        self._workers: dict[str, WorkerProcess] = {}
        self._launching: dict[str, tuple[Future[None], asyncio.Future[None]]] = {}
        """The item's job in the starter thread, and the same for the event loop."""
        self._outcomes: dict[str, asyncio.Task[Outcome]] = {}
        self._emit: Emit = lambda *_: None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def start(self, emit: Emit) -> None:
        self._emit = emit
        self._loop = asyncio.get_running_loop()
        self._starter.submit(warm_up, self._context)

    async def submit(self, spec: WorkerSpec) -> None:
        item, current = spec.item.id, self._workers.get(spec.item.id)
        if current is not None and current.spec.attempt >= spec.attempt:
            return
        busy = await self._take_busy(spec)
        worker = WorkerProcess(spec, LockProbe(busy.path))
        ours, theirs = socket.socketpair()
        output, output_of_worker = os.pipe()
        worker.output_name = name_of_open_file(output)
        writer = LogWriter(self._folder.log(item))
        try:
            await self._launch(worker, theirs, output_of_worker, busy.descriptor)
            await worker.open(ours)
        except Exception as error:
            _log.debug("%s: its worker cannot be started", item, exc_info=True)
            worker.busy.close()
            writer.close()
            ours.close()
            os.close(output)
            lost = isinstance(error, (EOFError, ConnectionError, FileNotFoundError))
            error_class = StartLostError if lost else WorkflowError
            raise error_class(f"the process of {item} could not be started: {error}") from error
        finally:
            theirs.close()
            os.close(output_of_worker)
            busy.hand_over()
        _log.debug("%s: attempt %d is process %d", item, spec.attempt, worker.pid)
        output_done = self._in_loop(worker.output_done.set)
        self._redactors[item] = Redactor(self._secrets)
        stream = self._readers.add(output, writer, self._redactors[item], output_done)
        self._workers[item] = worker
        self._outcomes[item] = asyncio.create_task(
            self._follow(worker, stream), name=f"follow {item}"
        )

    async def _take_busy(self, spec: WorkerSpec) -> FileLock:
        """Takes the lock that every process of an attempt holds.

        Raises:
            WorkflowError: a process of an earlier attempt still holds it.
        """
        busy = self._locks.take_busy(spec.item.key)
        if busy is not None:
            return busy
        path = self._locks.busy_file(spec.item.key)
        holders = describe_processes(
            await asyncio.to_thread(processes_with_open_file, str(path.resolve()))
        )
        raise WorkflowError(
            f"a process of an earlier attempt is still working on {spec.item.id}"
            + (f": {holders}; end it, then retry" if holders else "")
        )

    async def _launch(
        self, worker: WorkerProcess, channel: socket.socket, output: int, busy: int
    ) -> None:
        """Starts the process. A forkserver that does not answer is killed.

        Raises:
            EOFError: the forkserver was killed, or has died; likewise ``ConnectionError``.
        """
        item = worker.spec.item.id
        job = self._starter.submit(self._start_process, worker, channel, output, busy)
        launching = asyncio.wrap_future(job)
        self._launching[item] = job, launching
        try:
            await asyncio.wait({launching}, timeout=LAUNCH_PATIENCE)
            if not launching.done():
                end_forkserver()
                await asyncio.wait({launching}, timeout=_KILLED_PATIENCE)
            if not launching.done():
                raise EOFError("the process that starts workers does not answer")
            if job.cancelled():
                raise EOFError("it was cancelled before it was started")
            launching.result()
        finally:
            del self._launching[item]

    def _start_process(
        self, worker: WorkerProcess, channel: socket.socket, output: int, busy: int
    ) -> None:
        """Starts the process; runs in the starter thread."""
        if self._ensure_folder is not None:
            self._ensure_folder()
            renew_forkserver()
        worker.launch(self._context, channel, output, busy)

    async def _follow(self, worker: WorkerProcess, stream: Stream) -> Outcome:
        item, attempt = worker.spec.item.id, worker.spec.attempt

        def warn(text: str) -> None:
            self._emit(item, attempt, WorkerNotice(text=text, level="warning"))

        await worker.listen(
            lambda message: self._emit(item, attempt, message),
            lambda count: warn(f"{count} messages of the worker were lost"),
        )
        return await worker.wait_until_gone(lambda: self._readers.end(stream), warn)

    async def command(self, item: str, command: AnyToWorker) -> None:
        if (worker := self._workers.get(item)) is not None:
            worker.send(command)

    async def cancel(self, item: str, grace: float) -> None:
        if item in self._launching:
            job, launching = self._launching[item]
            job.cancel()  # otherwise it would begin with another forkserver after this one ends
            await asyncio.wait({launching}, timeout=grace)
            if not launching.done():
                end_forkserver()
        if (worker := self._workers.get(item)) is not None:
            await worker.end(grace)

    async def wait(self, item: str) -> Outcome:
        outcome = await asyncio.shield(self._outcomes[item])
        _log.debug("%s: its worker has ended: %s %s", item, outcome.kind, outcome.reason)
        for mapping in (self._workers, self._outcomes, self._redactors):
            mapping.pop(item, None)
        return outcome

    def add_secret(self, secret: str) -> None:
        self._secrets.append(secret)
        for redactor in self._redactors.values():
            redactor.add_secret(secret)

    async def hosts(self) -> list[Host]:
        return [Host(socket.gethostname(), self._slots, len(self._workers), time.time())]

    async def close(self, detach: bool = False) -> None:
        if not detach:
            await asyncio.gather(*(worker.end(0.0) for worker in self._workers.values()))
            await asyncio.gather(*self._outcomes.values(), return_exceptions=True)
            end_forkserver()
        self._starter.shutdown(wait=False, cancel_futures=True)
        self._readers.close()

    def kill(self) -> None:
        """Kills all processes at once, without waiting; can be called from any thread."""
        end_forkserver()
        for worker in list(self._workers.values()):
            worker.kill()

    def _in_loop(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Wraps a callback so that another thread can call it, and it runs in the event loop."""

        def call() -> None:
            if self._loop is not None:
                with contextlib.suppress(RuntimeError):
                    self._loop.call_soon_threadsafe(callback)

        return call

    def _log_failed(self, path: Path, error: OSError) -> None:
        text = f"the log {path.name} cannot be written: {error.strerror or error}"
        self._in_loop(lambda: self._emit(path.stem, 0, WorkerNotice(text=text, level="error")))()
