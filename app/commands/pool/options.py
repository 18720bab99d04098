"""Options that the commands about credentials have in common."""

from __future__ import annotations

import click

from assemblyzero_tui.app.cli.credentials_file import CredentialsFile
from assemblyzero_tui.runner.credentials.api_key_variables import API_KEY_VARIABLES

credentials_option = click.option(
    "--credentials",
    type=CredentialsFile(),
    metavar="FILE",
    help="The file with the Gemini credentials; without it those of the state folder, the keyring "
    f"or {API_KEY_VARIABLES[0]} are used.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
