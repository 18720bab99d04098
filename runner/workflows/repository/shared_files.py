"""The files of a repository that several items write, all under one lock.

The repository's folder itself is locked, so processes wait for each other whatever their state
folder and their user, and no lock file is left behind.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.base.paths import write_atomically
from assemblyzero_tui.runner.base.processes import describe_processes, processes_with_lock
from assemblyzero_tui.runner.base.temporary_files import sweep, temporary_folder
from assemblyzero_tui.runner.locks.file_locks import FileLock
from assemblyzero_tui.runner.locks.item_locks import UNLOCKABLE, fixed_place

_OURS = ("docs/lld", "docs/lineage")
"""The folders of a repository that this program writes to, with their subfolders."""
LOCK_PATIENCE = 10.0
"""Seconds that one process may hold the lock of the shared files; usually it takes milliseconds."""
_MAX_HOLDERS = 6
"""The wait while others take turns is at most this many times `LOCK_PATIENCE`."""
_POLL = 0.01
"""Seconds between two attempts."""
SHARED_MODE = 0o644
"""The mode of every file in the repository: they are meant to be read and committed."""


@contextlib.contextmanager
def repository_lock(repository: Path) -> Iterator[None]:
    """Holds the lock of a repository's shared files; waits for its holder, but not for long.

    Where folders cannot be locked (NFS requires them to be open for writing), a file in the user's
    fixed lock folder is locked instead.

    Raises:
        TuiError: the repository does not exist, or another process keeps the lock.
    """
    try:
        folder = os.open(repository, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise TuiError(
            f"Cannot open the repository {repository}: {error.strerror or error}.",
            "Check whether it was moved, and run the command there.",
        ) from error
    try:
        try:
            _lock_folder(folder, repository)
            substitute = None
        except OSError as error:
            if error.errno not in UNLOCKABLE | {errno.EBADF}:
                raise _cannot_lock(repository, error) from error
            substitute = _lock_substitute(repository)
        with substitute or contextlib.nullcontext():
            yield
    finally:
        os.close(folder)


def _lock_folder(folder: int, repository: Path) -> None:
    began = time.monotonic()
    deadline, before = began + LOCK_PATIENCE, processes_with_lock(folder)
    while True:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            now = time.monotonic()
            if now > deadline:
                holders = processes_with_lock(folder)
                if holders == before or now > began + _MAX_HOLDERS * LOCK_PATIENCE:
                    raise _locked_too_long(repository, describe_processes(holders)) from None
                deadline, before = now + LOCK_PATIENCE, holders
            time.sleep(_POLL)
        else:
            return


def _lock_substitute(repository: Path) -> FileLock:
    path = fixed_place(repository) / "files.lock"
    try:
        return FileLock.wait(path, LOCK_PATIENCE, f"process {os.getpid()}")
    except TimeoutError:
        with contextlib.suppress(OSError):
            raise _locked_too_long(repository, path.read_text(errors="replace").strip()) from None
        raise _locked_too_long(repository, "") from None
    except OSError as error:
        raise _cannot_lock(repository, error) from error


def _locked_too_long(repository: Path, holder: str) -> TuiError:
    return TuiError(
        f"The files that items share in {repository} have been locked for {LOCK_PATIENCE:.0f} s "
        f"by {holder or 'another process'}.",
        "Wait for it to finish, or end it; then retry.",
    )


def _cannot_lock(repository: Path, error: OSError) -> TuiError:
    return TuiError(
        f"The files that items share in {repository} cannot be locked: {error.strerror or error}.",
        "Free disk space and make the folder readable, then retry.",
    )


def publish_new(path: Path, data: bytes) -> bool:
    """Writes a file of the repository unless it exists; returns whether it was written.

    Raises:
        TuiError: it cannot be written.
    """
    with _as_tui_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            write_atomically(path, data, SHARED_MODE, temporary_folder(path.parent), new=True)
        except FileExistsError:
            return False
    return True


def publish(path: Path, data: bytes) -> None:
    """Writes a file of the repository atomically, and creates its folders.

    Raises:
        TuiError: it cannot be written; the old file is unchanged.
    """
    with _as_tui_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, data, SHARED_MODE, temporary_folder(path.parent))


@contextlib.contextmanager
def _as_tui_errors(path: Path) -> Iterator[None]:
    """Turns errors in writing a file into messages for the user."""
    try:
        yield
    except OSError as error:
        raise TuiError(
            f"Cannot write {path}: {error.strerror or error}.",
            "Free disk space or make the folder writable, then retry.",
        ) from error


def sweep_repository(repository: Path) -> int:
    """Removes temporary files that killed processes left behind; returns their number."""
    tops = [repository / top for top in _OURS if (repository / top).is_dir()]
    folders = {Path(root) for top in tops for root, *_ in os.walk(top)}
    folders |= {place for top in tops if (place := temporary_folder(top)) is not None}
    return sum(map(sweep, folders))


def make_folder(path: Path) -> None:
    """Creates a folder of the repository, and checks that it is writable.

    Raises:
        TuiError: it cannot be created or written to.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TuiError(
            f"Cannot create the folder {path}: {error.strerror or error}.",
            "Free disk space or make its parent writable, then retry.",
        ) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise TuiError(f"Cannot write in the folder {path}.", f"Run: chmod u+rwx {path}")


def sync_folder(folder: Path) -> None:
    """Syncs a folder to the disk after files in it were renamed."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_shared(path: Path) -> bytes | None:
    """The bytes of a shared file; ``None`` if there is none.

    Raises:
        TuiError: it exists and cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise TuiError(
            f"Cannot read {path}: {error.strerror or error}.",
            "Move it away."
            if path.is_dir()
            else f"{path.parent} must be a folder: move away what is there."
            if isinstance(error, NotADirectoryError)
            else f"Make it readable, for example: chmod u+rw {path}",
        ) from error


def set_aside_name(path: Path, now: float | None = None) -> Path:
    """An unused path next to a file for its invalid content: ``<name>.invalid-<time>``."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    for number in range(1, 1000):
        candidate = path.with_name(
            f"{path.name}.invalid-{stamp}" + (f"-{number}" if number > 1 else "")
        )
        if not os.path.lexists(candidate):
            return candidate
    raise TuiError(f"There are too many files named {path.name}.invalid-…", "Remove them.")
