"""``assemblyzero-tui pool status``: the state of each credential."""

from __future__ import annotations

from pathlib import Path

import click

from assemblyzero_tui.app.cli.base import Command
from assemblyzero_tui.app.commands.pool.options import credentials_option, json_option


@click.command(
    cls=Command,
    configurable=False,
    examples=[("", "a table"), ("--json", "the same for programs, one credential a line")],
)
@credentials_option
@json_option
def command(credentials: Path | None, as_json: bool) -> int:
    """Show the state of each credential, across all runs of this machine.

    Calls are counted by the minute and by the service's day, which ends at midnight in California;
    a limit is "?" until it is given or learned. A fingerprint is the first digits of the SHA-256 of
    the API key.
    """
    import time

    from assemblyzero_tui.app.cli.text_table import table
    from assemblyzero_tui.app.credentials.status_rows import HEADER, RIGHT, described, rows
    from assemblyzero_tui.app.credentials.store_access import (
        load_credentials,
        open_store,
        print_notes,
    )

    credential_source = load_credentials(credentials)
    with open_store() as store:
        described_credentials = described(
            credential_source, store.snapshot(credential_source.credentials)
        )
    print_notes((*credential_source.notes, *store.notes))
    if as_json:
        import msgspec

        for credential in described_credentials:
            click.echo(msgspec.json.encode(credential))
        return 0
    lines = list(rows(described_credentials, time.time()))
    filled = [
        i for i, name in enumerate(HEADER) if name in _ALWAYS or any(line[i] for line in lines)
    ]
    header = [HEADER[i] for i in filled]
    for line in table(header, [[line[i] for i in filled] for line in lines], right=RIGHT):
        click.echo(line)
    click.echo(f"Credentials: {credential_source.source}")
    return 0


_ALWAYS = ("name", "fingerprint", "state")
"""Columns that are shown although they may be empty."""
