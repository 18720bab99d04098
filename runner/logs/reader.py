"""Reads a log by line number while it grows, by its index and without keeping its text."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from assemblyzero_tui.runner.logs.store import ENTRY, NOTHING, IndexEntry, index_path

LINE_LIMIT = 1 << 16
"""The most bytes of one line that are returned."""
_BLOCK = 1 << 16
_FIRST_BLOCK = 1 << 13
_SCAN_STEP = 1 << 18
"""Bytes between two remembered positions in text that has no index."""
_LAST_LINE_WINDOW = 1 << 12
_TAIL_WINDOW = 1 << 20
_ANCHORS = 128


class LogReader:
    """A growing log as a sequence of lines, for every output mode.

    Line numbers begin with 0; lines are returned without their newline. A file that does not exist
    is an empty log. Nothing changes between two calls of :meth:`refresh`, even if the file grows.
    No file stays open between calls, so that a thousand readers use no descriptors.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        """Bytes of text, as of the last refresh."""
        self.last_write: float | None = None
        """When text was last written, in seconds since the epoch; ``None`` while there is none."""
        self._index = index_path(path)
        self._limit: float | None = None
        self._entries = 0
        """Number of index entries in use."""
        self._base = NOTHING
        """The last index entry in use."""
        self._scanned: list[IndexEntry] = []
        """Positions in the text after the base; the last one is the end."""
        self._lines = 0
        self._open_end = False
        self._anchors: OrderedDict[int, int] = OrderedDict()
        self._last_line: tuple[int, bytes] | None = None
        self._seen: tuple[int, int, int, float | None] | None = None
        self.refresh()

    @property
    def line_count(self) -> int:
        """Complete lines, and one more if there is text after the last newline."""
        return self._lines + self._open_end

    @property
    def complete_lines(self) -> int:
        """Lines that end with a newline; nothing will be added to them."""
        return self._lines

    def refresh(self) -> bool:
        """Reads the changes since the last refresh; returns whether anything changed."""
        try:
            status = self.path.stat()
        except FileNotFoundError:
            changed = self.size > 0
            self._reset()
            return changed
        seen = (status.st_ino, status.st_size, status.st_mtime_ns, self._limit)
        if seen == self._seen:
            return False
        if self._seen is not None and (
            status.st_ino != self._seen[0] or status.st_size < self.size
        ):
            self._reset()
        self._seen = seen
        self._update()
        return True

    def limit(self, time: float | None) -> None:
        """Limits the log to the text written until ``time``; ``None`` removes the limit."""
        if time != self._limit:
            self._limit = time
            self.refresh()

    def size_at(self, time: float) -> int:
        """The size of the log in bytes at a time, in seconds since the epoch."""
        return self._state_at(time)[2]

    def _reset(self) -> None:
        self.size = self._entries = self._lines = 0
        self.last_write = None
        self._base, self._open_end = NOTHING, False
        self._scanned.clear()
        self._anchors.clear()
        self._last_line = self._seen = None

    def _state_at(self, time: float | None) -> tuple[int, IndexEntry, int, float]:
        """The number of index entries, the last one, the size and the last write at a time."""
        with _opened(self._index) as index:
            count = 0 if index is None else os.fstat(index).st_size // ENTRY.size
            while index is not None and count and not _entry(index, count).bytes:
                count -= 1  # a power cut can leave NUL bytes at the end
            try:
                status = self.path.stat()
                size, written = status.st_size, status.st_mtime
            except FileNotFoundError:
                size, written = 0, 0.0
            whole = count
            if index is not None:
                count = _search(index, count, lambda entry: entry.bytes <= size)
                whole = count
                if time is not None:
                    count = _search(index, count, lambda entry: entry.time <= time)
            entry = NOTHING if index is None else _entry(index, count)
        written = max(written, entry.time)
        if time is not None and (count < whole or time < written):
            size = entry.bytes
        if size <= entry.bytes:
            written = entry.time
        return count, entry, size, written

    def _update(self) -> None:
        self._entries, base, size, written = self._state_at(self._limit)
        if size < self.size:
            self._scanned.clear()
            self._anchors.clear()
            self._last_line = None
        if base != self._base:
            self._scanned = [at for at in self._scanned if at.bytes > base.bytes]
        self._base, self.size = base, size
        self.last_write = written if size else None
        self._scan()

    def _scan(self) -> None:
        """Counts the lines after the last index entry."""
        at = self._scanned[-1] if self._scanned else self._base
        kept = self._scanned[-2].bytes if len(self._scanned) > 1 else self._base.bytes
        last = b""
        with _opened(self.path) as text:
            while text is not None and at.bytes < self.size:
                block = os.pread(text, min(_SCAN_STEP, self.size - at.bytes), at.bytes)
                if not block:
                    self.size = at.bytes
                    break
                if self._scanned and at.bytes - kept < _SCAN_STEP:
                    self._scanned.pop()
                elif self._scanned:
                    kept = at.bytes
                at = IndexEntry(at.lines + block.count(b"\n"), at.bytes + len(block), at.time)
                self._scanned.append(at)
                last = block[-1:]
            if text is not None and not last and self.size:
                last = os.pread(text, 1, self.size - 1)
        self._lines = at.lines
        self._open_end = last not in (b"", b"\n")

    def lines(self, start: int, stop: int) -> list[bytes]:
        """Returns the lines from ``start`` up to, not including, ``stop``; fewer at the end.

        Of a line longer than `LINE_LIMIT`, the beginning is returned, or its newest text if it
        returns to its beginning repeatedly, as progress bars do.
        """
        start, stop = max(start, 0), min(stop, self.line_count)
        if start >= stop:
            return []
        with _opened(self.path) as text, _opened(self._index) as index:
            if text is None:
                return []
            return self._read(text, index, start, stop)

    def times(self, start: int, stop: int) -> list[float]:
        """Returns when each of the lines from ``start`` up to ``stop`` was complete.

        Returns:
            Seconds since the epoch, as exact as the index; one for each existing line. A line after
            the last entry is as old as the last write.
        """
        start, stop = max(start, 0), min(stop, self.line_count)
        times: list[float] = []
        with _opened(self._index) as index:
            if index is not None:
                number = 1 + _search(index, self._entries, lambda entry: entry.lines <= start)
                while start + len(times) < stop and number <= self._entries:
                    entry = _entry(index, number)
                    times += [entry.time] * (min(entry.lines, stop) - start - len(times))
                    number += 1
        return times + [self.last_write or 0.0] * (stop - start - len(times))

    def _read(self, text: int, index: int | None, start: int, stop: int) -> list[bytes]:
        lines: list[bytes] = []
        position = self._start_of(text, index, start)
        self._remember(start, position)
        rest = b""
        block_size = _FIRST_BLOCK if stop - start < 64 else _BLOCK
        while start + len(lines) < stop:
            read_at = position + len(rest)
            block = os.pread(text, max(min(block_size, self.size - read_at), 0), read_at)
            if not block:
                lines.append(rest)
                break
            block_size = _BLOCK
            *complete, rest = (rest + block).split(b"\n")
            for line in complete[: stop - start - len(lines)]:
                position += len(line) + 1
                lines.append(self._clamp(text, position - len(line) - 1, line))
            number = start + len(lines)
            if number < stop and len(rest) >= LINE_LIMIT:
                begin = position
                position = self._start_of(text, index, number + 1)
                ended = number < self._lines
                lines.append(self._clamp(text, begin, rest, position - begin - ended))
                rest = b""
        self._remember(start + len(lines), position)
        return lines

    def _clamp(self, text: int, begin: int, line: bytes, length: int = 0) -> bytes:
        """Returns a line, cut if it is too long; ``line`` can be only its beginning."""
        length = max(length, len(line))
        if length <= LINE_LIMIT:
            return line
        if b"\r" in line:
            end = os.pread(text, LINE_LIMIT, begin + length - LINE_LIMIT)
            if b"\r" in end.rstrip(b"\r"):
                return end[end.index(b"\r") + 1 :]
        return line[:LINE_LIMIT]

    def _start_of(self, text: int, index: int | None, line: int) -> int:
        """The position at which a line begins; the size if there is no such line."""
        if line == 0:
            return 0
        if line > self._lines:
            return self.size
        if (position := self._anchors.get(line)) is not None:
            self._anchors.move_to_end(line)
            return position
        at = NOTHING
        if self._base.lines >= line and index is not None:
            at = _entry(index, _search(index, self._entries, lambda entry: entry.lines < line))
        elif self._base.lines < line:
            place = bisect_left(self._scanned, line, key=lambda entry: entry.lines)
            at = self._scanned[place - 1] if place else self._base
        return self._after_newlines(text, at.bytes, line - at.lines)

    def _after_newlines(self, text: int, position: int, count: int) -> int:
        """The position after the ``count``-th newline, counted from a position."""
        while block := os.pread(text, min(_BLOCK, self.size - position), position):
            newlines = block.count(b"\n")
            if newlines < count:
                count -= newlines
                position += len(block)
                continue
            newline = -1
            for _ in range(count):
                newline = block.index(b"\n", newline + 1)
            return position + newline + 1
        return self.size

    def _remember(self, line: int, position: int) -> None:
        """Stores where a line begins, so that it is found later without a search."""
        if 0 < line <= self._lines:
            self._anchors[line] = position
            self._anchors.move_to_end(line)
            if len(self._anchors) > _ANCHORS:
                self._anchors.popitem(last=False)

    def tail(self, n: int) -> list[bytes]:
        """Returns the last ``n`` lines; fewer if the log is shorter."""
        n = min(n, self.line_count)
        if n <= 0:
            return []
        window = max(n * 128, _FIRST_BLOCK)
        with _opened(self.path) as text:
            while text is not None and window <= _TAIL_WINDOW:
                begin = max(self.size - window, 0)
                block = os.pread(text, self.size - begin, begin)
                lines = block.split(b"\n")
                if not self._open_end:
                    lines.pop()
                if len(lines) > n or begin == 0:
                    lines = lines[-n:]
                    if max(map(len, lines), default=0) <= LINE_LIMIT:
                        return lines
                    break
                window *= 4
        return self.lines(self.line_count - n, self.line_count)

    def last_line(self) -> bytes:
        """Returns the last line that is not blank, of the last 4 KiB; empty if there is none."""
        if self._last_line is None or self._last_line[0] != self.size:
            with _opened(self.path) as text:
                begin = max(self.size - _LAST_LINE_WINDOW, 0)
                block = b"" if text is None else os.pread(text, self.size - begin, begin)
            self._last_line = (self.size, block.rstrip().rpartition(b"\n")[2])
        return self._last_line[1]

    def close(self) -> None:
        """Drops all state; a refresh starts over."""
        self._reset()


@contextmanager
def _opened(path: Path) -> Iterator[int | None]:
    """Opens a file and yields its descriptor; ``None`` if there is no file."""
    handle: int | None = None
    with suppress(FileNotFoundError):
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield handle
    finally:
        if handle is not None:
            os.close(handle)


def _entry(index: int, count: int) -> IndexEntry:
    """Reads the last of the first ``count`` entries."""
    if count == 0:
        return NOTHING
    data = os.pread(index, ENTRY.size, (count - 1) * ENTRY.size)
    return IndexEntry(*ENTRY.unpack(data)) if len(data) == ENTRY.size else NOTHING


def _search(index: int, count: int, holds: Callable[[IndexEntry], bool]) -> int:
    """Counts the first entries, of ``count``, that a condition holds for; the last is tried first.

    The condition must hold for all entries up to some entry and for none after it.
    """
    if count and holds(_entry(index, count)):
        return count
    low, high = 0, max(count - 1, 0)
    while low < high:
        middle = (low + high + 1) // 2
        if holds(_entry(index, middle)):
            low = middle
        else:
            high = middle - 1
    return low
