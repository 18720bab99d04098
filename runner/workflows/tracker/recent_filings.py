"""The recent filings on a tracker and the runs that made them, as its listing may lag.

GitHub's listing is usually current, but sometimes minutes late. So each filing is recorded next to
the lock, before and after, and the next process reads these records as well as the listing. An
entry is valid for `VALID_SECONDS`; after that only the listing counts.
"""

from __future__ import annotations

import time
from pathlib import Path

import msgspec

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.base.paths import write_atomically
from assemblyzero_tui.runner.workflows.tracker.filing_lock import filing_file

VALID_SECONDS = 900.0
"""A listing was once observed to lag by eight minutes."""


class Entry(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The filing of one brief: begun, and possibly finished."""

    mark: str
    by: str
    """The run that filed it, and its state folder."""
    time: float
    """Seconds since the epoch."""
    answered: bool = False
    """Whether ``gh`` has ended, so that it cannot file anything any more."""
    number: int = 0
    """The number of the issue; 0 if it is unknown."""
    url: str = ""


class RecentFilings:
    """The recent entries of a tracker; written only under its lock."""

    def __init__(self, tracker: str) -> None:
        """Raises TuiError if the folder for locks cannot be used."""
        self._path: Path = filing_file(tracker, "json")

    def find(self, mark: str) -> Entry | None:
        """The entry of a brief, unless it is too old."""
        return self._read().get(mark)

    def record(self, entry: Entry) -> None:
        """Writes an entry; it replaces an earlier one of the same brief.

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
        """The entries that are still valid; none if the file is damaged."""
        try:
            entries = msgspec.json.decode(self._path.read_bytes(), type=list[Entry])
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return {}
        now = time.time()
        return {entry.mark: entry for entry in entries if abs(now - entry.time) < VALID_SECONDS}
