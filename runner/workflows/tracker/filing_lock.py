"""The lock under which issues are filed: one tracker, one filer at a time, on this machine.

The mark in an issue's body tells whether a brief is filed, but two that look at the same time both
see nothing. So whoever files holds the tracker's lock from looking to filing, whatever state
folder, clone or cron job it comes from. ``gh`` inherits the lock: the one of a killed worker holds
it as long as it may still file.
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

CALLS_AT_MOST = 8
"""Calls of ``gh`` that one filing makes: it looks, files, and after a failure looks again."""
_PAUSE = 0.1
"""Seconds between two tries."""


def filing_file(tracker: str, ending: str) -> Path:
    """A file that belongs to a tracker, in the folder that all processes of a user find.

    Raises:
        TuiError: the folder cannot be used.
    """
    digest = hashlib.sha256(tracker.lower().encode()).hexdigest()[:32]
    return fixed_lock_folder() / f"filing-{digest}.{ending}"


@contextlib.contextmanager
def filing_lock(tracker: str, holder: str, log: Callable[[str], None]) -> Iterator[None]:
    """Holds the lock of a tracker; waits for whoever has it.

    Nobody is waited for longer than all its calls of ``gh`` may take; who has it may change.

    Args:
        tracker: ``host/owner/name``.
        holder: Who this is, for those that wait.
        log: Prints a line, once for each that is waited for.

    Raises:
        WorkflowError: somebody held it too long.
        TuiError: there is no place for the lock.
    """
    path = filing_file(tracker, "lock")
    lock = _wait(path, f"{holder}, {time.time():.0f}", tracker, log)
    try:
        with sharing_with_children(lock.descriptor):
            yield
    finally:
        lock.release()


def _wait(path: Path, note: str, tracker: str, log: Callable[[str], None]) -> FileLock:
    limit = CALLS_AT_MOST * gh_process.TIMEOUT
    known, deadline = "", 0.0
    while (lock := _take(path, note)) is None:
        has_it = _holder(path)
        if has_it != known or not deadline:
            known, deadline = has_it, time.monotonic() + limit
            log(f"    Waiting for {has_it}, which is filing in {tracker}")
        if time.monotonic() > deadline:
            raise WorkflowError(
                f"Not filed: {has_it} has been filing in {tracker} for more than {limit:.0f} s.",
                f"Check what it is doing, end it if it hangs (its lock: {path}), and run the same "
                "command again.",
            )
        time.sleep(_PAUSE)
    return lock


def _take(path: Path, note: str) -> FileLock | None:
    try:
        return FileLock.take(path, note)
    except OSError as error:
        raise TuiError(
            f"Cannot lock {path}: {error.strerror or error}. Nothing was filed.",
            f"Free disk space in {path.parent}, or check its permissions: ls -l {path}",
        ) from error


def _holder(path: Path) -> str:
    try:
        said = path.read_text(errors="replace").rpartition(", ")[0]
    except OSError:
        said = ""
    return said or "another process"
