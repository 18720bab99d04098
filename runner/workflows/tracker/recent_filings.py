"""What was filed on a tracker a moment ago, by whom: known here before the tracker lists it.

GitHub's listing may lag behind: mostly by nothing, at times by minutes. So who files notes it
beside the lock, before and after, and who comes next reads that besides the listing. Entries are
believed for `BELIEVED` seconds; after that the listing knows better.
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
    """A brief that was going to be filed."""

    mark: str
    by: str
    """Which run, of which state folder."""
    time: float
    """Seconds since the epoch."""
    answered: bool = False
    """``gh`` came to an end: what it has not filed by then it never will."""
    number: int = 0
    """Of the issue; 0 if it is not known that there is one."""
    url: str = ""


class FilingBook:
    """The entries of a tracker. Written only under its lock; read by anybody."""

    def __init__(self, tracker: str) -> None:
        """Raises TuiError where the folder for locks cannot be used."""
        self._path: Path = filing_file(tracker, "json")

    def find(self, mark: str) -> Entry | None:
        """What is known of a brief, if that is not too long ago."""
        return self._read().get(mark)

    def note(self, entry: Entry) -> None:
        """Puts an entry in the place of what was known of its brief.

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
        """The entries that are believed; a damaged file holds none."""
        try:
            found = msgspec.json.decode(self._path.read_bytes(), type=list[Entry])
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return {}
        now = time.time()
        return {entry.mark: entry for entry in found if abs(now - entry.time) < BELIEVED}
