"""Writes to a standard output that can be slow, or be closed, without blocking anything else."""

from __future__ import annotations

import asyncio
import errno
import os
import select

PIECE = 4096
"""Bytes written at once: a pipe that is ready has room for this many (``PIPE_BUF`` on Linux), so
the write cannot block."""
BACKLOG = 1 << 20
"""Bytes in the buffer from which no more lines should be added."""


class LineWriter:
    """Writes lines to a descriptor; :meth:`flush` writes as much as it can without blocking."""

    def __init__(self, descriptor: int = 1) -> None:
        self._descriptor = descriptor
        self._buffer = bytearray()
        self.closed = False
        """Whether writing has failed; later lines are dropped."""
        self.error = ""
        """Why writing failed; empty if the reader closed the pipe."""

    @property
    def full(self) -> bool:
        """Whether so much is buffered that no more lines should be added."""
        return len(self._buffer) >= BACKLOG

    @property
    def empty(self) -> bool:
        """Whether everything has been written."""
        return not self._buffer

    def line(self, text: str | bytes) -> None:
        """Adds one line to the buffer; ``text`` has no newline."""
        if not self.closed:
            self._buffer += text if isinstance(text, bytes) else text.encode(errors="replace")
            self._buffer += b"\n"

    async def flush(self, timeout: float) -> None:
        """Writes until the buffer is empty or ``timeout`` seconds have passed."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while self._buffer and not self.closed:
            if self._ready():
                self._write()
            elif loop.time() >= deadline:
                return
            else:
                await asyncio.sleep(min(0.02, max(0.0, deadline - loop.time())))
        if self.closed:
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
            self.closed = True
            if error.errno != errno.EPIPE:
                self.error = error.strerror or str(error)
            return
        del self._buffer[:written]
