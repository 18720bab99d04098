"""Who holds an item: the engine by its ``owner`` lock, a living process by its ``busy`` lock.

A start needs both. The locks lie with what they protect, so that every work tree, every state
folder and every cron job meets: in ``<git folder>/assemblyzero/locks``, which git neither shows nor
tidies. Where that cannot be made or locked (a file system that is read-only or has no locks, a
folder of somebody else), or there is no git, they lie in the user's fixed folder, by the device and
inode of the folder that they stand for. What cannot meet: two users of whom one may not write in
the git folder. He sees the other's locks there, if he may read them, but not the other way round.

Files in ``/tmp`` are removed when they grow old. ``systemd-tmpfiles`` (after 10 days) spares what
is locked, by ``tmpfiles.d(5)`` of its newer versions; others do not look. So the files of held
locks are touched every hour (:meth:`ItemLock.touch`), and whoever finds that its file lost its name
starts nothing more.
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
"""Where the locks lie in the git folder that all work trees share."""
KEPT = 7 * 86400.0
"""Seconds for which a lock's file is kept that nobody holds: it may tell what was made."""
UNLOCKABLE = frozenset(
    {
        errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP,
        errno.ENOSYS,
    }
)  # fmt: skip
"""What says that a place is none for locks; everything else is a failure."""
_OWNER, _BUSY = ".owner", ".busy"


class Holder(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """Who holds a lock, or had it when its item was finished: one line of JSON in the lock."""

    run: str = ""
    """Name of the run; empty where it cannot be read."""
    state: str = ""
    """The state folder that the run lies in."""
    pid: int = 0
    """Of its engine."""
    repository: str = ""
    """The work tree that it works in."""
    finished: float = 0.0
    """When it finished the item, seconds since the epoch; 0 as long as it has not."""
    left: str = ""
    """Of a dead attempt, the processes that live on; known only to whoever looked."""
    outcome: str = ""
    """What it made of the item then: ``approved after 2 reviews``."""

    def __str__(self) -> str:
        """``run 20260131-140200-lld (state folder /home/x/.assemblyzero, process 4711)``."""
        where = [f"state folder {self.state}"] if self.state else []
        where += [f"process {self.pid}"] if self.pid else []
        where += [f"still alive: {self.left}"] if self.left else []
        who = f"run {self.run}" if self.run else "another run"
        return f"{who} ({', '.join(where)})" if where else who


class ItemLock:
    """The ``owner`` lock of an item, held until :meth:`release` or :meth:`finish`."""

    def __init__(self, lock: FileLock, busy: Path) -> None:
        self._lock = lock
        self._busy = busy

    @property
    def path(self) -> Path:
        """Of the lock's file."""
        return self._lock.path

    @property
    def named(self) -> bool:
        """Whether others find the lock held; its file may have been removed."""
        return self._lock.named

    def touch(self) -> None:
        """Keeps the files of both locks from growing old; files that are gone stay gone."""
        with contextlib.suppress(OSError):
            self._lock.touch()
            os.utime(self._busy)

    def release(self, *, remove: bool = False) -> None:
        """Gives the item back; with ``remove`` the files go too, but not while a process lives."""
        if remove and self.named and not _held(self._busy):
            self._busy.unlink(missing_ok=True)
        self._lock.release(remove=remove)

    def finish(self, mark: Holder) -> None:
        """Gives the item back for good: the text tells whoever waits what was made."""
        if self.named:
            self._busy.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # without room others look at the item itself
            self._lock.write(_encoded(mark))
        self._lock.release()


class ItemLocks:
    """The locks of all items of one target in one repository.

    Args:
        repository: The root of a work tree, or a folder without git.
        target: What is done with the items: the workflow's name.
        me: What to write into the locks.
    """

    def __init__(self, repository: Path, target: str, me: Holder | None = None) -> None:
        self.me = me or Holder()
        self._repository = repository
        self._target = target
        self._chosen: Path | None = None

    def busy_file(self, key: str) -> Path:
        """The lock that the processes of an item hold.

        Raises:
            TuiError: there is no place for locks.
        """
        return self._folder() / f"{self._target}-{key}{_BUSY}"

    def take_busy(self, key: str) -> FileLock | None:
        """Takes the lock for a process that is going to be started; ``None`` if one lives.

        Raises:
            TuiError: it cannot be made.
        """
        path = self.busy_file(key)
        with _as_tui_error(path):
            return _take(path, _encoded(self.me))

    def holder(self, key: str) -> Holder | None:
        """Who holds an item now, wherever its locks may lie; ``None`` if it is free.

        Makes nothing, and looks only: nobody is kept from taking it a moment later.
        """
        for path in self._everywhere(key):
            if _held(path):
                return _holder_in(path)
        return None

    def take(self, key: str) -> tuple[ItemLock, Holder] | Holder:
        """Takes an item, of which no process may be alive.

        Returns:
            The lock, and who had it before; or who holds it now.

        Raises:
            TuiError: the lock cannot be made.
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
                left = processes_with_open_file(str(path.resolve())) if path.suffix == _BUSY else []
                return msgspec.structs.replace(_holder_in(path), left=describe_processes(left))
        before = _decoded(lock.read())
        with _as_tui_error(owner):
            lock.write(_encoded(self.me))
        return ItemLock(lock, busy), before

    def _everywhere(self, key: str) -> Iterator[Path]:
        """Every file that may say that an item is held, the likeliest first."""
        for folder in self._folders():
            for kind in (_OWNER, _BUSY):
                yield folder / f"{self._target}-{key}{kind}"
        checkpoint = checkpoint_file(self._repository, self._target, key)
        for kind in (_OWNER, _BUSY):  # where earlier versions had them
            yield checkpoint.with_suffix(kind)

    def _folders(self) -> Iterator[Path]:
        shared = common_git_folder(self._repository)
        if shared is not None:
            yield shared / IN_GIT_FOLDER
        with contextlib.suppress(TuiError, OSError):
            yield fixed_place(shared or self._repository)

    def _folder(self) -> Path:
        """Where locks are taken: the first place that can be used, and the same from then on."""
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
                _try(folder)
            except OSError as error:
                if error.errno not in UNLOCKABLE:
                    raise _unusable(folder, error) from error
            else:
                return folder
        try:
            folder = fixed_place(shared or self._repository)
        except OSError as error:
            raise TuiError(
                f"The repository {self._repository} cannot be entered: "
                f"{error.strerror or error}. "
                "Was it moved? Move it back and retry, or start a new run where it is now."
            ) from error
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            _try(folder)
        except OSError as error:
            raise _unusable(folder, error) from error
        return folder


def fixed_place(folder: Path) -> Path:
    """Where the locks for a folder lie that cannot have them itself; not made here."""
    found = folder.stat()
    return fixed_lock_folder() / f"{found.st_dev}-{found.st_ino}"


def _make_like(folder: Path, shared: Path) -> None:
    """Makes the folder of locks as open as the git folder: who may commit may lock."""
    mode = stat.S_IMODE(shared.stat().st_mode)
    for path in (folder.parent, folder):
        with contextlib.suppress(FileExistsError):
            path.mkdir()
            path.chmod(mode)


def _take(path: Path, note: str | None) -> FileLock | None:
    """Takes a lock whose file is as open as its folder, whatever the umask."""
    mode = stat.S_IMODE(path.parent.stat().st_mode) & 0o666
    try:
        lock = FileLock.take(path, note, mode=mode)
    except PermissionError:  # another user left it, such as root
        if is_held(path):
            return None
        path.unlink()
        lock = FileLock.take(path, note, mode=mode)
    if lock is not None:
        with contextlib.suppress(OSError):
            os.fchmod(lock.descriptor, mode)
    return lock


def _try(folder: Path) -> None:
    """Locks a file there once.

    Raises:
        OSError: that is not possible.
    """
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
    lock = FileLock.take(folder / f".try-{os.getpid()}")
    if lock is not None:
        lock.release(remove=True)


def _sweep(folder: Path) -> None:
    """Removes the files of locks that nobody has held for long."""
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
    """Whether a lock is held; one that may not even be looked at is not ours to judge."""
    try:
        return is_held(path)
    except OSError:
        return False


def _encoded(holder: Holder) -> str:
    return msgspec.json.encode(holder).decode() + "\n"


def _decoded(text: str) -> Holder:
    """The holder in a lock's text; earlier versions wrote the name of the run alone."""
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
        f"Cannot make the lock {path}: {error.strerror or error}.",
        "Free some space or make the folder writable, then retry.",
    )
