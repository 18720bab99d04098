"""``assemblyzero-tui pool disable``, ``enable`` and ``reset``: changes a credential for every run.

Active runs notice with their next call.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assemblyzero_tui.app.cli.base import Command
from assemblyzero_tui.app.commands.pool.options import credentials_option, json_option

if TYPE_CHECKING:
    from assemblyzero_tui.runner.credentials.credentials import Credential


def _credential_command(function: Callable[..., int]) -> click.Command:
    """Makes a function a command with the name of a credential as its argument."""
    command = click.command(
        cls=Command,
        configurable=False,
        examples=[("work", "the credential called work"), ("work --json", "the result as JSON")],
    )
    return command(click.argument("name")(credentials_option(json_option(function))))


@_credential_command
def disable(name: str, credentials: Path | None, as_json: bool) -> int:
    """Disable a credential in every run.

    A call in progress is finished.
    """
    from assemblyzero_tui.app.credentials.store_access import open_store

    credential = _find(name, credentials)
    with open_store() as store:
        store.disable(credential.secret.fingerprint, credential.name)
    _print(
        credential,
        "disabled",
        f"{credential.name} is disabled. A call in progress is finished.",
        as_json,
    )
    return 0


@_credential_command
def enable(name: str, credentials: Path | None, as_json: bool) -> int:
    """Enable a credential again in every run.

    A credential that is disabled in its file is enabled there, too.
    """
    from assemblyzero_tui.app.credentials.store_access import load_credentials, open_store
    from assemblyzero_tui.runner.credentials.credentials_file import enable_credential

    credential_source = load_credentials(credentials)
    if name in credential_source.disabled and credential_source.path is not None:
        enable_credential(credential_source.path, name)
    credential = _find(name, credentials)
    with open_store() as store:
        store.enable(credential.secret.fingerprint)
    _print(credential, "enabled", f"{credential.name} is enabled.", as_json)
    return 0


@_credential_command
def reset(name: str, credentials: Path | None, as_json: bool) -> int:
    """Forget refusals and limits of a credential.

    It is probed with one call. The calls counted today are forgotten, too, for every credential of
    its project.
    """
    from assemblyzero_tui.app.credentials.store_access import open_store

    credential = _find(name, credentials)
    with open_store() as store:
        store.reset(credential.secret.fingerprint)
    _print(credential, "reset", f"{credential.name} is reset: it is probed with one call.", as_json)
    return 0


def _find(name: str, credentials: Path | None) -> Credential:
    from assemblyzero_tui.app.credentials.store_access import find_credential, load_credentials

    return find_credential(load_credentials(credentials), name)


def _print(credential: Credential, done: str, sentence: str, as_json: bool) -> None:
    from assemblyzero_tui.app.credentials.store_access import print_result

    print_result(credential.name, credential.secret.fingerprint, done, sentence, as_json=as_json)
