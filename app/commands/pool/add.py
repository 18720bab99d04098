"""``assemblyzero-tui pool add``: stores a credential."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from assemblyzero_tui.app.cli.base import Command
from assemblyzero_tui.app.cli.credentials_file import CredentialsFile
from assemblyzero_tui.app.commands.pool.options import json_option

LONGEST = 4096
"""Characters read from standard input at most, where an API key is expected."""
LIKE_AN_API_KEY = 16
"""Length from which a word may be an API key, so that no error message repeats it."""


class _AddCommand(Command):
    """Never repeats an argument that may be an API key in an error message."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        words = {part for word in args for part in (word, word.partition("=")[2])}
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            if any(
                len(word) >= LIKE_AN_API_KEY and word in error.format_message() for word in words
            ):
                raise click.UsageError(
                    "Give only the name of the credential; you are prompted for the API key. "
                    "Arguments can be read by other users, and stay in the shell's history.",
                    ctx,
                ) from None
            raise


@click.command(
    cls=_AddCommand,
    configurable=False,
    examples=[
        ("work", "asks for the API key, without showing it"),
        ("work --project my-project --rpm 5 --rpd 100", "with what its project allows"),
        ("work --credentials credentials.json", "stored in this file"),
    ],
)
@click.argument("name")
@click.option(
    "--project",
    default="",
    metavar="PROJECT",
    help="The credential's project. Credentials of one project share its quota.",
)
@click.option(
    "--rpm",
    type=click.IntRange(min=1),
    metavar="N",
    help="Requests per minute that its project allows.",
)
@click.option(
    "--rpd",
    type=click.IntRange(min=1),
    metavar="N",
    help="Requests per day that its project allows.",
)
@click.option(
    "--tpm", type=click.IntRange(min=1), metavar="N", help="Prompt tokens a minute that it allows."
)
@click.option(
    "--credentials",
    type=CredentialsFile(),
    metavar="FILE",
    help="The file to store it in. Default: the file in use, or one in the state folder.",
)
@json_option
def command(
    name: str, project: str, rpm: int | None, rpd: int | None, tpm: int | None,
    credentials: Path | None, as_json: bool,
) -> int:  # fmt: skip
    """Add a credential; asks for its API key and never shows it.

    Active runs use it at once. Without a terminal, the API key is the first line of the standard
    input: < key.txt. The file is created so that only you can read it.
    """
    from assemblyzero_tui.app.credentials.broadcast import send_to_runs
    from assemblyzero_tui.app.credentials.store_access import (
        enable_if_disabled,
        open_store,
        print_notes,
        print_result,
    )
    from assemblyzero_tui.runner.credentials import sources
    from assemblyzero_tui.runner.credentials.credentials_file import add_credential
    from assemblyzero_tui.runner.model.commands import AddCredential

    _refuse_api_keys(name, project)
    file = credentials or sources.file_to_write()
    previous = sources.find_any() if credentials is None else None
    api_key = _read_api_key(name)
    fingerprint = add_credential(file, name, api_key, project, rpm, rpd, tpm)
    with open_store() as store:
        enable_if_disabled(store, fingerprint)
    if previous is not None and previous.path != file:
        print_notes([f"Until now, {previous.source} was used; from now on, only {file} is"])
    new = AddCredential(
        name=name.strip(), key=api_key.strip(), project=project.strip(), rpm=rpm, rpd=rpd, tpm=tpm
    )
    runs = send_to_runs(file, new)
    sentence = f"{new.name} is stored in {file}."
    if runs:
        sentence += f" Now used by: {', '.join(runs)}."
    print_result(new.name, fingerprint, "added", sentence, as_json=as_json, runs=runs)
    return 0


def _refuse_api_keys(name: str, project: str) -> None:
    """Refuses an API key that was given as an argument.

    Raises:
        click.UsageError: the name or the project looks like an API key.
    """
    from assemblyzero_tui.runner.credentials.credentials import may_be_api_key

    for what, text in (("name", name), ("project", project)):
        if may_be_api_key(text):
            raise click.UsageError(
                f"The {what} looks like an API key. Give another one; "
                "you are prompted for the API key. "
                "If it was the API key, it is in the shell's history now."
            )


def _read_api_key(name: str) -> str:
    from assemblyzero_tui.app.cli.output_mode import is_terminal

    if is_terminal(sys.stdin):
        typed: str = click.prompt(f"API key of {name} (not shown)", hide_input=True, err=True)
        return typed
    return sys.stdin.readline(LONGEST) if sys.stdin is not None else ""
