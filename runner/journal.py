"""The journal of a run: ``events.jsonl``, one event a line, one writer, any number of readers."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from assemblyzero_tui.runner.errors import NewerVersionError, TuiError
from assemblyzero_tui.runner.events import SCHEMA, AnyEvent, decode_event, encode
from assemblyzero_tui.runner.places import FILE_MODE

_HEADER = b'{"journal":"assemblyzero-tui","schema":%d}\n' % SCHEMA
_READ_SIZE = 1 << 20


class _Header(msgspec.Struct):
    journal: str
    schema: int


class JournalWriter:
    """Appends events; the one place where ``seq`` and ``time`` are given.

    A journal that ends in the middle of a line, as after a power cut, is cut back to its last
    whole line first.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self.path = path
        self._clock = clock
        self.seq = 0
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, FILE_MODE)
        if os.fstat(self._file).st_size == 0:
            os.write(self._file, _HEADER)
        else:
            self._mend()

    def _mend(self) -> None:
        reader = JournalReader(self.path)
        for event in reader.poll():
            self.seq = max(self.seq, event.seq)
        reader.close()
        os.ftruncate(self._file, reader.offset)

    def append(self, event: AnyEvent) -> AnyEvent:
        """Writes one event and gives it its ``seq`` and, unless it has one, its ``time``."""
        self.seq += 1
        event.seq = self.seq
        event.time = event.time or self._clock()
        data = encode(event) + b"\n"
        while data:
            data = data[os.write(self._file, data) :]
        return event

    def sync(self) -> None:
        """Returns when everything appended so far is on the disk."""
        os.fsync(self._file)

    def close(self) -> None:
        """Syncs and closes."""
        if self._file >= 0:
            self.sync()
            os.close(self._file)
            self._file = -1


class JournalReader:
    """Reads the events of a journal, now and as it grows."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.offset = 0
        """Bytes read so far: always the end of a whole line."""
        self._file: BinaryIO | None = None

    def poll(self) -> list[AnyEvent]:
        """The events written since the last call; empty while the journal does not exist.

        Raises:
            TuiError: the file is not a journal this version can read.
        """
        return list(self._new_events())

    def _new_events(self) -> Iterator[AnyEvent]:
        if self._file is None:
            try:
                self._file = self.path.open("rb")
            except FileNotFoundError:
                return
        rest = b""
        while chunk := os.pread(self._file.fileno(), _READ_SIZE, self.offset + len(rest)):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                event = self._decode(line)
                self.offset += len(line) + 1
                if event is not None:
                    yield event

    def _decode(self, line: bytes) -> AnyEvent | None:
        if self.offset == 0:
            self._check_header(line)
            return None
        try:
            return decode_event(line)
        except msgspec.DecodeError as error:
            raise TuiError(
                f"The journal {self.path} is damaged at byte {self.offset}: {error}.",
                "Start the same command again: it continues from the checkpoints in a new run.",
            ) from error

    def _check_header(self, line: bytes) -> None:
        try:
            header = msgspec.json.decode(line, type=_Header)
        except msgspec.DecodeError as error:
            raise TuiError(f"{self.path} is not a journal of assemblyzero-tui.") from error
        if header.schema > SCHEMA:
            raise NewerVersionError(
                f"{self.path} was written by a newer version (schema {header.schema}, "
                f"this one reads up to {SCHEMA}).",
                "Update: pip install --upgrade assemblyzero-tui",
            )

    def close(self) -> None:
        """Closes the file; a later poll opens it again."""
        if self._file is not None:
            self._file.close()
            self._file = None


def read_journal(path: Path) -> list[AnyEvent]:
    """All events of a journal.

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
