"""What was filed on a tracker recently, and by whom; the tracker may not list it yet.

GitHub's listing may lag, usually not at all, sometimes by minutes. So each filing is recorded
next to the lock, before and after, and the next process reads these records as well as the
listing. Entries count for `BELIEVED` seconds; after that only the listing does.
"""

from __future__ import annotations

import time
from pathlib import Path

import msgspec

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.base.paths import write_atomically
from assemblyzero_tui.runner.workflows.tracker.filing_lock import filing_file

BELIEVED = 900.0
"""Seconds. A listing has been seen to lag by eight minutes."""


class Entry(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The filing of one brief: begun, and perhaps finished."""

    mark: str
    by: str
    """Which run, of which state folder."""
    time: float
    """Seconds since the epoch."""
    answered: bool = False
    """``gh`` has ended, so it files nothing any more."""
    number: int = 0
    """Of the issue; 0 if none is known."""
    url: str = ""


class RecentFilings:
    """The recent entries of a tracker; written only under its lock."""

    def __init__(self, tracker: str) -> None:
        """Raises TuiError where the folder for locks cannot be used."""
        self._path: Path = filing_file(tracker, "json")

    def find(self, mark: str) -> Entry | None:
        """The entry of a brief, unless it is too old."""
        return self._read().get(mark)

    def record(self, entry: Entry) -> None:
        """Writes an entry, in place of an earlier one of its brief.

        Raises:
            TuiError: it cannot be written.
        """
        entries = self._read() | {entry.mark: entry}
        try:
            write_atomically(self._path, msgspec.json.encode(list(entries.values())))
        except OSError as error:
            raise TuiError(
                f"Cannot write {self._path}: {error.strerror or error}.",
                f"Free disk space in {self._path.parent}.",
            ) from error

    def _read(self) -> dict[str, Entry]:
        """The entries that still count; none if the file is damaged."""
        try:
            found = msgspec.json.decode(self._path.read_bytes(), type=list[Entry])
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return {}
        now = time.time()
        return {entry.mark: entry for entry in found if abs(now - entry.time) < BELIEVED}
