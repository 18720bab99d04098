"""Advisory file locks that belong to an open file, so that a child can inherit them.

An ``flock`` lock lasts while any process has the open file through which it was taken: passed to a
worker and inherited by its children, it shows whether any of them is still alive.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from assemblyzero_tui.runner.base.paths import FILE_MODE, make_private_directory

_PROBE_PATIENCE = (0.002, 0.005, 0.01)
"""Seconds between the attempts of :meth:`FileLock.take`; a probe holds a lock for microseconds."""
_PAUSE = 0.01
"""Seconds between the attempts of :meth:`FileLock.wait`."""
_NOTE_LIMIT = 1 << 16
"""The most bytes of a lock's text that are read."""


class FileLock:
    """A lock that is held from the moment it exists until :meth:`release` or :meth:`hand_over`."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self.descriptor = descriptor

    @classmethod
    def take(cls, path: Path, note: str | None = "", *, mode: int = FILE_MODE) -> FileLock | None:
        """Takes the lock without waiting; ``None`` if another process holds it.

        Args:
            path: Its file, which is created if it is missing.
            note: Text written into the file for other processes; ``None`` keeps the existing one.
            mode: Permissions of a new file.

        Raises:
            OSError: the file cannot be created or opened.
        """
        make_private_directory(path.parent)
        patience = iter(_PROBE_PATIENCE)
        while True:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, mode)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                if (pause := next(patience, None)) is None:
                    return None
                time.sleep(pause)
                continue
            except BaseException:
                os.close(descriptor)
                raise
            if _still_named(path, descriptor):
                break
            os.close(descriptor)
        lock = cls(path, descriptor)
        if note is not None:
            lock.write(note)
        return lock

    def read(self) -> str:
        """Returns the text in its file."""
        return os.pread(self.descriptor, _NOTE_LIMIT, 0).decode(errors="replace")

    def write(self, note: str) -> None:
        """Replaces the text in its file.

        Raises:
            OSError: there is no room for it.
        """
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, note.encode(), 0)

    @property
    def named(self) -> bool:
        """Whether its file still has its name, and other processes see the lock."""
        return _still_named(self.path, self.descriptor)

    def touch(self) -> None:
        """Updates the file times, so that clean-up of temporary folders skips it."""
        os.utime(self.descriptor)

    @classmethod
    def wait(cls, path: Path, seconds: float, note: str = "") -> FileLock:
        """Takes the lock, waiting until it is free.

        Raises:
            TimeoutError: it was not free within this many seconds.
            OSError: the file cannot be created or opened.
        """
        deadline = time.monotonic() + seconds
        while (lock := cls.take(path, note)) is None:
            if time.monotonic() > deadline:
                raise TimeoutError(errno.ETIMEDOUT, "another process holds the lock", str(path))
            time.sleep(_PAUSE)
        return lock

    def release(self, *, remove: bool = False) -> None:
        """Releases the lock, and with ``remove`` deletes its file; further calls do nothing.

        If the file was replaced by another one of the same name, that one is kept.
        """
        if self.descriptor < 0:
            return
        if remove and self.named:
            self.path.unlink(missing_ok=True)
        os.close(self.descriptor)
        self.descriptor = -1

    def hand_over(self) -> None:
        """Closes this process's copy: the lock stays with those that inherited the open file."""
        self.release()

    def __enter__(self) -> FileLock:
        return self

    def __exit__(self, *exception: object) -> None:
        self.release()


_for_children: list[int] = []


def share_with_children(descriptor: int) -> None:
    """Lets every child process started from now on inherit the open file of a lock."""
    os.set_inheritable(descriptor, True)
    _for_children.append(descriptor)


@contextlib.contextmanager
def sharing_with_children(descriptor: int) -> Iterator[None]:
    """Lets the child processes started in this context inherit the open file of a lock."""
    _for_children.append(descriptor)
    try:
        yield
    finally:
        _for_children.remove(descriptor)


def shared_with_children() -> tuple[int, ...]:
    """The locks that show whether a child is still alive; for ``pass_fds`` of every child."""
    return tuple(_for_children)


class LockProbe:
    """Checks whether any process holds the lock of a file.

    It keeps the file open, so it still works when the file loses its name.

    Raises:
        OSError: the file is missing or cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor = _open_for_probe(path)

    def held(self) -> bool:
        """Whether any process holds it now; false for a closed probe."""
        if self._descriptor < 0:
            return False
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        return False

    def close(self) -> None:
        """Closes the file; further calls do nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def is_held(path: Path) -> bool:
    """Whether any process holds the lock of this file now."""
    try:
        probe = LockProbe(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    try:
        return probe.held()
    finally:
        probe.close()


def _open_for_probe(path: Path) -> int:
    """Opens a lock's file: for writing, which NFS needs for a lock, or else for reading."""
    flags = os.O_CLOEXEC | os.O_NONBLOCK  # it could be a pipe by now
    try:
        return os.open(path, os.O_RDWR | flags)
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EROFS, errno.EPERM):
            raise
        return os.open(path, os.O_RDONLY | flags)


def _still_named(path: Path, descriptor: int) -> bool:
    """Whether the open file still has that name and was not removed in the meantime."""
    try:
        named = path.stat()
    except FileNotFoundError:
        return False
    opened = os.fstat(descriptor)
    return (named.st_dev, named.st_ino) == (opened.st_dev, opened.st_ino)
