"""``assemblyzero-tui pool remove``: takes a key out of its file."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from assemblyzero_tui.app.cli.base import Command
from assemblyzero_tui.app.commands.pool.options import credentials_option, json_option

REMOVED = "removed"
"""Why a key is switched off whose entry is gone."""


@click.command(
    cls=Command,
    configurable=False,
    examples=[("work", "asks first"), ("work --yes", "does not ask")],
)
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@credentials_option
@json_option
def command(name: str, yes: bool, credentials: Path | None, as_json: bool) -> int:
    """Take a key out of the file, and out of every run.

    Runs that go on do not use it any more; a call under way with it goes on. The key itself stays
    valid: delete it at https://aistudio.google.com/apikey if nobody should use it.
    """
    from assemblyzero_tui.app.cli.output_mode import is_terminal
    from assemblyzero_tui.app.credentials.store_access import (
        find_credential,
        load_credentials,
        open_store,
        print_result,
    )
    from assemblyzero_tui.runner.base.errors import TuiError
    from assemblyzero_tui.runner.credentials.credentials_file import remove_credential

    found = load_credentials(credentials)
    if name not in found.disabled:
        name = find_credential(found, name).name
    if found.path is None:
        raise TuiError(
            f"{name} is in no file: it comes from {found.source}.",
            f"Take it out there, or: assemblyzero-tui pool disable {name}",
        )
    if not yes:
        if not is_terminal(sys.stdin):
            raise click.UsageError("There is no terminal to ask on. Give --yes.")
        if not click.confirm(f"Take {name} out of {found.path}?", err=True):
            click.echo("Nothing is changed.", err=True)
            return 1
    fingerprint = remove_credential(found.path, name)
    if fingerprint:
        with open_store() as store:
            store.disable(fingerprint, name, REMOVED)
    sentence = f"{name} is taken out of {found.path}, and no run uses it any more."
    print_result(name, fingerprint, "removed", sentence, as_json=as_json)
    return 0
