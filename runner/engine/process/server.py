"""The engine's socket: commands in, replies and announcements out, one JSON object per line."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from pathlib import Path

import msgspec

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.model.commands import (
    PROTOCOL_VERSION,
    AnyCommand,
    Hello,
    Reply,
    decode_command,
    encode,
)

_log = logging.getLogger(__name__)

SOCKET = "s"
"""The name of the socket in its folder."""
CHECK_INTERVAL = 1.0
"""Seconds between two checks that the socket still exists."""
_ANNOUNCE_INTERVAL = 0.03
"""Minimum seconds between two announcements."""
_CLOSE_TIMEOUT = 1.0
"""Seconds for the last replies when the engine ends."""
_BACKLOG = 1 << 16
"""Unread bytes of a client from which announcements to it are skipped."""


class Server:
    """Serves any number of clients; none of them can block the engine.

    Args:
        folder: Returns the folder of the socket, and creates it if it has disappeared.
        handle: Carries out a command and returns the items that it affected.
    """

    def __init__(
        self, folder: Callable[[], Path], handle: Callable[[AnyCommand], list[str]]
    ) -> None:
        self._folder = folder
        self._path = Path()
        self._inode = 0
        self._watcher: asyncio.Task[None] | None = None
        self._handle = handle
        self._clients: set[asyncio.StreamWriter] = set()
        self._connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._server: asyncio.Server | None = None
        self._announcing = False
        self._problem = ""

    async def start(self) -> None:
        """Opens the socket, which only its owner can use; opens it again if it is removed."""
        await self._listen()
        self._watcher = asyncio.create_task(self._watch_socket(), name="keep listening")

    async def _listen(self) -> None:
        path = self._folder() / SOCKET
        path.unlink(missing_ok=True)
        server = await asyncio.start_unix_server(self._serve, path=str(path))
        path.chmod(0o600)
        if self._server is not None:
            self._server.close()
        self._server, self._path, self._inode = server, path, path.stat().st_ino

    async def _watch_socket(self) -> None:
        while True:
            await asyncio.sleep(CHECK_INTERVAL)
            with contextlib.suppress(OSError, TuiError):  # it may work at the next check
                if not self._socket_exists():
                    await self._listen()

    def _socket_exists(self) -> bool:
        try:
            return self._path.stat().st_ino == self._inode
        except OSError:
            return False

    def announce(self) -> None:
        """Announces new events in the journal to every client, soon."""
        if not self._announcing:
            self._announcing = True
            asyncio.get_running_loop().call_later(_ANNOUNCE_INTERVAL, self._announce_now)

    def report_problem(self, problem: str) -> None:
        """Announces to every client, soon, why the journal cannot be written (empty: it can)."""
        if problem != self._problem:
            self._problem = problem
            self.announce()

    def _announce_now(self) -> None:
        self._announcing = False
        line = encode(Reply(error=self._problem)) + b"\n"
        for client in self._clients:
            if client.transport.get_write_buffer_size() < _BACKLOG:
                client.write(line)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections[task] = writer
        _log.debug("a client connects")
        try:
            while line := await reader.readline():
                reply = self._answer(line)
                writer.write(encode(reply) + b"\n")
                await writer.drain()
                self._clients.add(writer)
        except (ConnectionError, ValueError):
            pass  # the client has disconnected, or sent a line that is too long
        finally:
            del self._connections[task]
            _log.debug("a client has disconnected")
            self._clients.discard(writer)
            writer.close()

    def _answer(self, line: bytes) -> Reply:
        try:
            command = decode_command(line)
        except msgspec.DecodeError as error:
            return Reply(request=-1, error=f"not a command: {error}")
        if isinstance(command, Hello) and command.protocol != PROTOCOL_VERSION:
            return Reply(
                request=command.request,
                error=f"this engine uses protocol {PROTOCOL_VERSION}, not {command.protocol}: "
                "use the version of assemblyzero-tui that started the run",
            )
        try:
            return Reply(request=command.request, affected=self._handle(command))
        except TuiError as error:
            return Reply(request=command.request, error=error.what)

    async def close(self) -> None:
        """Closes every connection and removes the socket."""
        if self._watcher is not None:
            self._watcher.cancel()
        if self._server is not None:
            self._server.close()
        self._announce_now()
        for writer in self._connections.values():
            writer.close()
        if self._connections:
            await asyncio.wait(list(self._connections), timeout=_CLOSE_TIMEOUT)
        if self._socket_exists():
            self._path.unlink(missing_ok=True)
