"""A run that is or was served by an engine: its journal, its logs, its socket."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time

from assemblyzero_tui.runner.base.errors import EngineError
from assemblyzero_tui.runner.base.paths import RunFolder
from assemblyzero_tui.runner.locks.engine_process import find_engine
from assemblyzero_tui.runner.logs.reader import LogReader
from assemblyzero_tui.runner.model.commands import AnyCommand, Reply
from assemblyzero_tui.runner.model.events import AnyEvent, Notice
from assemblyzero_tui.runner.model.run_state import RunState
from assemblyzero_tui.runner.runs.engine_connection import REPLY_PATIENCE, EngineConnection
from assemblyzero_tui.runner.runs.journal import JournalReader
from assemblyzero_tui.runner.runs.runs import is_alive, read_spec, runtime_folders

_RECONNECT_PATIENCE = 3.0
"""Seconds to retry the socket of a living engine, which restores the socket if it was removed."""
_RECONNECT_INTERVAL = 0.1
"""Seconds between two such attempts."""


class LiveRun:
    """A run that is or was served by an engine."""

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self.state = RunState()
        self._journal = JournalReader(folder.journal)
        self._logs: dict[str, LogReader] = {}
        self._connection: EngineConnection | None = None
        self._opening: asyncio.Task[EngineConnection | None] | None = None
        self._problem = ""
        self._alive_checked = 0.0
        self._alive = False

    @property
    def live(self) -> bool:
        if self._connection is not None and not self._connection.closed:
            return True
        now = time.monotonic()
        if now - self._alive_checked > 1.0:
            self._alive_checked, self._alive = now, is_alive(self.folder)
        return self._alive

    def now(self) -> float:
        if self.state.time and not self.live:
            return self.state.time
        return self.state.clock.reading(time.time())

    def time_of_day(self) -> float:
        return time.time()

    def poll(self) -> list[AnyEvent]:
        events = self._journal.poll()
        problem = self._connection.problem if self._connection is not None else ""
        if problem != self._problem:
            self._problem = problem
            if problem:
                events.append(Notice(text=problem, level="error", time=self._journal.time))
        for event in events:
            self.state.apply(event)
        return events

    def log(self, item: str) -> LogReader:
        if item not in self._logs:
            self._logs[item] = LogReader(self.folder.log(item))
        return self._logs[item]

    async def connect(self, patience: float = REPLY_PATIENCE) -> bool:
        """Opens the connection to the engine; returns false if there is none.

        If it is not open after ``patience`` seconds, the next call continues to wait for it.

        Raises:
            EngineError: the engine refuses the connection.
        """
        if self._connection is not None and not self._connection.closed:
            return True
        if self._opening is None:
            self._opening = asyncio.create_task(self._open())
        done, _ = await asyncio.wait({self._opening}, timeout=patience)
        if not done:
            return False
        opened, self._opening = self._opening, None
        self._connection = opened.result() or self._connection
        return opened.result() is not None

    async def _open(self) -> EngineConnection | None:
        for place in runtime_folders(self.folder, read_spec(self.folder)):
            with contextlib.suppress(OSError):
                if place.parent.stat().st_uid == os.getuid():
                    return await EngineConnection.open(place / "s")
        return None

    async def send(self, command: AnyCommand) -> Reply:
        deadline = time.monotonic() + _RECONNECT_PATIENCE
        while not (connected := await self.connect()) and is_alive(self.folder):
            if self._opening is not None or time.monotonic() > deadline:
                break
            await asyncio.sleep(_RECONNECT_INTERVAL)
        if not connected or self._connection is None:
            raise self._unreachable()
        reply = await self._connection.send(command)
        if reply.error:
            raise EngineError(reply.error)
        return reply

    def _unreachable(self) -> EngineError:
        run = self.folder.path.name
        if not is_alive(self.folder):
            return EngineError(
                f"The run {run} has no engine.",
                f"Resume it with: assemblyzero-tui resume {run}",
            )
        engine = find_engine(self.folder)
        process = "" if engine is None else f" (process {engine.pid})"
        suspended = engine is not None and engine.suspended
        return EngineError(
            f"The engine of {run}{process} "
            + ("is suspended." if suspended else "does not answer."),
            f"Wake it: kill -CONT {engine.pid}"
            if engine is not None and suspended
            else f"Retry, or stop it: assemblyzero-tui stop {run}",
        )

    async def wait_for_change(self, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        connected = False
        with contextlib.suppress(EngineError):
            connected = await self.connect(timeout)
        remaining = max(0.0, deadline - time.monotonic())
        if connected and self._connection is not None:
            await self._connection.wait_for_change(remaining)
        else:
            await asyncio.sleep(remaining)

    async def close(self) -> None:
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.gather(self._opening, return_exceptions=True)
        self._journal.close()
        for log in self._logs.values():
            log.close()
        self._logs.clear()
        if self._connection is not None:
            await self._connection.close()
