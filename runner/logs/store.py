"""The log of one workflow: the text as it was printed, and an index of lines and times beside it.

An index entry is 24 bytes, little-endian: lines (u64), bytes (u64), time (f64). It means: *at this
time, in seconds since the epoch, the text had this many bytes with this many newlines.* An entry is
appended after the text that it describes, so a reader can rely on the text of every entry. None of
the three figures decreases from one entry to the next. An entry can lie within a line.

A write adds an entry when `INDEX_STEP` bytes or `INDEX_PERIOD` seconds have passed since the last
one, and several if it is larger than that. Text written in between gets its entry, with its own
time, before the next text, or when the log is closed. So the index grows by 24 bytes for each 64
KiB of a flood and by at most about 1 KiB per second in a trickle, and times are correct within
`INDEX_PERIOD`. Text after the last entry is as old as the file's modification time.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import NamedTuple

from assemblyzero_tui.runner.base.paths import FILE_MODE

INDEX_STEP = 1 << 16
"""The most bytes of text between two entries (plus the rest of one write)."""
INDEX_PERIOD = 0.05
"""The fewest seconds between two entries of a trickle."""
ENTRY = struct.Struct("<QQd")
_SCAN_SIZE = 1 << 20


class IndexEntry(NamedTuple):
    """The state of a log after a write."""

    lines: int
    """Newlines so far."""
    bytes: int
    """Bytes so far: the position of the next text."""
    time: float
    """Seconds since the epoch."""


NOTHING = IndexEntry(0, 0, 0.0)


def index_path(log: Path) -> Path:
    """The index of a log: ``LLD-42.idx`` for ``LLD-42.log``."""
    return log.with_suffix(".idx")


class LogWriter:
    """Appends to a log and its index; a log has at most one writer.

    An existing log is continued: a torn last entry of its index is cut off, and text without an
    entry is counted and dated by the file's modification time.

    Raises:
        OSError: a file cannot be opened, read or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines = 0
        """Newlines written so far."""
        self.bytes = 0
        """Bytes written so far."""
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._text = os.open(path, flags, FILE_MODE)
        try:
            self._index = os.open(index_path(path), flags, FILE_MODE)
        except OSError:
            os.close(self._text)
            raise
        self._last = NOTHING
        self._pending: IndexEntry | None = None
        try:
            self._repair()
        except OSError:
            self._close_files()
            raise

    def _repair(self) -> None:
        text = os.fstat(self._text)
        size = os.fstat(self._index).st_size
        size -= size % ENTRY.size
        while size:
            entry = IndexEntry(*ENTRY.unpack(os.pread(self._index, ENTRY.size, size - ENTRY.size)))
            if 0 < entry.bytes <= text.st_size:  # a power cut can leave NUL bytes at the end
                self._last = entry
                break
            size -= ENTRY.size
        os.ftruncate(self._index, size)
        self.lines, self.bytes = self._last.lines, self._last.bytes
        while block := os.pread(self._text, _SCAN_SIZE, self.bytes):
            self._count(block, max(text.st_mtime, self._last.time))
        self._note_pending()

    def write(self, data: bytes, now: float) -> None:
        """Appends text that was read at ``now`` (seconds since the epoch).

        Raises:
            OSError: not everything could be written; the written part is counted.
        """
        now = max(now, self._last.time if self._pending is None else self._pending.time)
        if self._pending is not None and now - self._pending.time >= INDEX_PERIOD:
            self._note_pending()
        done = os.write(self._text, data)
        if done == len(data):
            self._count(data, now)
            return
        try:
            while done < len(data):
                done += os.write(self._text, memoryview(data)[done:])
        finally:
            self._count(data[:done], now)

    def _count(self, data: bytes, now: float) -> None:
        """Counts written text and adds the entries that are due."""
        entries = bytearray()
        begin = 0
        while begin < len(data):
            room = max(self._last.bytes + INDEX_STEP - self.bytes, 1)
            end = min(begin + room, len(data))
            self.lines += data.count(b"\n", begin, end)
            self.bytes += end - begin
            begin = end
            self._pending = IndexEntry(self.lines, self.bytes, now)
            if self.bytes - self._last.bytes >= INDEX_STEP:
                entries += ENTRY.pack(*self._pending)
                self._last, self._pending = self._pending, None
        if self._pending is not None and now - self._last.time >= INDEX_PERIOD:
            entries += ENTRY.pack(*self._pending)
            self._last, self._pending = self._pending, None
        if entries:
            self._append(entries)

    def _note_pending(self) -> None:
        if self._pending is not None:
            self._last, self._pending = self._pending, None
            self._append(ENTRY.pack(*self._last))

    def _append(self, entries: bytes | bytearray) -> None:
        """Writes whole entries or none: a partial one would misalign the later ones."""
        written = os.write(self._index, entries)
        if torn := written % ENTRY.size:
            os.ftruncate(self._index, os.fstat(self._index).st_size - torn)

    def close(self) -> None:
        """Writes the last entry and closes the files; further calls do nothing.

        Raises:
            OSError: the entry could not be written; the files are closed anyway.
        """
        if self._text < 0:
            return
        try:
            self._note_pending()
        finally:
            self._close_files()

    def _close_files(self) -> None:
        os.close(self._text)
        os.close(self._index)
        self._text = self._index = -1
