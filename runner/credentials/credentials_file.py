"""Changes a credential file; everything else in it, and its order, is kept."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.base.paths import make_private_directory, write_atomically
from assemblyzero_tui.runner.credentials.credentials import (
    document_of,
    entries_of,
    may_be_api_key,
    parse,
    parse_api_key,
    read_bytes,
    read_file,
)
from assemblyzero_tui.runner.credentials.secret import Secret
from assemblyzero_tui.runner.locks.file_locks import FileLock

PATIENCE = 10.0
"""Seconds to wait for another process that changes the file."""


def add_credential(
    path: Path, name: str, key: str, project: str = "", rpm: int | None = None,
    rpd: int | None = None, tpm: int | None = None,
) -> str:  # fmt: skip
    """Writes a credential into a file, which is created if it is missing.

    Args:
        path: The file.
        name: The name of the credential.
        key: The text of the API key.
        project: The project whose quota it uses; empty if unknown.
        rpm: Requests per minute that the quota allows; ``None`` if unknown.
        rpd: Requests per day, likewise.
        tpm: Tokens of prompts per minute, likewise.

    Returns:
        The credential's fingerprint.

    Raises:
        TuiError: the file already has the name or the API key, one of them is invalid, or the file
            cannot be read or written. No message contains the API key.
    """
    name, project = name.strip(), project.strip()
    for what, text in (("name", name), ("project", project)):
        if may_be_api_key(text):
            raise TuiError(
                f"The {what} looks like an API key.",
                "Names are shown everywhere: give another one.",
            )
    secret = parse_api_key(key, repr(name))
    entry: dict[str, Any] = {"name": name, "type": "api_key", "key": secret.reveal()}
    entry |= {"enabled": True} | ({"project": project} if project else {})
    entry |= {"rpm": rpm} if rpm is not None else {}
    entry |= {"rpd": rpd} if rpd is not None else {}
    entry |= {"tpm": tpm} if tpm is not None else {}
    with _changing(path) as entries:
        _check_new(entries, name, secret, path)
        entries.append(entry)
    return secret.fingerprint


def _check_new(entries: list[dict[str, Any]], name: str, secret: Secret, path: Path) -> None:
    """Raises a :class:`TuiError` if the file already has the name or the API key."""
    for other in entries:
        if _name(other) == name:
            raise TuiError(
                f"{path} already has a credential called {name!r}.",
                "Give the credential another name, or remove that one first.",
            )
        if _secret(other) == secret:
            disabled = "" if other.get("enabled", True) is True else ", disabled"
            raise TuiError(
                f"{path} already has this API key: it is called {_name(other)!r}{disabled}."
            )


def name_of(path: Path, key: str) -> str | None:
    """The name of the enabled credential with this API key; ``None`` if there is none.

    Raises:
        TuiError: the file cannot be read.
    """
    if not path.exists():
        return None
    credentials = read_file(path).credentials
    return next((each.name for each in credentials if each.secret == Secret(key)), None)


def remove_credential(path: Path, name: str) -> str:
    """Removes a credential from a file.

    Returns:
        The fingerprint of its API key; empty if it has none.

    Raises:
        TuiError: there is none of that name, or the file cannot be read or written.
    """
    with _changing(path) as entries:
        entry = _named(entries, name, path)
        entries.remove(entry)
    secret = _secret(entry)
    return "" if secret is None else secret.fingerprint


def enable_credential(path: Path, name: str) -> bool:
    """Enables a credential of a file.

    Returns:
        Whether it was disabled.

    Raises:
        TuiError: there is none of that name, or the file cannot be read or written.
    """
    with _changing(path) as entries:
        entry = _named(entries, name, path)
        was_disabled = entry.get("enabled", True) is not True
        if was_disabled:
            entry["enabled"] = True
    return was_disabled


def _name(entry: dict[str, Any]) -> str:
    return str(entry.get("name", "")).strip()


def _secret(entry: dict[str, Any]) -> Secret | None:
    key = entry.get("key")
    return Secret(key.strip()) if isinstance(key, str) and key.strip() else None


def _named(entries: list[dict[str, Any]], name: str, path: Path) -> dict[str, Any]:
    named = next((entry for entry in entries if _name(entry) == name.strip()), None)
    if named is None:
        which = "of that name" if may_be_api_key(name) else f"called {name.strip()!r}"
        names = ", ".join(map(_name, entries))
        raise TuiError(
            f"{path} has no credential {which}.", f"It has: {names}." if names else "It has none."
        )
    return named


@contextlib.contextmanager
def _changing(path: Path) -> Iterator[list[dict[str, Any]]]:
    """Yields the list of credentials, and afterwards writes the file if the list has changed."""
    path = path.expanduser().absolute()
    target = path.resolve()
    make_private_directory(target.parent)
    try:
        lock = FileLock.wait(target.with_name(f".{target.name}.lock"), PATIENCE)
    except OSError as error:
        raise _unwritten(path, error) from None
    try:
        document = _read(path)
        before = _encoded(document)
        yield entries_of(document, str(path))
        data = _encoded(document)
        if data == before:
            return
        parse(data, str(path))
        if target.exists() and not os.access(target, os.W_OK):
            raise TuiError(f"Cannot write {path}: it is read-only.", f"Run: chmod 600 {path}")
        write_atomically(target, data)
    except OSError as error:
        raise _unwritten(path, error) from None
    finally:
        lock.release(remove=True)


def _read(path: Path) -> Any:
    if not path.exists() or not (data := read_bytes(path)).strip():
        return {"credentials": []}
    parse(data, str(path))
    return document_of(data, str(path))


def _encoded(document: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _unwritten(path: Path, error: OSError) -> TuiError:
    return TuiError(
        f"Cannot write {path}: {error.strerror or error}.",
        "Free disk space or make it writable, or name another file with --credentials.",
    )
