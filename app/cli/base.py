"""Base classes of the commands: examples in the help, and defaults from the configuration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

HELP_OPTIONS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class ExampleMixin(click.Command):
    """A command whose help ends with examples."""

    def __init__(
        self, *arguments: Any, examples: Sequence[tuple[str, str]] = (), **settings: Any
    ) -> None:
        super().__init__(*arguments, **settings)
        self.examples = tuple(examples)
        """The arguments of each example, and what it does."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if self.examples:
            with formatter.section("Examples"):
                pad = " " * formatter.current_indent
                for number, (line, what) in enumerate(self.examples):
                    formatter.write("\n" if number else "")
                    formatter.write(f"{pad}# {what}\n")
                    formatter.write(f"{pad}{ctx.command_path} {line}".rstrip() + "\n")


class Command(ExampleMixin):
    """A command that takes its defaults from ``tui.toml``."""

    def __init__(self, *arguments: Any, configurable: bool = True, **settings: Any) -> None:
        super().__init__(*arguments, context_settings=HELP_OPTIONS, **settings)
        self.configurable = configurable

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        asks_for_help = not {"-h", "--help"}.isdisjoint(args)
        if self.configurable and parent is not None and not asks_for_help:
            from assemblyzero_tui.app.cli.configuration import defaults_for

            extra.setdefault("default_map", defaults_for(info_name or "", parent))
        return super().make_context(info_name, args, parent, **extra)
