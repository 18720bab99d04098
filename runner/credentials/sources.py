"""The sources of credentials: the first one that has any is used."""

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
"""The keyring entry that contains an API key, or the text of a credential file."""


def find(
    file: Path | None = None, environment: Mapping[str, str] | None = None
) -> CredentialSource:
    """Finds the first source with an enabled credential; its notes name the sources before it.

    Args:
        file: A file that the user named: no other source is used.
        environment: ``os.environ`` unless given.

    Raises:
        TuiError: there is no usable credential, or a source is invalid.
    """
    if (source := find_any(file, environment)) is not None:
        return check_usable(source)
    raise TuiError(
        "There is no Gemini credential.",
        f"Run: export {API_KEY_VARIABLES[0]}=…   (an API key from https://aistudio.google.com/apikey)\n"
        "Or store one in a file: assemblyzero-tui pool add NAME\n"
        "Or try: assemblyzero-tui demo",
    )


def find_any(
    file: Path | None = None, environment: Mapping[str, str] | None = None
) -> CredentialSource | None:
    """Like :func:`find`, but if no source has an enabled credential, the first source is returned.

    Returns:
        ``None`` if there is no source.

    Raises:
        TuiError: a source is invalid.
    """
    if file is not None:
        return read_file(file)
    unusable: list[CredentialSource] = []
    for source in existing_sources(os.environ if environment is None else environment):
        if source.credentials:
            skipped = tuple(f"{each.source} has no enabled credential" for each in unusable)
            return replace(source, notes=(*skipped, *source.notes))
        unusable.append(source)
    return unusable[0] if unusable else None


def file_to_write() -> Path:
    """The default file for a new credential: the one in use, or an existing one, or the first.

    Raises:
        TuiError: a file is invalid.
    """
    existing = [path for path in default_files() if path.exists()]
    used = [path for path in existing if read_file(path).credentials]
    return [*used, *existing, *default_files()][0]


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


def check_usable(source: CredentialSource) -> CredentialSource:
    """Returns the source.

    Raises:
        TuiError: it has no usable credential.
    """
    if source.credentials:
        return source
    if source.disabled:
        names = ", ".join(source.disabled)
        raise TuiError(
            f"Every credential in {source.source} is disabled: {names}.",
            'Enable one: "enabled": true',
        )
    why = f" ({'; '.join(source.notes)})" if source.notes else ""
    raise TuiError(
        f"There is no credential in {source.source}{why}.",
        'Add one: {"name": "one", "type": "api_key", "key": "YOUR API KEY"}',
    )


def existing_sources(environment: Mapping[str, str]) -> Iterator[CredentialSource]:
    """Yields every existing source, in order of precedence.

    Raises:
        TuiError: a source is invalid.
    """
    for path in default_files():
        if path.exists():
            yield read_file(path)
    if (text := _read_keyring()) is not None:
        yield _keyring_source(text)
    for name in API_KEY_VARIABLES:
        if key := environment.get(name, "").strip():
            source = f"the environment variable {name}"
            yield CredentialSource(source, (Credential(name.lower(), parse_api_key(key, source)),))


def default_files() -> list[Path]:
    """The default credential files, in order of precedence."""
    return [state_home() / FILE_NAME, Path.home() / ".agentos" / FILE_NAME]


def _keyring_source(text: str) -> CredentialSource:
    source = f"the keyring ({KEYRING_SERVICE}, {KEYRING_USER})"
    if text.lstrip().startswith(("{", "[")):
        return parse(text.encode(), source)
    return CredentialSource(source, (Credential("keyring", parse_api_key(text, source)),))


def _read_keyring() -> str | None:
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
