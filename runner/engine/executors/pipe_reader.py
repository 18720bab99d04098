"""One thread that reads the output of all workers and writes it to their logs.

It never blocks a worker: when a log cannot be written, it reports that once and continues to read.
"""

from __future__ import annotations

import fcntl
import os
import selectors
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from assemblyzero_tui.runner.logs.redaction import Redactor
from assemblyzero_tui.runner.logs.store import LogWriter

READ_SIZE = 1 << 20
"""Maximum bytes of one read; pipes are enlarged to this size where the system allows."""
QUIET = 0.05
"""Seconds without output after which withheld text is released."""
_GATHER = 0.001
"""Seconds to wait after a round of small reads, so that the next round reads more."""
_SMALL_ROUND = 1 << 18
_CLOSING = 3.0
"""Seconds for the thread to end."""
_LAST_DRAIN = 4 << 20
"""Maximum bytes read from a pipe that is to be closed although something still writes."""


@dataclass(slots=True)
class Stream:
    """One pipe and its log; it belongs to the reader thread."""

    fd: int
    writer: LogWriter
    redactor: Redactor
    on_end: Callable[[], None]
    uncertain: bool = False
    """Whether text was withheld at the last read and has not been released since."""
    read_at: float = 0.0
    """The time of the last read, on the monotonic clock."""
    failing: bool = False
    lost: int = 0
    """Bytes that could not be written since the last success."""


def _ignore(path: Path, error: OSError) -> None:
    """Does nothing: the log itself shows the failure, as a gap with its size."""


class PipeReaders:
    """The reader thread, which starts with the first pipe.

    Args:
        on_error: Called once for each log that can no longer be written, in the reader thread.
        clock: Seconds since the epoch, for the index of the logs.
    """

    def __init__(
        self,
        on_error: Callable[[Path, OSError], None] = _ignore,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._on_error = on_error
        self._clock = clock
        self._lock = threading.Lock()
        self._added: list[Stream] = []
        self._ending: list[Stream] = []
        self._closing = False
        self._selector = selectors.DefaultSelector()
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        self._selector.register(self._wake_read, selectors.EVENT_READ, None)
        self._streams: dict[int, Stream] = {}
        self._thread: threading.Thread | None = None

    def add(
        self, fd: int, writer: LogWriter, redactor: Redactor, on_end: Callable[[], None]
    ) -> Stream:
        """Reads a pipe until its end; can be called from any thread.

        The descriptor, the writer and the redactor belong to the reader thread from now on. At
        the end the log is complete and closed, then ``on_end`` is called in the reader thread; its
        exceptions are printed to stderr.

        Returns:
            The stream, for :meth:`end`.

        Raises:
            RuntimeError: the readers are closed.
        """
        os.set_blocking(fd, False)
        _enlarge(fd)
        with self._lock:
            if self._closing:
                raise RuntimeError("the readers are closed")
            stream = Stream(fd, writer, redactor, on_end)
            self._added.append(stream)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="readers", daemon=True)
                self._thread.start()
        self._wake()
        return stream

    def end(self, stream: Stream) -> None:
        """Reads the content of a pipe and closes it, although another process may have it open.

        For a dead worker one of whose child processes is still alive. Does nothing for a stream
        that has ended.
        """
        with self._lock:
            self._ending.append(stream)
        self._wake()

    def close(self) -> None:
        """Reads the content of the pipes, closes them and ends the thread; idempotent.

        It waits only for a limited time for a log whose disk hangs.
        """
        with self._lock:
            closed, self._closing = self._closing, True
            thread = self._thread
        if closed:
            return
        if thread is not None:
            self._wake()
            thread.join(_CLOSING)
            if thread.is_alive():
                return  # its disk hangs; the thread ends with the process
        self._selector.close()
        os.close(self._wake_read)
        os.close(self._wake_write)

    def _wake(self) -> None:
        try:
            os.write(self._wake_write, b"\0")
        except BlockingIOError:
            return  # a wake-up is pending already

    def _run(self) -> None:
        timeout: float | None = None
        while True:
            total = 0
            ready = self._selector.select(timeout)
            for key, _ in ready:
                if key.data is None:
                    os.read(self._wake_read, 4096)
                else:
                    total += self._read(key.data)
            if not self._update_streams():
                return
            timeout = QUIET if self._release() else None
            if 0 < total < _SMALL_ROUND:
                time.sleep(_GATHER)

    def _update_streams(self) -> bool:
        """Starts added streams and finishes ended ones; returns false after :meth:`close`."""
        with self._lock:
            added, self._added = self._added, []
            ending, self._ending = self._ending, []
            closing = self._closing
        for stream in added:
            self._streams[stream.fd] = stream
            self._selector.register(stream.fd, selectors.EVENT_READ, stream)
        for stream in list(self._streams.values()) if closing else ending:
            if self._streams.get(stream.fd) is stream:
                self._drain(stream)
        return not closing

    def _read(self, stream: Stream) -> int:
        """Reads once; returns the number of bytes, 0 if there are none or the pipe has ended."""
        try:
            data = os.read(stream.fd, READ_SIZE)
        except BlockingIOError:
            return 0
        except OSError as error:
            self._report(stream, error)
            data = b""
        if not data:
            self._finish(stream)
            return 0
        self._write(stream, stream.redactor.feed(data))
        if stream.redactor.held:
            stream.uncertain, stream.read_at = True, time.monotonic()
        else:
            stream.uncertain = False
        return len(data)

    def _release(self) -> bool:
        """Writes the withheld text of quiet pipes; returns true if others still withhold some."""
        waiting = False
        for stream in self._streams.values():
            if stream.uncertain and time.monotonic() - stream.read_at >= QUIET:
                self._write(stream, stream.redactor.feed(b""))
                stream.uncertain = False
            waiting = waiting or stream.uncertain
        return waiting

    def _drain(self, stream: Stream) -> None:
        remaining = _LAST_DRAIN
        while remaining > 0 and (count := self._read(stream)):
            remaining -= count
        if stream.fd in self._streams:
            self._finish(stream)

    def _finish(self, stream: Stream) -> None:
        self._selector.unregister(stream.fd)
        del self._streams[stream.fd]
        os.close(stream.fd)
        self._write(stream, stream.redactor.flush())
        try:
            stream.writer.close()
        except OSError as error:
            self._report(stream, error)
        try:
            stream.on_end()
        except Exception:
            traceback.print_exc()

    def _write(self, stream: Stream, data: bytes) -> None:
        if not data:
            return
        notice = b""
        if stream.lost:
            notice = b"\n[assemblyzero-tui: %d bytes could not be written here]\n" % stream.lost
        before = stream.writer.bytes
        try:
            stream.writer.write(notice + data if notice else data, self._clock())
            stream.failing, stream.lost = False, 0
        except OSError as error:
            written = stream.writer.bytes - before - len(notice)
            stream.lost += len(data) - max(written, 0)
            if not stream.failing:
                self._report(stream, error)
            stream.failing = True

    def _report(self, stream: Stream, error: OSError) -> None:
        self._on_error(stream.writer.path, error)


def _enlarge(fd: int) -> None:
    """Enlarges a pipe if the system allows; a smaller one is only slower."""
    command: int = getattr(fcntl, "F_SETPIPE_SZ", -1)
    for size in (READ_SIZE, READ_SIZE >> 2) if command >= 0 else ():
        try:
            fcntl.fcntl(fd, command, size)
        except OSError:
            continue
        return
