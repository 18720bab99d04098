"""The short private folder of a running engine: its socket, and what multiprocessing keeps there.

A logout removes ``$XDG_RUNTIME_DIR``, and a cleaner of ``/tmp`` may remove the rest. So the folder
is made again when it has disappeared, in the same place or, where that fails, in the other one.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import threading
from pathlib import Path

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.base.paths import (
    RunFolder,
    ensure_private_directory,
    make_private_directory,
)
from assemblyzero_tui.runner.base.small_files import read_small_file
from assemblyzero_tui.runner.locks.file_locks import is_held

_MARK = "run"
"""The file in such a folder that names the run's folder, so that leftovers can be swept."""
_MARK_LIMIT = 1 << 14
"""Bytes it may have."""


class RuntimeFolder:
    """The folder of one engine. Threads may share it.

    Args:
        folder: The run.
        places: Where it may be, the best first; each in a private folder of this user.
    """

    def __init__(self, folder: RunFolder, places: list[Path]) -> None:
        self._run = folder
        self._places = places
        self._lock = threading.Lock()
        self._path: Path | None = None

    def ensure(self) -> Path:
        """The folder, made again if it is gone.

        Raises:
            TuiError: it cannot be made anywhere.
        """
        with self._lock:
            if self._path is None or not (self._path / _MARK).is_file():
                self._path = self._make()
                tempfile.tempdir = str(self._path)
            return self._path

    def _make(self) -> Path:
        problem: TuiError | None = None
        for place in self._places:
            try:
                ensure_private_directory(place.parent)
                make_private_directory(place)
                (place / _MARK).write_bytes(os.fsencode(self._run.path))
            except TuiError as error:
                problem = problem or error
            except OSError as error:
                problem = problem or TuiError(f"Cannot write in {place}: {error.strerror}.")
            else:
                return place
        raise problem or TuiError("There is no folder for the socket of the engine.")

    def sweep(self) -> None:
        """Removes what killed engines left beside it, in the background."""
        for parent in {place.parent for place in self._places}:
            threading.Thread(target=_sweep, args=(parent,), name="sweep", daemon=True).start()

    def remove(self) -> None:
        """Removes the folder, wherever it was made."""
        for place in self._places:
            shutil.rmtree(place, ignore_errors=True)


def _sweep(parent: Path) -> None:
    """Leaves alone what cannot be read: it may belong to another user, or the disk is broken."""
    try:
        found = list(parent.iterdir())
    except OSError:
        return
    for left in found:
        with contextlib.suppress(OSError, ValueError):
            run = RunFolder(Path(os.fsdecode(read_small_file(left / _MARK, _MARK_LIMIT))))
            if not is_held(run.engine_lock):
                shutil.rmtree(left, ignore_errors=True)
