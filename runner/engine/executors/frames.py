"""The engine's end of a worker's channel: a stream of frames in both directions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from assemblyzero_tui.runner.wire.worker_messages import LENGTH, MAX_FRAME


class Frames(asyncio.Protocol):
    """Splits a stream of bytes into frames. A peer that sends anything else is disconnected.

    Outgoing frames are small, so sending does not wait.
    """

    def __init__(self) -> None:
        self._received = bytearray()
        self._transport: asyncio.Transport | None = None
        self._take: Callable[[bytes], None] | None = None
        self._closed = asyncio.Event()
        self._failure: Exception | None = None

    async def listen(self, take: Callable[[bytes], None]) -> None:
        """Calls ``take`` with every frame until the channel closes.

        An exception of ``take`` is raised here, except for :class:`msgspec.DecodeError`, which
        disconnects the peer.
        """
        self._take = take
        self._split()
        await self._closed.wait()
        if self._failure is not None:
            raise self._failure

    def send(self, data: bytes) -> None:
        """Sends a frame; nothing happens if the channel is closed."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._take is not None:
            self._split()

    def connection_lost(self, exc: Exception | None) -> None:
        self._closed.set()

    def _split(self) -> None:
        at = 0
        try:
            while len(self._received) - at >= LENGTH.size and self._take is not None:
                (length,) = LENGTH.unpack_from(self._received, at)
                if length > MAX_FRAME:
                    raise msgspec.DecodeError("a frame is too long")
                end = at + LENGTH.size + length
                if end > len(self._received):
                    break
                body = bytes(self._received[at + LENGTH.size : end])
                at = end
                self._take(body)
        except msgspec.DecodeError:
            self._abort()
        except Exception as error:
            self._failure = error
            self._abort()
        del self._received[:at]

    def _abort(self) -> None:
        self._take = None
        self._closed.set()
        if self._transport is not None:
            self._transport.abort()
