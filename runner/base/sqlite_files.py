"""The files of an SQLite database: the database, its write-ahead log, its shared memory."""

from __future__ import annotations

import contextlib
from pathlib import Path

_ENDINGS = ("", "-wal", "-shm")


def database_files(path: Path) -> list[Path]:
    """The database and the files beside it, whether or not they exist."""
    return [path.with_name(path.name + ending) for ending in _ENDINGS]


def remove_database(path: Path) -> None:
    """Removes a database with the files beside it; nothing happens if there is none."""
    for file in database_files(path):
        file.unlink(missing_ok=True)


def rename_database(path: Path, new: Path) -> None:
    """Renames a database with the files beside it; missing files are skipped.

    Raises:
        OSError: a file cannot be renamed.
    """
    for file, new_file in zip(database_files(path), database_files(new), strict=True):
        with contextlib.suppress(FileNotFoundError):
            file.rename(new_file)
