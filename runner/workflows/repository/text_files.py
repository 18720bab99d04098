"""Reads text files that a user named, with a message for each thing that can be wrong."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

from assemblyzero_tui.runner.base.errors import TuiError

SIZE_LIMIT = 1_000_000
"""The maximum size of one file in bytes."""


def read_text(path: Path, what: str) -> str:
    """The text of a file, without a byte order mark.

    Args:
        path: The file.
        what: What messages call it: ``issue file``.

    Raises:
        TuiError: the file is missing, not a regular file, too large, unreadable, not text, or
            empty.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            kind = "a folder" if stat.S_ISDIR(status.st_mode) else "a special file"
            raise TuiError(f"The {what} {path} is {kind}.", "Name a text file.")
        if status.st_size > SIZE_LIMIT:
            raise TuiError(
                f"The {what} {path} is larger than {SIZE_LIMIT:,} bytes.",
                "Split it, or move background material into files for --context.",
            )
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise TuiError(f"The {what} {path} does not exist.", "Was it moved?") from error
    except OSError as error:
        raise TuiError(
            f"Cannot read the {what} {path}: {error.strerror or error}.",
            f"Make it readable, for example: chmod u+r {path}",
        ) from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TuiError(
            f"The {what} {path} is not UTF-8 text.", "Save it as UTF-8, or remove it."
        ) from error
    if "\0" in text:
        raise TuiError(f"The {what} {path} is binary, not text.", "Remove it.")
    if not text.strip():
        raise TuiError(f"The {what} {path} is empty.", "Write it, or remove the file.")
    return text


def text_digest(text: str) -> str:
    """A digest of a text that ignores surrounding white space and the kind of line endings."""
    return hashlib.sha256("\n".join(text.strip().splitlines()).encode()).hexdigest()
