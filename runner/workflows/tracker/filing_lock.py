"""The lock for filing issues: on this machine, one process at a time files in a tracker.

The mark in an issue's body shows that a brief was filed, but two processes that look at the same
time would both find nothing. So a process holds the tracker's lock from looking to filing, whatever
its state folder, clone or cron job. ``gh`` inherits the lock: if its worker is killed, it holds the
lock for as long as it can still file.
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from assemblyzero_tui.runner.base.errors import TuiError, WorkflowError
from assemblyzero_tui.runner.locks.file_locks import FileLock, sharing_with_children
from assemblyzero_tui.runner.locks.lock_folder import fixed_lock_folder
from assemblyzero_tui.runner.workflows.tracker import gh_process

MAX_CALLS = 12
"""Calls of ``gh`` in one filing: it looks, files, and looks again after a failure, twice."""
_POLL = 0.1
"""Seconds between two attempts."""


def filing_file(tracker: str, ending: str) -> Path:
    """The path of a tracker's file in the folder that all processes of a user share.

    Raises:
        TuiError: the folder cannot be used.
    """
    digest = hashlib.sha256(tracker.lower().encode()).hexdigest()[:32]
    return fixed_lock_folder() / f"filing-{digest}.{ending}"


@contextlib.contextmanager
def filing_lock(tracker: str, holder: str, log: Callable[[str], None]) -> Iterator[None]:
    """Holds the lock of a tracker; waits for its holder.

    The wait for one holder is limited to the time that all its calls of ``gh`` can take; the holder
    may change.

    Args:
        tracker: ``host/owner/name``.
        holder: Describes this process to others that wait.
        log: Prints a line, once for each holder.

    Raises:
        WorkflowError: one holder kept it too long.
        TuiError: the lock file cannot be created.
    """
    path = filing_file(tracker, "lock")
    lock = _wait(path, f"{holder}, {time.time():.0f}", tracker, log)
    try:
        with sharing_with_children(lock.descriptor):
            yield
    finally:
        lock.release()


def _wait(path: Path, note: str, tracker: str, log: Callable[[str], None]) -> FileLock:
    limit = MAX_CALLS * gh_process.TIMEOUT
    previous, deadline = "", 0.0
    while (lock := _take(path, note)) is None:
        holder = _read_holder(path)
        if holder != previous or not deadline:
            previous, deadline = holder, time.monotonic() + limit
            log(f"    Waiting for {holder}, which is filing in {tracker}")
        if time.monotonic() > deadline:
            raise WorkflowError(
                f"Not filed: {holder} has been filing in {tracker} for more than {limit:.0f} s.",
                f"Check what it is doing, end it if it hangs (its lock: {path}), and run the same "
                "command again.",
            )
        time.sleep(_POLL)
    return lock


def _take(path: Path, note: str) -> FileLock | None:
    try:
        return FileLock.take(path, note)
    except OSError as error:
        raise TuiError(
            f"Cannot lock {path}: {error.strerror or error}. Nothing was filed.",
            f"Free disk space in {path.parent}, or check its permissions: ls -l {path}",
        ) from error


def _read_holder(path: Path) -> str:
    try:
        holder = path.read_text(errors="replace").rpartition(", ")[0]
    except OSError:
        holder = ""
    return holder or "another process"
