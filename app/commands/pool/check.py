"""``assemblyzero-tui pool test``: one call with each credential."""

from __future__ import annotations

from pathlib import Path

import click

from assemblyzero_tui.app.cli.base import Command
from assemblyzero_tui.app.commands.pool.options import credentials_option, json_option
from assemblyzero_tui.runner.model.model_catalog import DEFAULT_MODEL
from assemblyzero_tui.runner.model.provider_catalog import DEFAULT_PROVIDER, PROVIDERS


@click.command(
    cls=Command,
    configurable=False,
    examples=[
        ("", "every credential that is not disabled"),
        ("work spare", "these two, even if they are disabled or exhausted"),
        ("--model gemini-3.1-pro-preview --json", "for programs, one credential a line"),
    ],
)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--provider",
    type=click.Choice([entry.name for entry in PROVIDERS.values() if entry.needs_credentials]),
    default=DEFAULT_PROVIDER,
    show_default=True,
    help="The library to call with. genai: google-genai.",
)
@click.option(
    "--model", default=DEFAULT_MODEL, show_default=True, metavar="NAME", help="The model to ask."
)
@credentials_option
@json_option
def command(
    names: tuple[str, ...], provider: str, model: str, credentials: Path | None, as_json: bool
) -> int:
    """Make one call with each credential, and show the answer.

    The calls count like those of a run, and the result holds for all runs: a credential that was
    invalid and works again is used again. The exit code is 1 if a credential does not work.
    """
    from assemblyzero_tui.app.credentials.check import open_credential_check
    from assemblyzero_tui.app.credentials.store_access import find_credential, print_notes
    from assemblyzero_tui.runner.credentials import sources

    credential_source = sources.find(credentials)
    chosen = [find_credential(credential_source, name) for name in names] or list(
        credential_source.credentials
    )
    print_notes(credential_source.notes)
    failed = False
    width = max(len(credential.name) for credential in chosen)
    with open_credential_check(credential_source, provider, model) as (checker, store):
        snapshot = store.snapshot()
        for credential in {credential.name: credential for credential in chosen}.values():
            status = snapshot.credential(credential.secret.fingerprint)
            if status is not None and status.disabled and not names:
                print_notes(
                    [f"{credential.name} is disabled ({status.disabled}); name it to test it"]
                )
                continue
            result = checker.check(credential.secret.fingerprint)
            failed = failed or not result.ok
            if as_json:
                import msgspec

                click.echo(msgspec.json.encode(result))
            else:
                click.echo(f"{credential.name:<{width}}  {result.outcome:<13}  {result.sentence}")
        print_notes(store.notes)
    return int(failed)
