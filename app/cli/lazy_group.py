"""Groups of commands whose modules are imported when they are used."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click

from assemblyzero_tui.app.cli.base import ExampleMixin


class LazyGroup(ExampleMixin, click.Group):
    """A group that imports the module of a command when the command is looked up.

    Args:
        commands_by_name: Each command's module and its line in the list of commands. The command
            is the module's ``command``, or the attribute named after a colon.
    """

    def __init__(
        self, *arguments: Any, commands_by_name: Mapping[str, tuple[str, str]], **settings: Any
    ) -> None:
        super().__init__(*arguments, **settings)
        self.commands_by_name = commands_by_name

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands_by_name)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.commands_by_name:
            return None
        name, _, attribute = self.commands_by_name[cmd_name][0].partition(":")
        module = importlib.import_module(f"assemblyzero_tui.app.{name}")
        command: click.Command = getattr(module, attribute or "command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        lines = [(name, line) for name, (_, line) in self.commands_by_name.items()]
        with formatter.section("Commands"):
            formatter.write_dl(lines)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in self.commands_by_name and not name.startswith("-"):
            import difflib

            near = difflib.get_close_matches(name, self.commands_by_name, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"Unknown command {name!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)
