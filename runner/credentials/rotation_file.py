"""AssemblyZero's rotation file: the exhausted credentials, beside the credential file.

::

    {"exhausted": {"one": "2026-01-31T21:00:00+00:00"},
     "last_success": "two", "last_success_time": "2026-01-31T14:02:00+00:00"}

AssemblyZero excludes a credential for a day after any refusal that mentions 429, and writes without
a lock: so an entry is only a hint to probe the credential with one call first. This program adds an
entry only when a daily quota is known to be exhausted.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.base.paths import write_atomically
from assemblyzero_tui.runner.base.small_files import read_small_file
from assemblyzero_tui.runner.locks.file_locks import FileLock

FILE_NAME = "gemini-rotation-state.json"
FILE_LIMIT = 1 << 20
"""The most bytes of such a file."""
PATIENCE = 2.0
"""Seconds to wait for another process that writes it."""


def rotation_file(credentials: Path) -> Path:
    """The rotation file that belongs to a credential file."""
    return credentials.with_name(FILE_NAME)


def read_hints(path: Path, names: Iterable[str], now: float) -> tuple[str, ...]:
    """Returns the names of credentials that can be exhausted.

    Args:
        path: The rotation file; a missing or invalid one gives no hints.
        names: The names to look up.
        now: Seconds since the epoch.
    """
    exhausted = _read(path).get("exhausted")
    if not isinstance(exhausted, dict):
        return ()
    return tuple(name for name in names if _seconds(exhausted.get(name)) > now)


def write_exhausted(path: Path, name: str, until: float) -> None:
    """Records that a credential is exhausted; everything else in the file is kept.

    A later time that is already recorded is kept, too. An invalid file is replaced, as by
    AssemblyZero itself.

    Args:
        path: The rotation file.
        name: The name of the credential.
        until: When it is ready again, in seconds since the epoch.

    Raises:
        TuiError: it cannot be written.
    """
    target = path.resolve()
    try:
        lock = FileLock.wait(target.with_name(f".{target.name}.lock"), PATIENCE)
        try:
            state = {"exhausted": {}, "last_success": None, "last_success_time": None} | _read(path)
            exhausted = state["exhausted"]
            if not isinstance(exhausted, dict):
                exhausted = state["exhausted"] = {}
            if _seconds(exhausted.get(name)) >= until:
                return
            exhausted[name] = datetime.fromtimestamp(until, UTC).isoformat()
            text = msgspec.json.format(msgspec.json.encode(state), indent=2)
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
    """The content of the file; empty if it is invalid."""
    try:
        state = msgspec.json.decode(read_small_file(path, FILE_LIMIT))
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return state if isinstance(state, dict) else {}


def _seconds(text: object) -> float:
    """A time as seconds since the epoch; one without a zone is local. 0 if it is invalid."""
    if not isinstance(text, str):
        return 0.0
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        return 0.0
