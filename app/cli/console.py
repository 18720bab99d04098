"""Standard output that can be slow, or go away, without holding anything else up."""

from __future__ import annotations

import asyncio
import errno
import os
import select

PIECE = 4096
"""Bytes written at once: a pipe that is ready has room for so many (POSIX's ``PIPE_BUF`` on
Linux), so that the write cannot block."""
BACKLOG = 1 << 20
"""Bytes from which on nothing more should be offered."""


class LineWriter:
    """Lines on a descriptor; :meth:`flush` writes what can be written without blocking."""

    def __init__(self, descriptor: int = 1) -> None:
        self._descriptor = descriptor
        self._buffer = bytearray()
        self.gone = False
        """It takes nothing any more; what is written from then on is dropped."""
        self.trouble = ""
        """Why, if not because whoever read it has closed it."""

    @property
    def full(self) -> bool:
        """So much waits to be written that no more should be offered."""
        return len(self._buffer) >= BACKLOG

    @property
    def empty(self) -> bool:
        """Everything has been written."""
        return not self._buffer

    def line(self, text: str | bytes) -> None:
        """Takes one line, without its newline."""
        if not self.gone:
            self._buffer += text if isinstance(text, bytes) else text.encode(errors="replace")
            self._buffer += b"\n"

    async def flush(self, timeout: float) -> None:
        """Writes until all is written, or ``timeout`` seconds have passed."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while self._buffer and not self.gone:
            if self._ready():
                self._write()
            elif loop.time() >= deadline:
                return
            else:
                await asyncio.sleep(min(0.02, max(0.0, deadline - loop.time())))
        if self.gone:
            self._buffer.clear()

    def _ready(self) -> bool:
        poll = select.poll()
        poll.register(self._descriptor, select.POLLOUT)
        return bool(poll.poll(0))

    def _write(self) -> None:
        try:
            written = os.write(self._descriptor, self._buffer[:PIECE])
        except BlockingIOError:
            return
        except OSError as error:
            self.gone = True
            if error.errno != errno.EPIPE:
                self.trouble = error.strerror or str(error)
            return
        del self._buffer[:written]
