"""The journal of a run: ``events.jsonl``, one event per line, one writer, any number of readers."""

from __future__ import annotations

import contextlib
import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from assemblyzero_tui.runner.base.errors import NewerVersionError, TuiError
from assemblyzero_tui.runner.base.paths import FILE_MODE
from assemblyzero_tui.runner.base.whole_lines import append_whole, pieces
from assemblyzero_tui.runner.model.events import SCHEMA, AnyEvent, Notice, decode_event, encode

_HEADER = b'{"journal":"assemblyzero-tui","schema":%d}\n' % SCHEMA
_MAGIC = 12
"""Bytes of the header by which a journal is recognised."""
_BEGINNING = b'{"type":"'
"""How every event begins: with its tag; inside a text the quotation marks are escaped."""
_READ_SIZE = 1 << 20


class _Header(msgspec.Struct):
    journal: str
    schema: int


class JournalWriter:
    """Appends events, and gives them their ``seq`` and ``time``.

    Events that cannot be written, as on a full disk, are queued until :meth:`catch_up` writes them;
    :attr:`write_error` is set until then. A journal that ends in the middle of a line, as after a
    power cut, is first truncated to its last whole line.

    Raises:
        TuiError: the file is not a journal this version can read, or cannot be written.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self.path = path
        self.seq = 0
        self.write_error: OSError | None = None
        """The reason why appended events are missing from the file; ``None`` if none are."""
        self._clock = clock
        self._unwritten: deque[bytes] = deque()
        self._unsynced = False
        self._torn = False
        self._file = -1
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            self._file = os.open(path, flags, FILE_MODE)
            self._size = self._repair()
            if self._size == 0:
                append_whole(self._file, _HEADER, 0)
                self._size = len(_HEADER)
        except BaseException as error:
            if self._file >= 0:
                os.close(self._file)
            if not isinstance(error, OSError):
                raise
            raise TuiError(
                f"Cannot write the journal {path}: {error.strerror or error}.",
                "Free some space or make it writable, then run the same command again.",
            ) from error

    def _repair(self) -> int:
        """Makes the file end with a whole line; returns its size."""
        reader = JournalReader(self.path)
        try:
            events = reader.poll()
            rest = reader.unfinished_events()
        finally:
            reader.close()
        self.seq = max((event.seq for event in (*events, *rest)), default=0)
        if not rest:
            os.ftruncate(self._file, reader.offset)
            return reader.offset
        size = reader.offset + len(reader.rest)
        append_whole(self._file, b"\n", size)
        return size + 1

    def append(self, event: AnyEvent) -> AnyEvent:
        """Appends an event and gives it its ``seq`` and, unless it has one, its ``time``."""
        self.seq += 1
        event.seq = self.seq
        event.time = event.time or self._clock()
        self._unwritten.append(encode(event) + b"\n")
        if self.write_error is None:
            self.catch_up()
        return event

    def catch_up(self) -> bool:
        """Writes and syncs all pending events; returns true if everything is on the disk.

        Only this clears :attr:`write_error`, so that a retry loop knows when it is done.
        """
        try:
            while self._unwritten:
                self._write(self._unwritten[0])
                self._unwritten.popleft()
            if self._unsynced:
                os.fsync(self._file)
                self._unsynced = False
        except OSError as error:
            self.write_error = error
            return False
        self.write_error = None
        return True

    def _write(self, line: bytes) -> None:
        data = b"\n" + line if self._torn else line
        try:
            append_whole(self._file, data, self._size)
        except OSError:
            # If even truncating fails, the next event begins on a new line.
            self._torn = os.fstat(self._file).st_size != self._size
            if self._torn:
                self._size = os.fstat(self._file).st_size
            raise
        self._torn = False
        self._size += len(data)

    def sync(self) -> bool:
        """Syncs everything appended so far to the disk; returns false if that failed."""
        self._unsynced = True
        return self.write_error is None and self.catch_up()

    def close(self) -> None:
        """Syncs if possible, and closes."""
        if self._file >= 0:
            self._unsynced = True
            self.catch_up()
            os.close(self._file)
            self._file = -1


class JournalReader:
    """Reads the events of a journal, now and as it grows.

    Damaged lines, as after a crash, are skipped, except for whole events on them. The reader
    reports their number in a notice that is not in the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.offset = 0
        """Bytes read so far: always the end of a whole line."""
        self.rest = b""
        """The bytes after them, still without a newline, as of the last read."""
        self.time = 0.0
        """The recorded time of the newest event read."""
        self._file: BinaryIO | None = None

    def poll(self) -> list[AnyEvent]:
        """The events written since the last call; empty while the journal does not exist.

        Raises:
            TuiError: the file is not a journal this version can read.
        """
        events: list[AnyEvent] = []
        damaged = 0
        for line in self._new_lines():
            parsed, intact = _read(line)
            events += parsed
            damaged += not intact
        if events:
            self.time = events[-1].time
        if damaged:
            lines = f"{damaged} damaged lines were" if damaged > 1 else "1 damaged line was"
            text = f"{lines} skipped in the journal {self.path.name}"
            events.append(Notice(text=text, level="warning", time=self.time))
        return events

    def _new_lines(self) -> Iterator[bytes]:
        if self._file is None:
            try:
                self._file = self.path.open("rb")
            except FileNotFoundError:
                return
        self.rest = b""
        while chunk := os.pread(self._file.fileno(), _READ_SIZE, self.offset + len(self.rest)):
            *lines, rest = (self.rest + chunk).split(b"\n")
            for line in lines:
                is_event = self.offset > 0 or not self._is_header(line)
                self.offset += len(line) + 1
                if is_event:
                    yield line
            self.rest = rest
            if len(chunk) < _READ_SIZE:
                return  # a line that was truncated and rewritten meanwhile is read again

    def _is_header(self, line: bytes) -> bool:
        """Whether this first line is an intact header.

        Raises:
            TuiError: the file is not a journal, or was written by a newer version.
        """
        try:
            header = msgspec.json.decode(line, type=_Header)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            damaged = line.startswith(_HEADER[:_MAGIC]) or _HEADER.startswith(line) or b"\0" in line
            if damaged or _read(line)[0]:
                return False
            raise TuiError(f"{self.path} is not a journal of assemblyzero-tui.") from error
        if header.schema > SCHEMA:
            raise NewerVersionError(
                f"{self.path} was written by a newer version (schema {header.schema}, "
                f"this one reads up to {SCHEMA}).",
                "Update: pip install --upgrade assemblyzero-tui",
            )
        return True

    def unfinished_events(self) -> list[AnyEvent]:
        """The whole events after the last newline.

        Raises:
            TuiError: the file has no whole line and is not a journal.
        """
        if self.offset == 0 and self.rest:
            self._is_header(self.rest)
        return _read(self.rest)[0]

    def close(self) -> None:
        """Closes the file; a later poll opens it again."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _read(line: bytes) -> tuple[list[AnyEvent], bool]:
    """The event of a line, or the whole events of a damaged one; and whether it is intact."""
    try:
        return [decode_event(line)], True
    except (msgspec.DecodeError, UnicodeDecodeError):
        events = []
    for piece in pieces(line, _BEGINNING):
        with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
            events.append(decode_event(piece))
    return events, not line.strip()


def read_journal(path: Path) -> list[AnyEvent]:
    """Reads all events of a journal.

    Raises:
        TuiError: there is no journal, or it cannot be read.
    """
    if not path.exists():
        raise TuiError(f"There is no journal at {path}.")
    reader = JournalReader(path)
    try:
        return reader.poll()
    finally:
        reader.close()
