"""The short private folder of a running engine, with its socket and multiprocessing's files.

A logout removes ``$XDG_RUNTIME_DIR``, and a cleaner of ``/tmp`` may remove the fallback. So the
folder is created again when it has disappeared, in the same place or, if that fails, in the other.
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
"""Maximum bytes of that file."""


class RuntimeFolder:
    """The folder of one engine. Thread-safe.

    Args:
        folder: The folder of the run.
        places: Its possible paths, the best first; each in a private folder of this user.
    """

    def __init__(self, folder: RunFolder, places: list[Path]) -> None:
        self._run = folder
        self._places = places
        self._lock = threading.Lock()
        self._path: Path | None = None

    def ensure(self) -> Path:
        """Returns the folder; creates it again if it has disappeared.

        Raises:
            TuiError: it cannot be created anywhere.
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
        """Removes the folders of killed engines next to it, in the background."""
        for parent in {place.parent for place in self._places}:
            threading.Thread(target=_sweep, args=(parent,), name="sweep", daemon=True).start()

    def remove(self) -> None:
        """Removes the folder, wherever it was created."""
        for place in self._places:
            shutil.rmtree(place, ignore_errors=True)


def _sweep(parent: Path) -> None:
    """Removes the folders of dead engines; skips unreadable ones, as of other users."""
    try:
        paths = list(parent.iterdir())
    except OSError:
        return
    for path in paths:
        with contextlib.suppress(OSError, ValueError):
            run = RunFolder(Path(os.fsdecode(read_small_file(path / _MARK, _MARK_LIMIT))))
            if not is_held(run.engine_lock):
                shutil.rmtree(path, ignore_errors=True)
