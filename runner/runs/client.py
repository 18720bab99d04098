"""What a face needs of a run: its state as it grows, its logs, and a way to send commands."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from assemblyzero_tui.runner.base.errors import EngineError, StartInterruptedError
from assemblyzero_tui.runner.base.paths import FILE_MODE, RunFolder
from assemblyzero_tui.runner.credentials import credentials, sources
from assemblyzero_tui.runner.credentials.rotation_file import rotation_file
from assemblyzero_tui.runner.locks.engine_process import find_engine
from assemblyzero_tui.runner.logs.reader import LogReader
from assemblyzero_tui.runner.model.commands import AnyCommand, Hello, Reply, decode_reply, encode
from assemblyzero_tui.runner.model.events import AnyEvent, Notice
from assemblyzero_tui.runner.model.run_state import RunState
from assemblyzero_tui.runner.runs.journal import JournalReader
from assemblyzero_tui.runner.runs.runs import is_alive, read_spec, runtime_folders

PROTOCOL = 1
"""Version of the commands and replies."""
START_PATIENCE = 30.0
"""Seconds an engine may need until it is ready."""
REPLY_PATIENCE = 15.0
"""Seconds an engine may need to answer a command."""
_PATHS = frozenset(
    {
        "ASSEMBLYZERO_HOME", "HOME", "PATH", "PYTHONPATH", "TMPDIR", "GH_CONFIG_DIR",
        "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME",
        "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
        "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
    }
)  # fmt: skip
"""Variables that hold a path, or several."""
_ENDING = 1.0
"""Seconds that an engine which is not ready may take to end."""
_RELISTENING = 3.0
"""Seconds to look for the socket of an engine that lives: one that was removed is made again."""
_LOOKING_AGAIN = 0.1
"""Seconds between two such looks."""


class RunSource(Protocol):
    """Where a face gets a run from: a live one, one that has ended, or a replay."""

    folder: RunFolder
    state: RunState

    @property
    def live(self) -> bool:
        """Whether commands can be sent: an engine serves the run."""

    def now(self) -> float:
        """The time that the work is at, by the clock of ``state``; it stands if nobody works."""

    def time_of_day(self) -> float:
        """What a clock on the wall shows, in seconds since the epoch."""

    def poll(self) -> list[AnyEvent]:
        """Takes in what is new and returns it; ``state`` has it already."""

    def log(self, item: str) -> LogReader:
        """The log of an item, one reader for each item."""

    async def send(self, command: AnyCommand) -> Reply:
        """Sends a command and waits for the answer.

        Raises:
            EngineError: there is no engine, or it refused.
        """

    async def wait_for_change(self, timeout: float) -> None:
        """Returns when something may be new, at the latest after ``timeout`` seconds."""

    async def close(self) -> None:
        """Gives everything back."""


class StartingEngine:
    """An engine process that is on its way."""

    def __init__(
        self, folder: RunFolder, process: subprocess.Popen[bytes], ready: int, keys: _Handover
    ) -> None:
        self.folder = folder
        self.process = process
        self._ready = ready
        self._keys = keys

    def wait(self, timeout: float = START_PATIENCE, wake: int = -1) -> None:
        """Returns when the engine serves its run. Otherwise it has been ended.

        Args:
            timeout: Seconds it may need.
            wake: A descriptor that can be read from when the user does not want to wait.

        Raises:
            EngineError: it could not start; the text says why.
            StartInterruptedError: ``wake`` could be read from.
        """
        message = b""
        deadline = time.monotonic() + timeout
        listening = [self._ready] if wake < 0 else [self._ready, wake]
        try:
            while not message.endswith(b"\n"):
                left = deadline - time.monotonic()
                readable, writable, _ = select.select(
                    listening, self._keys.waiting, [], max(left, 0.0)
                )
                if wake in readable:
                    raise StartInterruptedError(
                        "Interrupted while the engine started; nothing was begun.",
                        f"Begin with: assemblyzero-tui resume {self.folder.path.name}",
                    )
                if left <= 0:
                    raise EngineError(
                        f"The engine did not become ready within {timeout:.0f} s.",
                        f"Look at {self.folder.engine_log}",
                    )
                if writable:
                    self._keys.write()
                if self._ready not in readable:
                    continue
                if not (chunk := os.read(self._ready, 65536)):
                    break
                message += chunk
        except BaseException:
            self._end()
            raise
        finally:
            self._keys.close()
            os.close(self._ready)
        if message == b"ready\n":
            return
        raise EngineError(
            message.decode(errors="replace").strip() or "The engine ended while it started.",
            f"Look at {self.folder.engine_log}",
        )

    def _end(self) -> None:
        """Ends an engine that is not ready: it has begun nothing yet."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            self.process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(_ENDING)
                return


class _Handover:
    """Bytes on their way into a pipe that an engine may be slow to read."""

    def __init__(self, descriptor: int, data: bytes) -> None:
        self._descriptor = descriptor
        self._data = memoryview(data)
        if descriptor >= 0:
            os.set_blocking(descriptor, False)
            self.write()

    @property
    def waiting(self) -> list[int]:
        """The descriptor, as long as there is more to write."""
        return [self._descriptor] if self._descriptor >= 0 else []

    def write(self) -> None:
        """Writes what there is room for, and closes the pipe after the last byte."""
        try:
            while self._data:
                self._data = self._data[os.write(self._descriptor, self._data) :]
        except BlockingIOError:
            return
        except BrokenPipeError:
            pass  # the engine has ended, and says why
        self.close()

    def close(self) -> None:
        """Closes the pipe; doing it twice is harmless."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def start_engine(
    folder: RunFolder,
    *,
    retry: Sequence[str] | None = None,
    afresh: bool = False,
    parallel: int = 0,
) -> StartingEngine:
    """Starts the engine of a run as a process of its own, in a session of its own.

    The keys it needs are looked for here and now, and go through a pipe.

    Args:
        folder: The run, with its ``run.json``.
        retry: Items that failed, were lost or cancelled and are to be tried again; an empty
            sequence means all of them.
        afresh: Those begin without their checkpoints.
        parallel: Items at work at once; 0 means what the run was asked for.

    Raises:
        TuiError: the run needs a key, and there is none that could be used.
    """
    found = sources.for_run(read_spec(folder)) if folder.spec.exists() else None
    keys = credentials.encode(found.credentials) if found is not None else b""
    ready, ready_of_engine = os.pipe()
    arguments = [sys.executable, "-P", "-m", "assemblyzero_tui.runner.engine", str(folder.path)]
    arguments += ["--ready", str(ready_of_engine)]
    if retry is not None:
        arguments += ["--retry", ",".join(retry) or "all"]
    if afresh:
        arguments.append("--afresh")
    if parallel:
        arguments += ["--parallel", str(parallel)]
    if found is not None and (file := Path(found.source)).is_file():
        arguments += ["--rotation", _absolute(str(rotation_file(file)))]
    keys_of_engine, keys_pipe = os.pipe() if keys else (-1, -1)
    if keys:
        arguments += ["--keys", str(keys_of_engine)]
    log = os.open(folder.engine_log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, FILE_MODE)
    try:
        process = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(ready_of_engine, keys_of_engine) if keys else (ready_of_engine,),
            start_new_session=True,
            cwd="/",  # the folder that the command was typed in may be removed
            env=_engine_environment(),
        )
    finally:
        os.close(log)
        os.close(ready_of_engine)
        if keys:
            os.close(keys_of_engine)
    return StartingEngine(folder, process, ready, _Handover(keys_pipe, keys))


def _engine_environment() -> dict[str, str]:
    """The environment without keys and without what would send traces elsewhere.

    It holds in any folder: what was relative to this one is made absolute.
    """
    dropped = {"GEMINI_API_KEY", "GOOGLE_API_KEY"}
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in dropped and not name.startswith(("LANGSMITH_", "LANGCHAIN_"))
    }
    for name in _PATHS & kept.keys():
        kept[name] = os.pathsep.join(map(_absolute, kept[name].split(os.pathsep)))
    return kept


def _absolute(path: str) -> str:
    with contextlib.suppress(OSError):
        if path and not path.startswith("~"):
            return os.path.abspath(path)  # noqa: PTH100 - links stay as they are
    return path


class LiveRun:
    """A run that is served by an engine, or was: its journal, its logs, its socket."""

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self.state = RunState()
        self._journal = JournalReader(folder.journal)
        self._logs: dict[str, LogReader] = {}
        self._link: _Link | None = None
        self._opening: asyncio.Task[_Link | None] | None = None
        self._problem = ""
        self._alive_checked = 0.0
        self._alive = False

    @property
    def live(self) -> bool:
        if self._link is not None and not self._link.closed:
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
        problem = self._link.problem if self._link is not None else ""
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
        """Opens the connection to the engine; false if there is none.

        What is not open after ``patience`` seconds goes on opening for the next call.

        Raises:
            EngineError: the engine refuses, or is not what it should be.
        """
        if self._link is not None and not self._link.closed:
            return True
        if self._opening is None:
            self._opening = asyncio.create_task(self._open())
        done, _ = await asyncio.wait({self._opening}, timeout=patience)
        if not done:
            return False
        opened, self._opening = self._opening, None
        self._link = opened.result() or self._link
        return opened.result() is not None

    async def _open(self) -> _Link | None:
        for place in runtime_folders(self.folder, read_spec(self.folder)):
            with contextlib.suppress(OSError):
                if place.parent.stat().st_uid == os.getuid():
                    return await _Link.open(place / "s")
        return None

    async def send(self, command: AnyCommand) -> Reply:
        until = time.monotonic() + _RELISTENING
        while not (connected := await self.connect()) and is_alive(self.folder):
            if self._opening is not None or time.monotonic() > until:
                break
            await asyncio.sleep(_LOOKING_AGAIN)
        if not connected or self._link is None:
            raise self._unreachable()
        reply = await self._link.send(command)
        if reply.error:
            raise EngineError(reply.error)
        return reply

    def _unreachable(self) -> EngineError:
        run = self.folder.path.name
        if not is_alive(self.folder):
            return EngineError(
                f"No engine serves the run {run} any more.",
                f"Go on with: assemblyzero-tui resume {run}",
            )
        engine = find_engine(self.folder)
        process = "" if engine is None else f" (process {engine.pid})"
        suspended = engine is not None and engine.suspended
        return EngineError(
            f"The engine of {run}{process} "
            + ("is suspended." if suspended else "does not answer."),
            f"Wake it: kill -CONT {engine.pid}"
            if engine is not None and suspended
            else f"Try again, or stop it: assemblyzero-tui stop {run}",
        )

    async def wait_for_change(self, timeout: float) -> None:
        until = time.monotonic() + timeout
        connected = False
        with contextlib.suppress(EngineError):
            connected = await self.connect(timeout)
        left = max(0.0, until - time.monotonic())
        if connected and self._link is not None:
            await self._link.wait_for_change(left)
        else:
            await asyncio.sleep(left)

    async def close(self) -> None:
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.gather(self._opening, return_exceptions=True)
        self._journal.close()
        for log in self._logs.values():
            log.close()
        self._logs.clear()
        if self._link is not None:
            await self._link.close()


class _Link:
    """A connection to an engine: numbered requests out, replies and announcements in."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._waiting: dict[int, asyncio.Future[Reply]] = {}
        self._number = 0
        self._grown = asyncio.Event()
        self.closed = False
        self.problem = ""
        """Why the journal does not grow, where it should."""
        self._listener = asyncio.create_task(self._listen(reader))

    @classmethod
    async def open(cls, path: Path) -> _Link:
        async with asyncio.timeout(REPLY_PATIENCE):
            reader, writer = await asyncio.open_unix_connection(str(path))
        link = cls(reader, writer)
        try:
            reply = await link.send(Hello(protocol=PROTOCOL))
            if reply.error:
                raise EngineError(reply.error)
        except BaseException:
            await link.close()
            raise
        return link

    async def send(self, command: AnyCommand) -> Reply:
        self._number += 1
        command = msgspec.structs.replace(command, request=self._number)
        answer = asyncio.get_running_loop().create_future()
        self._waiting[command.request] = answer
        try:
            self._writer.write(encode(command) + b"\n")
            await self._writer.drain()
            return await asyncio.wait_for(answer, REPLY_PATIENCE)
        except (ConnectionError, TimeoutError) as error:
            raise EngineError(
                "The engine does not answer.", "Try again; assemblyzero-tui runs shows its state."
            ) from error
        finally:
            self._waiting.pop(command.request, None)

    async def wait_for_change(self, timeout: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._grown.wait(), timeout)
        self._grown.clear()

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        try:
            while line := await reader.readline():
                reply = decode_reply(line)
                if reply.request == 0:
                    self.problem = reply.error
                    self._grown.set()
                elif (waiting := self._waiting.get(reply.request)) and not waiting.done():
                    waiting.set_result(reply)
        except (ConnectionError, msgspec.DecodeError):
            return
        finally:
            self.closed = True
            self._grown.set()
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(ConnectionError("the engine has gone"))
            self._writer.close()

    async def close(self) -> None:
        self._listener.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._listener
