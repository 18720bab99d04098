"""The files of a repository that several items write: one lock for all of them.

The lock is one on the repository's folder itself: whoever serves the repository waits for the
others, whatever their state folder and whoever they are, and nothing is left behind.
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
"""Where the files that we write into a repository lie, those below included."""
LOCK_PATIENCE = 10.0
"""Seconds that one process may hold the lock of the shared files; it takes milliseconds."""
_CROWD = 6
"""So many times that is waited at most while others take turns."""
_PAUSE = 0.01
"""Seconds between two tries."""
SHARED_MODE = 0o644
"""Of every file in the repository: they are meant to be read and committed."""


@contextlib.contextmanager
def repository_lock(repository: Path) -> Iterator[None]:
    """Holds the lock of a repository's shared files; waits for whoever has it, but not for long.

    Where folders cannot be locked (NFS wants them open for writing), a file in the user's fixed
    folder stands for this one.

    Raises:
        TuiError: the repository is not there, or somebody keeps the lock.
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
            stand_in = None
        except OSError as error:
            if error.errno not in UNLOCKABLE | {errno.EBADF}:
                raise _not_locked(repository, error) from error
            stand_in = _stand_in(repository)
        with stand_in or contextlib.nullcontext():
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
                if holders == before or now > began + _CROWD * LOCK_PATIENCE:
                    raise _kept(repository, describe_processes(holders)) from None
                deadline, before = now + LOCK_PATIENCE, holders
            time.sleep(_PAUSE)
        else:
            return


def _stand_in(repository: Path) -> FileLock:
    path = fixed_place(repository) / "files.lock"
    try:
        return FileLock.wait(path, LOCK_PATIENCE, f"process {os.getpid()}")
    except TimeoutError:
        with contextlib.suppress(OSError):
            raise _kept(repository, path.read_text(errors="replace").strip()) from None
        raise _kept(repository, "") from None
    except OSError as error:
        raise _not_locked(repository, error) from error


def _kept(repository: Path, who: str) -> TuiError:
    return TuiError(
        f"The files that items share in {repository} have been locked for {LOCK_PATIENCE:.0f} s "
        f"by {who or 'another process'}.",
        "Wait for it to finish, or end it; then retry.",
    )


def _not_locked(repository: Path, error: OSError) -> TuiError:
    return TuiError(
        f"The files that items share in {repository} cannot be locked: {error.strerror or error}.",
        "Free disk space and make the folder readable, then retry.",
    )


def publish_new(path: Path, data: bytes) -> bool:
    """Writes a file of the repository if nothing is there; whether it did.

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
    """Writes a file of the repository as a whole, with its folders.

    Raises:
        TuiError: it cannot be written; the old one is unharmed.
    """
    with _as_tui_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, data, SHARED_MODE, temporary_folder(path.parent))


@contextlib.contextmanager
def _as_tui_errors(path: Path) -> Iterator[None]:
    """Turns errors of writing a file into messages for the user."""
    try:
        yield
    except OSError as error:
        raise TuiError(
            f"Cannot write {path}: {error.strerror or error}.",
            "Free disk space or make the folder writable, then retry.",
        ) from error


def sweep_repository(repository: Path) -> int:
    """Removes the temporary files that killed processes left of ours; gives their number."""
    tops = [repository / top for top in _OURS if (repository / top).is_dir()]
    folders = {Path(root) for top in tops for root, *_ in os.walk(top)}
    folders |= {place for top in tops if (place := temporary_folder(top)) is not None}
    return sum(map(sweep, folders))


def make_folder(path: Path) -> None:
    """Makes a folder of the repository that can be written.

    Raises:
        TuiError: it cannot be made or written.
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
    """Puts what was renamed in a folder on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_shared(path: Path) -> bytes | None:
    """The bytes of a shared file; ``None`` if there is none.

    Raises:
        TuiError: it is there and cannot be read.
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
            else f"Move away whatever occupies the place of the folder {path.parent}."
            if isinstance(error, NotADirectoryError)
            else f"Make it readable, for example: chmod u+rw {path}",
        ) from error


def set_aside_name(path: Path, now: float | None = None) -> Path:
    """A free name beside a file for what was wrong with it: ``<name>.invalid-<time>``."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    for number in range(1, 1000):
        candidate = path.with_name(
            f"{path.name}.invalid-{stamp}" + (f"-{number}" if number > 1 else "")
        )
        if not os.path.lexists(candidate):
            return candidate
    raise TuiError(f"There are too many files named {path.name}.invalid-…", "Remove them.")
