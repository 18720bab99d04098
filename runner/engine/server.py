"""The engine's socket: commands in, replies and announcements out, one JSON object a line."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec

from assemblyzero_tui.runner.commands import AnyCommand, Hello, Reply, decode_command, encode
from assemblyzero_tui.runner.errors import TuiError

PROTOCOL = 1
"""Version of the commands and replies; a face says its own in its first command."""
_ANNOUNCE_INTERVAL = 0.03
"""Seconds between two announcements at least."""
_LEAVING = 1.0
"""Seconds for the last replies when the engine leaves."""
_BACKLOG = 1 << 16
"""Bytes a face may leave unread before announcements are withheld from it."""


class Server:
    """Serves any number of faces; none of them can hold the engine up."""

    def __init__(self, path: Path, obey: Callable[[AnyCommand], list[str]]) -> None:
        self._path = path
        self._obey = obey
        self._faces: set[asyncio.StreamWriter] = set()
        self._connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._server: asyncio.Server | None = None
        self._announcing = False
        self._trouble = ""

    async def start(self) -> None:
        """Opens the socket, which only its owner can use."""
        self._path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, path=str(self._path))
        self._path.chmod(0o600)

    def announce(self) -> None:
        """Tells every face, soon, that the journal has grown."""
        if not self._announcing:
            self._announcing = True
            asyncio.get_running_loop().call_later(_ANNOUNCE_INTERVAL, self._announce_now)

    def complain(self, trouble: str) -> None:
        """Tells every face, soon, what the journal cannot: that it cannot be written; or not."""
        if trouble != self._trouble:
            self._trouble = trouble
            self.announce()

    def _announce_now(self) -> None:
        self._announcing = False
        line = encode(Reply(error=self._trouble)) + b"\n"
        for face in self._faces:
            if face.transport.get_write_buffer_size() < _BACKLOG:
                face.write(line)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections[task] = writer
        try:
            while line := await reader.readline():
                reply = self._answer(line)
                writer.write(encode(reply) + b"\n")
                await writer.drain()
                self._faces.add(writer)
        except (ConnectionError, ValueError):
            pass  # the face has gone, or sent a line without an end: it is served no more
        finally:
            del self._connections[task]
            self._faces.discard(writer)
            writer.close()

    def _answer(self, line: bytes) -> Reply:
        try:
            command = decode_command(line)
        except msgspec.DecodeError as error:
            return Reply(request=-1, error=f"not a command: {error}")
        if isinstance(command, Hello) and command.protocol != PROTOCOL:
            return Reply(
                request=command.request,
                error=f"this engine speaks protocol {PROTOCOL}, not {command.protocol}: "
                "use the version of assemblyzero-tui that started the run",
            )
        try:
            return Reply(request=command.request, affected=self._obey(command))
        except TuiError as error:
            return Reply(request=command.request, error=error.what)

    async def close(self) -> None:
        """Closes every connection and removes the socket."""
        if self._server is not None:
            self._server.close()
        self._announce_now()
        for writer in self._connections.values():
            writer.close()
        if self._connections:
            await asyncio.wait(list(self._connections), timeout=_LEAVING)
        self._path.unlink(missing_ok=True)
