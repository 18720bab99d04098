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
    from assemblyzero_tui.app.credentials.store_access import open_books

    key = _key(name, credentials)
    with open_books() as books:
        books.disable(key.secret.fingerprint, key.name)
    _say(key, "disabled", f"{key.name} is switched off. A call under way with it goes on.", as_json)
    return 0


@_wish
def enable(name: str, credentials: Path | None, as_json: bool) -> int:
    """Switch a key on again, in every run.

    A key that its file switches off is switched on there, too.
    """
    from assemblyzero_tui.app.credentials.store_access import keys_found, open_books
    from assemblyzero_tui.runner.credentials.credentials_file import enable_credential

    found = keys_found(credentials)
    if name in found.disabled and found.path is not None:
        enable_credential(found.path, name)
    key = _key(name, credentials)
    with open_books() as books:
        books.enable(key.secret.fingerprint)
    _say(key, "enabled", f"{key.name} is switched on.", as_json)
    return 0


@_wish
def reset(name: str, credentials: Path | None, as_json: bool) -> int:
    """Forget what is held against a key; it is tried anew.

    Its quota counts for the day begin at zero, for every key of its project.
    """
    from assemblyzero_tui.app.credentials.store_access import open_books

    key = _key(name, credentials)
    with open_books() as books:
        books.reset(key.secret.fingerprint)
    _say(key, "reset", f"{key.name} is reset: it is tried with one call.", as_json)
    return 0


def _key(name: str, credentials: Path | None) -> Credential:
    from assemblyzero_tui.app.credentials.store_access import key_named, keys_found

    return key_named(keys_found(credentials), name)


def _say(key: Credential, done: str, sentence: str, as_json: bool) -> None:
    from assemblyzero_tui.app.credentials.store_access import say_done

    say_done(key.name, key.secret.fingerprint, done, sentence, as_json=as_json)
