"""A connection to the socket of an engine."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from pathlib import Path

import msgspec

from assemblyzero_tui.runner.base.errors import EngineError
from assemblyzero_tui.runner.model.commands import (
    PROTOCOL_VERSION,
    AnyCommand,
    Hello,
    Reply,
    decode_reply,
    encode,
)

_log = logging.getLogger(__name__)

REPLY_PATIENCE = 15.0
"""Seconds that an engine may take to answer a command."""


class EngineConnection:
    """A connection to an engine: numbered requests out, replies and announcements in."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._waiting: dict[int, asyncio.Future[Reply]] = {}
        self._number = 0
        self._changed = asyncio.Event()
        self.closed = False
        self.problem = ""
        """Why the engine cannot write the journal; empty if it can."""
        self._listener = asyncio.create_task(self._listen(reader))

    @classmethod
    async def open(cls, path: Path) -> EngineConnection:
        async with asyncio.timeout(REPLY_PATIENCE):
            reader, writer = await asyncio.open_unix_connection(str(path))
        connection = cls(reader, writer)
        try:
            reply = await connection.send(Hello(protocol=PROTOCOL_VERSION))
            if reply.error:
                raise EngineError(reply.error)
        except BaseException:
            await connection.close()
            raise
        _log.debug("connected to %s", path)
        return connection

    async def send(self, command: AnyCommand) -> Reply:
        self._number += 1
        command = msgspec.structs.replace(command, request=self._number)
        answer = asyncio.get_running_loop().create_future()
        self._waiting[command.request] = answer
        _log.debug("send %r", command)
        try:
            self._writer.write(encode(command) + b"\n")
            await self._writer.drain()
            return await asyncio.wait_for(answer, REPLY_PATIENCE)
        except (ConnectionError, TimeoutError) as error:
            raise EngineError(
                "The engine does not answer.", "Retry; assemblyzero-tui runs shows its state."
            ) from error
        finally:
            self._waiting.pop(command.request, None)

    async def wait_for_change(self, timeout: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), timeout)
        self._changed.clear()

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        try:
            while line := await reader.readline():
                reply = decode_reply(line)
                if reply.request == 0:
                    self.problem = reply.error
                    self._changed.set()
                elif (waiting := self._waiting.get(reply.request)) and not waiting.done():
                    waiting.set_result(reply)
        except (ConnectionError, msgspec.DecodeError):
            return
        finally:
            self.closed = True
            _log.debug("the connection has ended")
            self._changed.set()
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(ConnectionError("the engine has ended"))
            self._writer.close()

    async def close(self) -> None:
        self._listener.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._listener
