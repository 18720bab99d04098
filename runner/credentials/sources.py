"""Where credentials are looked for: the first place that has one is used."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.base.paths import state_home
from assemblyzero_tui.runner.credentials.api_key_variables import API_KEY_VARIABLES
from assemblyzero_tui.runner.credentials.credentials import (
    Credential,
    CredentialSource,
    parse,
    parse_api_key,
    read_file,
)
from assemblyzero_tui.runner.credentials.demo_credentials import demo_credentials
from assemblyzero_tui.runner.model.provider_catalog import needs_credentials
from assemblyzero_tui.runner.model.run_spec import RunSpec

FILE_NAME = "gemini-credentials.json"
KEYRING_SERVICE, KEYRING_USER = "assemblyzero-tui", "gemini"
"""Under these the system's keyring holds an API key, or the text of a credential file."""


def find(
    file: Path | None = None, environment: Mapping[str, str] | None = None
) -> CredentialSource:
    """The credentials of the first place that has one; places before it are noted.

    Args:
        file: Named by the user: then no other place counts.
        environment: ``os.environ`` unless given.

    Raises:
        TuiError: there is no credential that could be used, or a place has something wrong.
    """
    if (found := look(file, environment)) is not None:
        return usable(found)
    raise TuiError(
        "There is no Gemini credential.",
        f"Run: export {API_KEY_VARIABLES[0]}=…   (an API key from https://aistudio.google.com/apikey)\n"
        "Or store one in a file: assemblyzero-tui pool add NAME\n"
        "Or try: assemblyzero-tui demo",
    )


def look(
    file: Path | None = None, environment: Mapping[str, str] | None = None
) -> CredentialSource | None:
    """As :func:`find`, but all that is found may be disabled.

    Returns:
        ``None`` if nothing is found at all.

    Raises:
        TuiError: a place has something wrong.
    """
    if file is not None:
        return read_file(file)
    without: list[CredentialSource] = []
    for found in places(os.environ if environment is None else environment):
        if found.credentials:
            passed = tuple(f"{place.source} has no enabled credential" for place in without)
            return replace(found, notes=(*passed, *found.notes))
        without.append(found)
    return without[0] if without else None


def file_to_write() -> Path:
    """The file that a new credential is written into unless the user names one: the one in use.

    Raises:
        TuiError: a file has something wrong.
    """
    there = [path for path in files() if path.exists()]
    used = [path for path in there if read_file(path).credentials]
    return [*used, *there, *files()][0]


def for_run(spec: RunSpec) -> CredentialSource | None:
    """The credentials for a run; ``None`` if it needs none.

    Raises:
        TuiError: as in :func:`find`.
    """
    if (quota := spec.options.quota) is not None:
        return CredentialSource("the demonstration", demo_credentials(quota))
    if not needs_credentials(spec.provider):
        return None
    return find(Path(spec.credentials) if spec.credentials else None)


def usable(found: CredentialSource) -> CredentialSource:
    """The same, if a credential of it can be used.

    Raises:
        TuiError: none can.
    """
    if found.credentials:
        return found
    if found.disabled:
        names = ", ".join(found.disabled)
        raise TuiError(
            f"Every credential in {found.source} is disabled: {names}.",
            'Enable one: "enabled": true',
        )
    why = f" ({'; '.join(found.notes)})" if found.notes else ""
    raise TuiError(
        f"There is no credential in {found.source}{why}.",
        'Add one: {"name": "one", "type": "api_key", "key": "YOUR API KEY"}',
    )


def places(environment: Mapping[str, str]) -> Iterator[CredentialSource]:
    """Every place that has something, in the order in which they count.

    Raises:
        TuiError: a place has something wrong.
    """
    for path in files():
        if path.exists():
            yield read_file(path)
    if (text := _from_keyring()) is not None:
        yield _of_keyring(text)
    for name in API_KEY_VARIABLES:
        if key := environment.get(name, "").strip():
            source = f"the environment variable {name}"
            yield CredentialSource(source, (Credential(name.lower(), parse_api_key(key, source)),))


def files() -> list[Path]:
    """The credential files, the one that counts first in front."""
    return [state_home() / FILE_NAME, Path.home() / ".agentos" / FILE_NAME]


def _of_keyring(text: str) -> CredentialSource:
    source = f"the keyring ({KEYRING_SERVICE}, {KEYRING_USER})"
    if text.lstrip().startswith(("{", "[")):
        return parse(text.encode(), source)
    return CredentialSource(source, (Credential("keyring", parse_api_key(text, source)),))


def _from_keyring() -> str | None:
    """The entry of the system's keyring; ``None`` without one, or without the package."""
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        return None
    try:
        return keyring.get_password(KEYRING_SERVICE, KEYRING_USER) or None
    except (KeyringError, RuntimeError, OSError):
        return None
