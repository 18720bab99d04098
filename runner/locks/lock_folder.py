"""The fixed folder for locks that cannot be stored in a git folder.

Processes of any state folder, clone, login or cron job must find the same locks. So its path
depends on the user alone and on no variable: ``TMPDIR``, ``XDG_RUNTIME_DIR`` and ``HOME`` differ
between a login and a cron job.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from assemblyzero_tui.runner.base.errors import TuiError

OVERRIDE = "ASSEMBLYZERO_TEST_LOCKS"
"""Environment variable that puts the folder elsewhere; for tests only."""
_PRIVATE = 0o700


def fixed_lock_folder() -> Path:
    """``/tmp/azt-<uid>/locks``, created if it is missing; only its owner can enter it.

    Raises:
        TuiError: it cannot be created, is not a folder, belongs to another user or is open to
            others.
    """
    if override := os.environ.get(OVERRIDE):
        return _private_folder(Path(override).absolute())
    own = Path("/tmp") / f"azt-{os.getuid()}"  # noqa: S108 - owner and mode are checked
    return _private_folder(_private_folder(own) / "locks")


def _private_folder(path: Path) -> Path:
    """Creates the folder if it is missing, and checks its owner and mode; follows no link."""
    try:
        path.mkdir(mode=_PRIVATE, exist_ok=True)
        status = path.lstat()
    except OSError as error:
        raise TuiError(
            f"Cannot create the folder {path} for locks: {error.strerror or error}.",
            f"Check it: ls -ld {path} {path.parent}",
        ) from error
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise TuiError(
            f"{path} is not a private folder of yours, so no lock in it can be trusted.",
            f"Check it, then move it away or make it private: ls -ld {path}; chmod 700 {path}",
        )
    return path
