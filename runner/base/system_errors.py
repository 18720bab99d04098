"""Explains errors of the operating system that a user can fix."""

from __future__ import annotations

import errno
import os

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.base.paths import state_home

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def explain_os_error(error: OSError) -> TuiError | None:
    """Returns the error with a remedy; ``None`` if the user cannot fix it."""
    if isinstance(error, FileNotFoundError) and folder_is_gone():
        return gone_folder()
    try:
        home = str(state_home())
        file = os.fsdecode(error.filename) if error.filename else ""
    except (OSError, TypeError):
        return None
    room = error.errno in _FULL
    if not room and file != home and not file.startswith(home + os.sep):
        return None
    what = f"{file}: {error.strerror}" if file else f"{error.strerror}"
    return TuiError(
        f"The state folder {home} cannot be used ({what}).",
        f"{'Free some space' if room else 'Make it a folder that you can read and write'}, "
        "or set ASSEMBLYZERO_HOME to another folder.",
    )


def folder_is_gone() -> bool:
    """Whether the folder that this process works in has been removed."""
    try:
        os.getcwd()  # noqa: PTH109 - Path.cwd is the same
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return False


def gone_folder() -> TuiError:
    """The error to raise if :func:`folder_is_gone`."""
    return TuiError(
        "The folder you are in has been removed.",
        "Go to one that exists, for example: cd ~",
    )
