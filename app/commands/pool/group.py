"""``assemblyzero-tui pool``: the Gemini credentials of this machine."""

from __future__ import annotations

import click

from assemblyzero_tui.app.cli.base import HELP_OPTIONS
from assemblyzero_tui.app.cli.lazy_group import LazyGroup

COMMANDS: dict[str, tuple[str, str]] = {
    "status": (
        "commands.pool.status",
        "Show the state of each credential, across all runs of this machine.",
    ),
    "test": ("commands.pool.check", "Make one call with each credential, and show the answer."),
    "add": ("commands.pool.add", "Add a credential; asks for its API key and never shows it."),
    "remove": ("commands.pool.remove", "Remove a credential from its file and from every run."),
    "disable": ("commands.pool.switch:disable", "Disable a credential in every run."),
    "enable": ("commands.pool.switch:enable", "Enable a credential again in every run."),
    "reset": (
        "commands.pool.switch:reset",
        "Forget refusals and limits of a credential.",
    ),
    "simulate": (
        "commands.pool.simulate",
        "Simulate how the pool would serve a batch; makes no calls.",
    ),
}
"""Each command's module and its line in the list of commands."""


@click.group(
    name="pool",
    cls=LazyGroup,
    commands_by_name=COMMANDS,
    context_settings=HELP_OPTIONS,
    examples=[
        ("status", "which credential is exhausted, and until when"),
        ("add work --project my-project", "another credential"),
        ("test", "does each credential work?"),
    ],
)
def command() -> None:
    """Manage the Gemini credentials and their quotas.

    What is learned about credentials is stored in pool.db in the state folder, without their API
    keys, and holds for all runs of this machine. Only use credentials that you are entitled to.
    Credentials of one project share its quota.
    """
