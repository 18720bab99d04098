"""Options that the commands about keys have in common."""

from __future__ import annotations

from pathlib import Path

import click

credentials_option = click.option(
    "--credentials",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The file with the Gemini keys; without it those of the state folder, the keyring or "
    "GEMINI_API_KEY.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="JSON, for programs.")
