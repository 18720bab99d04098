"""``assemblyzero-tui pool remove``: removes a credential from its file."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from assemblyzero_tui.app.cli.base import Command
from assemblyzero_tui.app.commands.pool.options import credentials_option, json_option

REMOVED = "removed"
"""The reason that is stored for a removed credential, which is also disabled."""


@click.command(
    cls=Command,
    configurable=False,
    examples=[("work", "asks for confirmation"), ("work --yes", "does not ask")],
)
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@credentials_option
@json_option
def command(name: str, yes: bool, credentials: Path | None, as_json: bool) -> int:
    """Remove a credential from its file and from every run.

    Active runs stop using it; a call in progress is finished. The API key itself stays valid:
    delete it at https://aistudio.google.com/apikey if nobody should use it.
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

    credential_source = load_credentials(credentials)
    if name not in credential_source.disabled:
        name = find_credential(credential_source, name).name
    if credential_source.path is None:
        raise TuiError(
            f"{name} is not in a file: it comes from {credential_source.source}.",
            f"Remove it there, or run: assemblyzero-tui pool disable {name}",
        )
    if not yes:
        if not is_terminal(sys.stdin):
            raise click.UsageError("There is no terminal to confirm on. Use --yes.")
        if not click.confirm(f"Remove {name} from {credential_source.path}?", err=True):
            click.echo("Nothing was changed.", err=True)
            return 1
    fingerprint = remove_credential(credential_source.path, name)
    if fingerprint:
        with open_store() as store:
            store.disable(fingerprint, name, REMOVED)
    sentence = f"{name} is removed from {credential_source.path}; no run uses it any more."
    print_result(name, fingerprint, "removed", sentence, as_json=as_json)
    return 0
