"""Temporary files for atomic replacement: their folder, and the removal of leftovers.

The writer holds a lock on its file. An unlocked file is a leftover of a dead process.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from pathlib import Path

from assemblyzero_tui.runner.base.git_folder import common_git_folder

_IN_GIT = Path("assemblyzero/tmp")
_SUFFIX = ".azt-tmp"
_STEM_LIMIT = 100
"""The most characters of the target's name in the name of its temporary file."""


def temporary_folder(folder: Path) -> Path | None:
    """Returns the folder of temporary files for a folder of a repository: in the git folder.

    Returns:
        ``None`` if there is none on the same device: a file is replaced by renaming.
    """
    folder = folder.resolve()
    for root in (folder, *folder.parents):
        if os.path.lexists(root / ".git"):
            git = common_git_folder(root)
            return None if git is None else _usable(git / _IN_GIT, folder)
    return None


def _usable(place: Path, folder: Path) -> Path | None:
    try:
        place.mkdir(parents=True, exist_ok=True)
        return place if place.stat().st_dev == folder.stat().st_dev else None
    except OSError:
        return None


def make_temporary(folder: Path, target: str) -> tuple[int, Path]:
    """Creates and locks a temporary file for a target of this name.

    Returns:
        The open file, which the caller closes after renaming it, and its path.

    Raises:
        OSError: it cannot be created.
    """
    while True:
        handle, name = tempfile.mkstemp(_SUFFIX, f".{target[:_STEM_LIMIT]}.", folder)
        path = Path(name)
        with contextlib.suppress(OSError):  # without locks nothing is swept either
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not path.exists():
                os.close(handle)  # swept before it was locked
                continue
        return handle, path


def sweep(folder: Path) -> int:
    """Removes leftover temporary files in a folder; returns their number."""
    try:
        entries = [entry for entry in os.scandir(folder) if _is_temporary(entry)]
    except OSError:
        return 0
    return sum(_remove_if_unlocked(entry.path) for entry in entries)


def _is_temporary(entry: os.DirEntry[str]) -> bool:
    ours = entry.name.startswith(".") and entry.name.endswith(_SUFFIX)
    return ours and entry.is_file(follow_symlinks=False)


def _remove_if_unlocked(path: str) -> bool:
    try:
        handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        Path(path).unlink(missing_ok=True)
    except OSError:
        return False
    finally:
        os.close(handle)
    return True
