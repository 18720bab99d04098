"""``assemblyzero-tui pool disable``, ``enable`` and ``reset``: what every run is to do with a key.

Runs that go on take it in with their next call.
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


def _wish(function: Callable[..., int]) -> click.Command:
    """The command that takes the name of a key."""
    command = click.command(
        cls=Command,
        configurable=False,
        examples=[("work", "the key called work"), ("work --json", "say it as JSON")],
    )
    return command(click.argument("name")(credentials_option(json_option(function))))


@_wish
def disable(name: str, credentials: Path | None, as_json: bool) -> int:
    """Switch a key off, in every run.

    A call under way with it goes on.
    """
    from assemblyzero_tui.app.credentials.store_access import open_store

    credential = _key(name, credentials)
    with open_store() as store:
        store.disable(credential.secret.fingerprint, credential.name)
    _say(
        credential,
        "disabled",
        f"{credential.name} is switched off. A call under way with it goes on.",
        as_json,
    )
    return 0


@_wish
def enable(name: str, credentials: Path | None, as_json: bool) -> int:
    """Switch a key on again, in every run.

    A key that its file switches off is switched on there, too.
    """
    from assemblyzero_tui.app.credentials.store_access import load_credentials, open_store
    from assemblyzero_tui.runner.credentials.credentials_file import enable_credential

    found = load_credentials(credentials)
    if name in found.disabled and found.path is not None:
        enable_credential(found.path, name)
    credential = _key(name, credentials)
    with open_store() as store:
        store.enable(credential.secret.fingerprint)
    _say(credential, "enabled", f"{credential.name} is switched on.", as_json)
    return 0


@_wish
def reset(name: str, credentials: Path | None, as_json: bool) -> int:
    """Forget what is held against a key; it is tried anew.

    Its quota counts for the day begin at zero, for every key of its project.
    """
    from assemblyzero_tui.app.credentials.store_access import open_store

    credential = _key(name, credentials)
    with open_store() as store:
        store.reset(credential.secret.fingerprint)
    _say(credential, "reset", f"{credential.name} is reset: it is tried with one call.", as_json)
    return 0


def _key(name: str, credentials: Path | None) -> Credential:
    from assemblyzero_tui.app.credentials.store_access import find_credential, load_credentials

    return find_credential(load_credentials(credentials), name)


def _say(credential: Credential, done: str, sentence: str, as_json: bool) -> None:
    from assemblyzero_tui.app.credentials.store_access import print_result

    print_result(credential.name, credential.secret.fingerprint, done, sentence, as_json=as_json)
