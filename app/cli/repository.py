"""Finds the target git repository."""

from __future__ import annotations

from pathlib import Path

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.base.system_errors import folder_is_gone, gone_folder


def find_repository(start: Path) -> Path:
    """The root of the repository that ``start`` is in, with links resolved.

    Raises:
        TuiError: there is no such folder, or it is not in a git repository.
    """
    try:
        start = start.resolve(strict=True)
    except OSError as error:
        if folder_is_gone() and not start.is_absolute():
            raise gone_folder() from error
        raise TuiError(
            f"Cannot open the folder {start}: {error.strerror or error}.", "Check --repo."
        ) from error
    for folder in (start, *start.parents):
        if (folder / ".git").exists():
            return folder
    raise TuiError(
        f"{start} is not in a git repository.",
        "Change to one, specify it with --repo PATH, or create one: git init",
    )
