"""Finds the git folder that all work trees of a repository share, without a git process.

The forms are git's (``gitrepository-layout(5)``): ``.git`` is the folder itself, or a file with
``gitdir: <path>`` in a linked work tree and in a submodule; the folder of a linked work tree names
the shared one in its file ``commondir``. Relative paths start at the
folder of the file that holds them.
"""

from __future__ import annotations

import os
from pathlib import Path

_POINTER_LIMIT = 1 << 16
"""The most bytes read from a file that holds one path."""


def common_git_folder(repository: Path) -> Path | None:
    """Returns the git folder that all work trees of a repository share, links resolved.

    Args:
        repository: The root of a work tree, the folder that contains ``.git``.

    Returns:
        ``None`` if there is none or it cannot be found.
    """
    try:
        folder = _git_folder(repository / ".git")
        if folder is None:
            return None
        shared = _pointed_to(folder / "commondir", "")
        folder = Path(os.path.realpath(folder if shared is None else shared))
        return folder if (folder / "HEAD").is_file() else None
    except (OSError, ValueError):
        return None


def _git_folder(entry: Path) -> Path | None:
    return entry if entry.is_dir() else _pointed_to(entry, "gitdir: ")


def _pointed_to(file: Path, prefix: str) -> Path | None:
    """The path in a file, after ``prefix``; ``None`` if it is missing or has another format."""
    try:
        with file.open("rb") as stream:
            text = os.fsdecode(stream.read(_POINTER_LIMIT)).rstrip("\r\n")
    except FileNotFoundError:
        return None
    path = text.removeprefix(prefix)
    if not path or not text.startswith(prefix):
        return None
    return file.parent / path
