"""Credentials: API keys with a name; reads AssemblyZero's credential files.

::

    {"credentials": [{"name": "one", "type": "api_key", "key": "…", "enabled": true,
                      "project": "my-project"}]}

``account-name``, ``notes`` and unknown members are left alone. ``type`` can be ``oauth``: such an
entry has no API key and is skipped. Credentials of one ``project`` share its quota. ``rpm`` and
``rpd`` are the requests per minute and per day that the quota allows, and ``tpm`` the tokens of
prompts per minute, for every model or by model: ``"rpm": {"gemini-3.1-pro-preview": 5, "*": 10}``.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.credentials.api_key_variables import FILE_SUFFIXES, may_be_secret
from assemblyzero_tui.runner.credentials.secret import Secret
from assemblyzero_tui.runner.model.model_catalog import DEFAULT_MODEL

FILE_LIMIT = 1 << 20
"""The most bytes of a credential file."""
HOW_TO_STORE = "To store an API key: assemblyzero-tui pool add NAME"
SHORTEST_API_KEY = 16
"""The fewest characters of an API key; a shorter one would redact ordinary words in the logs."""
_Row = tuple[str, str, str, dict[str, int], dict[str, int], dict[str, int]]
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,64}")
_KEY = re.compile(r"[\x21-\x7e]+")
_LIKE_A_KEY = re.compile(r"(?:AIza|AQ\.|ya29\.)\S{6}|(?=\S*[0-9])(?=\S*[A-Za-z])\S{30}")


@dataclass(frozen=True, slots=True)
class Credential:
    """An API key and its name."""

    name: str
    secret: Secret
    project: str = ""
    """The project whose quota it uses; empty if unknown: then it has a quota of its own."""
    rpm: Mapping[str, int] = field(default_factory=dict)
    """Requests per minute by model; ``*`` is every other model. Empty if unknown."""
    rpd: Mapping[str, int] = field(default_factory=dict)
    """Requests per day, likewise."""
    tpm: Mapping[str, int] = field(default_factory=dict)
    """Tokens of prompts per minute, likewise."""

    def limits(self, model: str) -> tuple[int | None, int | None]:
        """Requests per minute and per day for a model; ``None`` if unknown."""
        return self.rpm.get(model, self.rpm.get("*")), self.rpd.get(model, self.rpd.get("*"))

    def tokens(self, model: str) -> int | None:
        """Tokens per minute for a model; ``None`` if unknown."""
        return self.tpm.get(model, self.tpm.get("*"))


@dataclass(frozen=True, slots=True)
class CredentialSource:
    """A source of credentials, and its credentials."""

    source: str
    """The source, for humans: a path, the name of a variable."""
    credentials: tuple[Credential, ...] = ()
    disabled: tuple[str, ...] = ()
    """Names of entries that are disabled."""
    notes: tuple[str, ...] = ()
    """Skipped entries, with the reason."""
    path: Path | None = None
    """The file, if it is one."""


def read_file(path: Path) -> CredentialSource:
    """Reads the credentials of a file.

    Raises:
        TuiError: it cannot be read, others can read it, or it is invalid. Of the file, the message
            contains only names.
    """
    return replace(parse(read_bytes(path), str(path)), path=path)


def read_bytes(path: Path) -> bytes:
    """Reads the text of a credential file.

    Raises:
        TuiError: it cannot be read, or others can read it.
    """
    try:
        # a FIFO or a device may never answer
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise _no_file(path, status.st_mode)
            if status.st_mode & 0o077:
                raise TuiError(
                    f"Others can read the credentials in {path} "
                    f"(mode {stat.S_IMODE(status.st_mode):04o}).",
                    f"Run: chmod 600 {path}",
                )
            return file.read(FILE_LIMIT + 1)
    except OSError as error:
        with contextlib.suppress(OSError):
            mode = path.stat().st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                raise _no_file(path, mode) from None
        if is_typed_api_key(path):
            raise TuiError(
                "The name of the credential file looks like an API key, and there is no such file.",
                f"Give a file with --credentials. {HOW_TO_STORE}",
            ) from None
        raise TuiError(
            f"Cannot read the credentials {path}: {error.strerror or error}.",
            "Check --credentials, or make the file readable.",
        ) from None


def _no_file(path: Path, mode: int) -> TuiError:
    kinds = (
        (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"),
        (stat.S_ISCHR, "a device"), (stat.S_ISBLK, "a device"),
    )  # fmt: skip
    kind = next((word for test, word in kinds if test(mode)), "something else")
    return TuiError(
        f"{path} is not a file, but {kind}.",
        f"Give a JSON file. {HOW_TO_STORE}",
    )


def parse(data: bytes, source: str) -> CredentialSource:
    """Parses the credentials in the text of a file.

    Raises:
        TuiError: as in :func:`read_file`.
    """
    return _collect(entries_of(document_of(data, source), source), source)


def document_of(data: bytes, source: str) -> Any:
    """Parses the JSON document in the text of a file.

    Raises:
        TuiError: it is not valid JSON.
    """
    if len(data) > FILE_LIMIT:
        raise TuiError(f"{source} is too large.", "Check that it is a credential file.")
    try:
        return msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise TuiError(
            f"{source} is not valid JSON.",
            f"Find the place with: python3 -m json.tool {source} /dev/null",
        ) from None


def entries_of(document: Any, source: str) -> list[dict[str, Any]]:
    """Returns the list of credentials in a document: the list itself, not a copy.

    Raises:
        TuiError: there is no such list.
    """
    entries = document.get("credentials") if isinstance(document, dict) else document
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise TuiError(
            f"{source} has no list of credentials.",
            'Write: {"credentials": [{"name": "one", "type": "api_key", "key": "YOUR API KEY"}]}',
        )
    return entries


def _collect(entries: Iterable[dict[str, Any]], source: str) -> CredentialSource:
    credentials: list[Credential] = []
    disabled: list[str] = []
    notes: list[str] = []
    names: set[str] = set()
    for number, entry in enumerate(entries, 1):
        name = _name_of(entry, number, source)
        if name in names:
            raise TuiError(
                f"{source} has two credentials called {name!r}.", "Give each a different name."
            )
        names.add(name)
        if entry.get("enabled", True) is not True:
            disabled.append(name)
        elif (kind := entry.get("type", "api_key")) != "api_key":
            notes.append(f"{name} is skipped: it is of the type {str(kind)[:20]!r}, not an API key")
        else:
            credential = _credential(entry, name, source)
            same = next((other for other in credentials if other.secret == credential.secret), None)
            if same is None:
                credentials.append(credential)
            else:
                notes.append(f"{name} is skipped: it has the same API key as {same.name}")
    return CredentialSource(source, tuple(credentials), tuple(disabled), tuple(notes))


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
        _limit(entry, "tpm", name, source),
    )


def _limit(entry: dict[str, Any], member: str, name: str, source: str) -> dict[str, int]:
    value = entry.get(member)
    limits = value if isinstance(value, dict) else {} if value is None else {"*": value}
    if not all(type(limit) is int and limit > 0 for limit in limits.values()):
        raise TuiError(
            f"The credential {name!r} of {source} has a {member!r} that is not a positive number.",
            f'Write "{member}": 10, or by model: "{member}": {{"{DEFAULT_MODEL}": 5, "*": 10}}',
        )
    return limits


def parse_api_key(key: str, whose: str) -> Secret:
    """Returns the API key; its kind is not checked, as there are several.

    Raises:
        TuiError: it cannot be an API key.
    """
    key = key.strip()
    if not _KEY.fullmatch(key) or len(key) < SHORTEST_API_KEY:
        raise TuiError(
            f"The API key of {whose} is invalid: it is too short, or has spaces or odd characters.",
            "Copy it again from https://aistudio.google.com/apikey",
        )
    return Secret(key)


def may_be_api_key(text: str) -> bool:
    """Whether a text that will be shown, such as a name, could be an API key by mistake."""
    return _LIKE_A_KEY.search(text) is not None


def is_typed_api_key(path: Path) -> bool:
    """Whether the name of a file that is not there may be an API key, given in its place."""
    if path.suffix.casefold() in FILE_SUFFIXES or os.path.lexists(path):
        return False
    text = str(path)
    odd = len(text) >= SHORTEST_API_KEY and any(map(str.isdigit, text)) and not path.parent.is_dir()
    return may_be_api_key(path.name) or may_be_secret(path.name) or (odd and not path.is_absolute())


def encode(credentials: Iterable[Credential]) -> bytes:
    """Encodes credentials for the pipe to the engine."""
    return msgspec.json.encode(
        [(c.name, c.secret.reveal(), c.project, c.rpm, c.rpd, c.tpm) for c in credentials]
    )


def decode(data: bytes) -> tuple[Credential, ...]:
    """Decodes the credentials from that pipe; empty for an empty pipe."""
    if not data:
        return ()
    rows = msgspec.json.decode(data, type=list[_Row])
    return tuple(Credential(row[0], Secret(row[1]), *row[2:]) for row in rows)
