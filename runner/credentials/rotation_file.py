"""AssemblyZero's note of which credentials are exhausted, beside the file of credentials.

::

    {"exhausted": {"one": "2026-01-31T21:00:00+00:00"},
     "last_success": "two", "last_success_time": "2026-01-31T14:02:00+00:00"}

AssemblyZero rules a credential out for a day after any refusal that mentions 429, and writes
without a lock: so an entry is only a hint to probe the credential with one call first. This program
writes one only when a day's quota is known to be exhausted.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.base.paths import write_atomically
from assemblyzero_tui.runner.locks.file_locks import FileLock

FILE_NAME = "gemini-rotation-state.json"
FILE_LIMIT = 1 << 20
"""Bytes of such a file at most."""
PATIENCE = 2.0
"""Seconds to wait for another process that writes it."""


def rotation_file(credentials: Path) -> Path:
    """Where the note lies that belongs to a file of credentials."""
    return credentials.with_name(FILE_NAME)


def read_hints(path: Path, names: Iterable[str], now: float) -> tuple[str, ...]:
    """The credentials that may be exhausted, of those with these names.

    Args:
        path: Of the note; one that is missing, torn or odd gives no hint.
        names: Of credentials.
        now: Seconds since the epoch.
    """
    exhausted = _read(path).get("exhausted")
    if not isinstance(exhausted, dict):
        return ()
    return tuple(name for name in names if _seconds(exhausted.get(name)) > now)


def write_exhausted(path: Path, name: str, until: float) -> None:
    """Notes that a credential is exhausted; what else is in the note stays.

    A later time that is noted already stays too. A file that is no such note is replaced, as
    AssemblyZero itself does it.

    Args:
        path: Of the note.
        name: Of the credential.
        until: When it can be used again, in seconds since the epoch.

    Raises:
        TuiError: it cannot be written.
    """
    target = path.resolve()
    try:
        lock = FileLock.wait(target.with_name(f".{target.name}.lock"), PATIENCE)
        try:
            note = {"exhausted": {}, "last_success": None, "last_success_time": None} | _read(path)
            exhausted = note["exhausted"]
            if not isinstance(exhausted, dict):
                exhausted = note["exhausted"] = {}
            if _seconds(exhausted.get(name)) >= until:
                return
            exhausted[name] = datetime.fromtimestamp(until, UTC).isoformat()
            text = msgspec.json.format(msgspec.json.encode(note), indent=2)
            write_atomically(target, text + b"\n")
        finally:
            lock.release(remove=True)
    except OSError as error:
        raise TuiError(
            f"Cannot write {path}: {error.strerror or error}.",
            "Free disk space or make it writable; AssemblyZero looks there for exhausted "
            "credentials.",
        ) from None


def _read(path: Path) -> dict[str, Any]:
    """What is in the note; empty if it is none."""
    try:
        with path.open("rb") as file:
            note = msgspec.json.decode(file.read(FILE_LIMIT))
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return note if isinstance(note, dict) else {}


def _seconds(text: object) -> float:
    """A time as seconds since the epoch; one without a zone is local. 0 if it is none."""
    if not isinstance(text, str):
        return 0.0
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        return 0.0
