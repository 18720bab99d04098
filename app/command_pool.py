"""``assemblyzero-tui pool``: the Gemini keys of this machine."""

from __future__ import annotations

import click

from assemblyzero_tui.app.cli_command import HELP_OPTIONS
from assemblyzero_tui.app.lazy_group import LazyGroup

COMMANDS: dict[str, tuple[str, str]] = {
    "status": ("command_pool_status", "Show how each key stands, by all runs of this machine."),
    "test": ("command_pool_test", "Make one call with each key, and say what was answered."),
    "add": ("command_pool_add", "Keep a key; its text is asked for and shown nowhere."),
    "remove": ("command_pool_remove", "Take a key out of the file, and out of every run."),
    "disable": ("command_pool_wishes:disable", "Switch a key off, in every run."),
    "enable": ("command_pool_wishes:enable", "Switch a key on again, in every run."),
    "reset": ("command_pool_wishes:reset", "Forget what is held against a key; it is tried anew."),
    "simulate": ("command_pool_simulate", "See what the pool would make of a batch; calls nobody."),
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
    """Look after the Gemini keys: how they stand, and what may be used.

    What is learned of keys is kept in pool.db in the state folder, without the keys, and holds for
    all runs of this machine. Use keys that you are entitled to; keys of one project share its
    quota.
    """
