"""The pace of filing on a host, shared by all processes of this machine.

GitHub limits new issues per minute and per hour, and does not publish the limits. 20 and 150 were
measured (github.com/cli/cli/issues/4801), and its documentation recommends a second between two
requests that write. After a refusal all processes pause, longer each time: requests during a pause
may prolong it.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from time import localtime, strftime
from time import time as now

import msgspec

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.base.paths import write_atomically
from assemblyzero_tui.runner.workflows.tracker.filing_lock import filing_file
from assemblyzero_tui.runner.workflows.tracker.gh_failures import Cause, GhTransientError
from assemblyzero_tui.runner.workflows.tracker.gh_process import RATE_WINDOW, WAITING

GAP = 1.0
"""Seconds between two filings."""
AT_MOST = ((60.0, 18), (3600.0, 140))
"""Pairs of a time in seconds and the most filings within it."""
PAUSES = (15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0)
"""Seconds to pause after one refusal, two, three, …"""


class _Book(msgspec.Struct, kw_only=True):
    """The filings and refusals of a host."""

    times: list[float] = []
    """The times of the filings of the last hour, in seconds since the epoch."""
    until: float = 0.0
    """The end of the pause after a refusal."""
    refusals: int = 0
    """In a row."""


class FilingPace:
    """The pace of one host, for one process.

    Args:
        tracker: ``host/owner/name``.
    """

    def __init__(self, tracker: str) -> None:
        """Raises TuiError where the folder for locks cannot be used."""
        self._path: Path = filing_file(tracker.partition("/")[0], "pace")
        self._waited = 0.0

    def wait_for_turn(self) -> None:
        """Returns when an issue may be filed.

        Raises:
            GhTransientError: that takes longer than a minute.
        """
        time = now()
        spell = min(self._turn(self._read(time)) - time, RATE_WINDOW)
        if spell <= 0:
            return
        if self._waited + spell > WAITING.patience:
            at = strftime("%H:%M:%S", localtime(time + spell))
            raise GhTransientError(
                f"Not filed yet: GitHub takes no new issue before {at}.",
                "Run the same command again then.",
                time + spell,
                Cause.CONTENT,
            )
        if spell > GAP:
            WAITING.notify(f"Filing is paced; the next issue is filed in {spell:.0f} s")
        WAITING.sleep(spell)
        self._waited += spell

    def filed(self) -> None:
        """Records a filing."""
        time = now()
        self._write(_Book(times=[*self._read(time).times, time]))

    def refused(self, error: GhTransientError) -> None:
        """Records a refusal."""
        time = now()
        book = self._read(time)
        book.refusals += 1
        pause = PAUSES[min(book.refusals, len(PAUSES)) - 1]
        if error.cause is Cause.SECONDARY:
            pause = max(pause, WAITING.secondary)
        # Not later than is believed when it is read again.
        book.until = min(max(book.until, error.until, time + pause), time + RATE_WINDOW)
        self._write(book)

    def _turn(self, book: _Book) -> float:
        """When the next issue may be filed."""
        turns = [book.until, *(moment + GAP for moment in book.times[-1:])]
        for seconds, limit in AT_MOST:
            if len(book.times) >= limit:
                turns.append(book.times[-limit] + seconds)
        return max(turns)

    def _read(self, time: float) -> _Book:
        """The record; empty if the file is damaged. Times in the future are ignored."""
        try:
            book = msgspec.json.decode(self._path.read_bytes(), type=_Book)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return _Book()
        book.times = sorted(t for t in book.times if time - RATE_WINDOW < t <= time)
        if book.until > time + RATE_WINDOW:
            book.until = 0.0
        return book

    def _write(self, book: _Book) -> None:
        """Writes the record; if that fails, filing is not paced."""
        with contextlib.suppress(OSError, TuiError):
            write_atomically(self._path, msgspec.json.encode(book))
