"""Credentials: API keys with a name. Reads files of them, as AssemblyZero has them.

::

    {"credentials": [{"name": "one", "type": "api_key", "key": "…", "enabled": true,
                      "project": "my-project"}]}

``account-name``, ``notes`` and members unknown here are left alone. ``type`` may be ``oauth``: such
an entry has no API key and is skipped. Credentials of one ``project`` share its quota. ``rpm`` and
``rpd`` are the requests a minute and a day that the quota allows, for every model or by model:
``"rpm": {"gemini-3.1-pro-preview": 5, "*": 10}``.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.credentials.secret import Secret
from assemblyzero_tui.runner.model.model_catalog import DEFAULT_MODEL

FILE_LIMIT = 1 << 20
"""Bytes of a credential file at most."""
SHORTEST_API_KEY = 16
"""Characters of an API key at least; anything shorter would blank ordinary words in the logs."""
_Row = tuple[str, str, str, dict[str, int], dict[str, int]]
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,64}")
_KEY = re.compile(r"[\x21-\x7e]+")
_LIKE_A_KEY = re.compile(r"(?:AIza|AQ\.|ya29\.)\S{6}|(?=\S*[0-9])(?=\S*[A-Za-z])\S{30}")


@dataclass(frozen=True, slots=True)
class Credential:
    """An API key and its name."""

    name: str
    secret: Secret
    project: str = ""
    """Whose quota it uses; empty where that is not known, and then it has one of its own."""
    rpm: Mapping[str, int] = field(default_factory=dict)
    """Requests a minute by model; ``*`` is every other one. Empty where they are not known."""
    rpd: Mapping[str, int] = field(default_factory=dict)
    """Requests a day."""

    def limits(self, model: str) -> tuple[int | None, int | None]:
        """Requests a minute and a day for a model, where they are known."""
        return self.rpm.get(model, self.rpm.get("*")), self.rpd.get(model, self.rpd.get("*"))


@dataclass(frozen=True, slots=True)
class CredentialSource:
    """What a source of credentials has."""

    source: str
    """Where, for humans: a path, the name of a variable."""
    credentials: tuple[Credential, ...] = ()
    disabled: tuple[str, ...] = ()
    """Names of entries that are disabled."""
    notes: tuple[str, ...] = ()
    """What was left out, and why."""
    path: Path | None = None
    """The file, if it is one."""


def read_file(path: Path) -> CredentialSource:
    """The credentials of a file.

    Raises:
        TuiError: it cannot be read, others can read it, or it is not what it should be. The text
            holds no part of the file but names.
    """
    return replace(parse(read_bytes(path), str(path)), path=path)


def read_bytes(path: Path) -> bytes:
    """The text of a file of credentials.

    Raises:
        TuiError: it cannot be read, or others can read it.
    """
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise TuiError(f"The credentials {path} is not a file.", "Give a JSON file.")
            if found.st_mode & 0o077:
                raise TuiError(
                    f"Others can read the credentials in {path} "
                    f"(mode {stat.S_IMODE(found.st_mode):04o}).",
                    f"Run: chmod 600 {path}",
                )
            return file.read(FILE_LIMIT + 1)
    except OSError as error:
        raise TuiError(
            f"Cannot read the credentials {path}: {error.strerror or error}.",
            "Check --credentials, or make the file readable for you.",
        ) from None


def parse(data: bytes, source: str) -> CredentialSource:
    """The credentials in the text of a file.

    Raises:
        TuiError: as in :func:`read_file`.
    """
    return _collected(entries_of(document_of(data, source), source), source)


def document_of(data: bytes, source: str) -> Any:
    """The JSON document in the text of a file.

    Raises:
        TuiError: it is none.
    """
    if len(data) > FILE_LIMIT:
        raise TuiError(f"{source} is too large.", "Check that it is a file of credentials.")
    try:
        return msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise TuiError(
            f"{source} is not valid JSON.",
            f"Find the place with: python3 -m json.tool {source} /dev/null",
        ) from None


def entries_of(document: Any, source: str) -> list[dict[str, Any]]:
    """The list of credentials in a document: the list itself, not a copy.

    Raises:
        TuiError: there is none.
    """
    entries = document.get("credentials") if isinstance(document, dict) else document
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise TuiError(
            f"{source} has no list of credentials.",
            'Write: {"credentials": [{"name": "one", "type": "api_key", "key": "YOUR API KEY"}]}',
        )
    return entries


def _collected(entries: Iterable[dict[str, Any]], source: str) -> CredentialSource:
    found: list[Credential] = []
    disabled: list[str] = []
    notes: list[str] = []
    names: set[str] = set()
    for number, entry in enumerate(entries, 1):
        name = _name_of(entry, number, source)
        if name in names:
            raise TuiError(
                f"{source} has two credentials called {name!r}.", "Give each a name of its own."
            )
        names.add(name)
        if entry.get("enabled", True) is not True:
            disabled.append(name)
        elif (kind := entry.get("type", "api_key")) != "api_key":
            notes.append(f"{name} is skipped: it is of the type {str(kind)[:20]!r}, not an API key")
        else:
            credential = _credential(entry, name, source)
            same = next((other for other in found if other.secret == credential.secret), None)
            if same is None:
                found.append(credential)
            else:
                notes.append(f"{name} is skipped: it has the same API key as {same.name}")
    return CredentialSource(source, tuple(found), tuple(disabled), tuple(notes))


def _name_of(entry: dict[str, Any], number: int, source: str) -> str:
    name, key = entry.get("name"), entry.get("key")
    if not isinstance(name, str) or not _NAME.fullmatch(name) or not name.strip():
        raise TuiError(
            f"Credential {number} of {source} has no usable name.",
            'Give it one of at most 64 characters, such as "name": "one".',
        )
    if (
        isinstance(key, str)
        and key.strip()[:SHORTEST_API_KEY]
        and key.strip()[:SHORTEST_API_KEY] in name
    ):
        raise TuiError(
            f"Credential {number} of {source} has its API key, or a part of it, as its name.",
            "Names are shown everywhere: give it another one.",
        )
    return name.strip()


def _credential(entry: dict[str, Any], name: str, source: str) -> Credential:
    key = entry.get("key")
    if not isinstance(key, str) or not key.strip():
        raise TuiError(
            f"The credential {name!r} of {source} has no API key.",
            'Add its "key", or disable it: "enabled": false',
        )
    project = entry.get("project")
    return Credential(
        name,
        parse_api_key(key, f"{name!r} of {source}"),
        project.strip() if isinstance(project, str) else "",
        _limit(entry, "rpm", name, source),
        _limit(entry, "rpd", name, source),
    )


def _limit(entry: dict[str, Any], member: str, name: str, source: str) -> dict[str, int]:
    found = entry.get(member)
    limits = found if isinstance(found, dict) else {} if found is None else {"*": found}
    if not all(type(value) is int and value > 0 for value in limits.values()):
        raise TuiError(
            f"The credential {name!r} of {source} has a {member!r} that is no number.",
            f'Write "{member}": 10, or by model: "{member}": {{"{DEFAULT_MODEL}": 5, "*": 10}}',
        )
    return limits


def parse_api_key(key: str, whose: str) -> Secret:
    """The API key, if it can be one; its kind is not checked, as there are several.

    Raises:
        TuiError: it cannot.
    """
    key = key.strip()
    if not _KEY.fullmatch(key) or len(key) < SHORTEST_API_KEY:
        raise TuiError(
            f"The API key of {whose} is invalid: it is too short, or has spaces or odd characters.",
            "Copy it again from https://aistudio.google.com/apikey",
        )
    return Secret(key)


def may_be_api_key(text: str) -> bool:
    """Whether a text that should be something else, and be shown, may be an API key by mistake."""
    return _LIKE_A_KEY.search(text) is not None


def encode(credentials: Iterable[Credential]) -> bytes:
    """What goes through the pipe to the engine."""
    return msgspec.json.encode(
        [(c.name, c.secret.reveal(), c.project, c.rpm, c.rpd) for c in credentials]
    )


def decode(data: bytes) -> tuple[Credential, ...]:
    """What came through it; empty for an empty pipe."""
    if not data:
        return ()
    rows = msgspec.json.decode(data, type=list[_Row])
    return tuple(Credential(row[0], Secret(row[1]), row[2], row[3], row[4]) for row in rows)
