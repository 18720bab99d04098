"""Locks of items: the engine holds the ``owner`` lock, a living process the ``busy`` lock.

A start needs both. The locks are stored with what they protect, so that all work trees, state
folders and cron jobs see the same ones: in ``<git folder>/assemblyzero/locks``, which git neither
lists nor cleans. If that folder cannot be created or locked (a read-only file system, one without
locks, a folder of another user), or there is no git, they are in the user's fixed folder, named by
the device and inode of the repository's folder. One case is not covered: two users of whom only one
may write in the git folder. The other one sees the locks there, if they are readable, but not vice
versa.

Clean-up tools remove old files in ``/tmp``. Newer versions of ``systemd-tmpfiles`` (after 10 days)
skip locked files, by ``tmpfiles.d(5)``; other tools do not. So the files of held locks are touched
every hour (:meth:`ItemLock.touch`), and an engine whose lock file has lost its name starts nothing
more.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.base.git_folder import common_git_folder
from assemblyzero_tui.runner.base.paths import checkpoint_file, state_home
from assemblyzero_tui.runner.base.processes import describe_processes, processes_with_open_file
from assemblyzero_tui.runner.locks.file_locks import FileLock, is_held
from assemblyzero_tui.runner.locks.lock_folder import fixed_lock_folder

IN_GIT_FOLDER = Path("assemblyzero/locks")
"""The folder of locks in the git folder that all work trees share."""
KEPT = 7 * 86400.0
"""Seconds for which the file of a free lock is kept: it can contain the outcome."""
UNLOCKABLE = frozenset(
    {
        errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP,
        errno.ENOSYS,
    }
)  # fmt: skip
"""Errors that mean that a folder does not support locks; any other error is a failure."""
_OWNER, _BUSY = ".owner", ".busy"


class Holder(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """The holder of a lock, or the one that finished its item: one line of JSON in the lock."""

    run: str = ""
    """Name of the run; empty if unknown."""
    state: str = ""
    """The state folder of the run."""
    pid: int = 0
    """Process id of its engine."""
    repository: str = ""
    """Its work tree."""
    finished: float = 0.0
    """When it finished the item, in seconds since the epoch; 0 before that."""
    survivors: str = msgspec.field(default="", name="left")
    """Processes of a dead attempt that are still alive; only set by :meth:`ItemLocks.take`."""
    outcome: str = ""
    """The outcome of the item: ``approved after 2 reviews``."""

    def __str__(self) -> str:
        """``run 20260131-140200-lld (state folder /home/x/.assemblyzero, process 4711)``."""
        where = [f"state folder {self.state}"] if self.state else []
        where += [f"process {self.pid}"] if self.pid else []
        where += [f"still alive: {self.survivors}"] if self.survivors else []
        who = f"run {self.run}" if self.run else "another run"
        return f"{who} ({', '.join(where)})" if where else who


class ItemLock:
    """The ``owner`` lock of an item, held until :meth:`release` or :meth:`finish`."""

    def __init__(self, lock: FileLock, busy: Path) -> None:
        self._lock = lock
        self._busy = busy

    @property
    def path(self) -> Path:
        """The lock's file."""
        return self._lock.path

    @property
    def named(self) -> bool:
        """Whether other processes see the lock; false if its file was removed."""
        return self._lock.named

    def touch(self) -> None:
        """Updates the times of both lock files; missing files stay missing."""
        with contextlib.suppress(OSError):
            self._lock.touch()
            os.utime(self._busy)

    def release(self, *, remove: bool = False) -> None:
        """Releases the item, and with ``remove`` deletes the files unless a process is alive."""
        if remove and self.named and not _held(self._busy):
            self._busy.unlink(missing_ok=True)
        self._lock.release(remove=remove)

    def finish(self, mark: Holder) -> None:
        """Releases a finished item; the lock's text tells waiting runs the outcome."""
        if self.named:
            self._busy.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # disk full: other runs check the item itself
            self._lock.write(_encoded(mark))
        self._lock.release()


class ItemLocks:
    """The locks of all items of one target in one repository.

    Args:
        repository: The root of a work tree, or a folder without git.
        target: The workflow's name.
        me: The holder to write into the locks.
    """

    def __init__(self, repository: Path, target: str, me: Holder | None = None) -> None:
        self.me = me or Holder()
        self._repository = repository
        self._target = target
        self._chosen: Path | None = None

    def busy_file(self, key: str) -> Path:
        """The lock that the processes of an item hold.

        Raises:
            TuiError: no folder for locks can be used.
        """
        return self._folder() / f"{self._target}-{key}{_BUSY}"

    def take_busy(self, key: str) -> FileLock | None:
        """Takes the lock for a process to be started; ``None`` if one is alive.

        Raises:
            TuiError: it cannot be created.
        """
        path = self.busy_file(key)
        with _as_tui_error(path):
            return _take(path, _encoded(self.me))

    def holder(self, key: str) -> Holder | None:
        """Returns the current holder of an item, in any folder of locks; ``None`` if it is free.

        It takes no lock, so another process can take the item a moment later.
        """
        for path in self._everywhere(key):
            if _held(path):
                return _holder_in(path)
        return None

    def take(self, key: str) -> tuple[ItemLock, Holder] | Holder:
        """Takes an item, unless it is held or one of its processes is alive.

        Returns:
            The lock and its previous holder, or the current holder.

        Raises:
            TuiError: the lock cannot be created.
        """
        folder = self._folder()
        owner, busy = (folder / f"{self._target}-{key}{kind}" for kind in (_OWNER, _BUSY))
        with _as_tui_error(owner):
            lock = _take(owner, None)
        if lock is None:
            return _holder_in(owner)
        for path in self._everywhere(key):
            if path != owner and _held(path):
                lock.release()
                busy_path = str(path.resolve()) if path.suffix == _BUSY else ""
                survivors = describe_processes(processes_with_open_file(busy_path))
                return msgspec.structs.replace(_holder_in(path), survivors=survivors)
        before = _decoded(lock.read())
        with _as_tui_error(owner):
            lock.write(_encoded(self.me))
        return ItemLock(lock, busy), before

    def _everywhere(self, key: str) -> Iterator[Path]:
        """Every file that can be a lock of an item, the most likely first."""
        for folder in self._folders():
            for kind in (_OWNER, _BUSY):
                yield folder / f"{self._target}-{key}{kind}"
        checkpoint = checkpoint_file(self._repository, self._target, key)
        for kind in (_OWNER, _BUSY):  # where earlier versions stored them
            yield checkpoint.with_suffix(kind)

    def _folders(self) -> Iterator[Path]:
        shared = common_git_folder(self._repository)
        if shared is not None:
            yield shared / IN_GIT_FOLDER
        with contextlib.suppress(TuiError, OSError):
            yield fixed_place(shared or self._repository)

    def _folder(self) -> Path:
        """The folder in which locks are taken: the first usable one, chosen once."""
        if self._chosen is None:
            self._chosen = self._choose()
            _sweep(self._chosen)
        return self._chosen

    def _choose(self) -> Path:
        shared = common_git_folder(self._repository)
        if shared is not None:
            folder = shared / IN_GIT_FOLDER
            try:
                _make_like(folder, shared)
                _check_lockable(folder)
            except OSError as error:
                if error.errno not in UNLOCKABLE:
                    raise _unusable(folder, error) from error
            else:
                return folder
        try:
            folder = fixed_place(shared or self._repository)
        except OSError as error:
            raise TuiError(
                f"The repository {self._repository} cannot be accessed: "
                f"{error.strerror or error}. "
                "Was it moved? Move it back and retry, or start a new run where it is now."
            ) from error
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            _check_lockable(folder)
        except OSError as error:
            raise _unusable(folder, error) from error
        return folder


def fixed_place(folder: Path) -> Path:
    """The folder of locks for a folder that cannot contain them; it is not created here."""
    status = folder.stat()
    return fixed_lock_folder() / f"{status.st_dev}-{status.st_ino}"


def _make_like(folder: Path, shared: Path) -> None:
    """Creates the folder of locks with the git folder's mode: whoever can commit can lock."""
    mode = stat.S_IMODE(shared.stat().st_mode)
    for path in (folder.parent, folder):
        with contextlib.suppress(FileExistsError):
            path.mkdir()
            path.chmod(mode)


def _take(path: Path, note: str | None) -> FileLock | None:
    """Takes a lock whose file gets the mode of its folder, regardless of the umask."""
    mode = stat.S_IMODE(path.parent.stat().st_mode) & 0o666
    try:
        lock = FileLock.take(path, note, mode=mode)
    except PermissionError:  # created by another user, such as root
        if is_held(path):
            return None
        path.unlink()
        lock = FileLock.take(path, note, mode=mode)
    if lock is not None:
        with contextlib.suppress(OSError):
            os.fchmod(lock.descriptor, mode)
    return lock


def _check_lockable(folder: Path) -> None:
    """Locks a file in the folder once.

    Raises:
        OSError: the folder does not support locks.
    """
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
    lock = FileLock.take(folder / f".try-{os.getpid()}")
    if lock is not None:
        lock.release(remove=True)


def _sweep(folder: Path) -> None:
    """Removes the files of locks that have been free for a long time."""
    old = time.time() - KEPT
    with contextlib.suppress(OSError):
        for path in folder.glob(f"*{_OWNER}"):
            busy = path.with_suffix(_BUSY)
            if path.stat().st_mtime < old and (lock := FileLock.take(path, None)) is not None:
                stale = not _held(busy)
                if stale:
                    busy.unlink(missing_ok=True)
                lock.release(remove=stale)


def _held(path: Path) -> bool:
    """Whether a lock is held; false if its file cannot be opened."""
    try:
        return is_held(path)
    except OSError:
        return False


def _encoded(holder: Holder) -> str:
    return msgspec.json.encode(holder).decode() + "\n"


def _decoded(text: str) -> Holder:
    """The holder in a lock's text; earlier versions wrote only the name of the run."""
    try:
        return msgspec.json.decode(text, type=Holder)
    except msgspec.DecodeError:
        line = text.strip()
        return Holder() if line.startswith("{") else Holder(run=line)


def _holder_in(path: Path) -> Holder:
    try:
        holder = _decoded(path.read_text(errors="replace"))
    except OSError:
        return Holder()
    earlier = path.parent.parent.parent == state_home()
    return msgspec.structs.replace(holder, state=str(state_home())) if earlier else holder


@contextlib.contextmanager
def _as_tui_error(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _unusable(path, error) from error


def _unusable(path: Path, error: OSError) -> TuiError:
    return TuiError(
        f"Cannot create the lock {path}: {error.strerror or error}.",
        "Free some space or make the folder writable, then retry.",
    )
