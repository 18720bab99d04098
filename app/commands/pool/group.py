"""``assemblyzero-tui pool``: the Gemini keys of this machine."""

from __future__ import annotations

import click

from assemblyzero_tui.app.cli.base import HELP_OPTIONS
from assemblyzero_tui.app.cli.lazy_group import LazyGroup

COMMANDS: dict[str, tuple[str, str]] = {
    "status": ("commands.pool.status", "Show how each key stands, by all runs of this machine."),
    "test": ("commands.pool.check", "Make one call with each key, and say what was answered."),
    "add": ("commands.pool.add", "Keep a key; its text is asked for and shown nowhere."),
    "remove": ("commands.pool.remove", "Take a key out of the file, and out of every run."),
    "disable": ("commands.pool.switch:disable", "Switch a key off, in every run."),
    "enable": ("commands.pool.switch:enable", "Switch a key on again, in every run."),
    "reset": ("commands.pool.switch:reset", "Forget what is held against a key; it is tried anew."),
    "simulate": (
        "commands.pool.simulate",
        "See what the pool would make of a batch; calls nobody.",
    ),
}
"""Each command's module and its line in the list of commands."""


@click.group(
    name="pool",
    cls=LazyGroup,
    commands_by_name=COMMANDS,
    context_settings=HELP_OPTIONS,
    examples=[
        ("status", "which key is used up, and until when"),
        ("add work --project my-project", "another key"),
        ("test", "does each key work?"),
    ],
)
def command() -> None:
    """Manage the Gemini credentials and their quotas.

    What is learned of keys is kept in pool.db in the state folder, without the keys, and holds for
    all runs of this machine. Use keys that you are entitled to; keys of one project share its
    quota.
    """
