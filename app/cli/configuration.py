"""``tui.toml`` in the state folder: defaults for the options of the commands.

One table per command; its options are named as on the command line, without the dashes::

    [lld]
    parallel = 3
    ascii = true
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from assemblyzero_tui.app.cli.typed_keys import refuse_key_in_file
from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.base.paths import state_home
from assemblyzero_tui.runner.base.small_files import read_small_file

LARGEST = 1 << 20
"""The most bytes of the file."""
_COMMAND_LINE_ONLY = {
    "help", "fresh", "accept_changes", "dry_run", "left_out", "labels", "milestone", "search",
}  # fmt: skip
"""Parameters that only make sense on the command line."""


def configuration_file() -> Path:
    """The path of the configuration file."""
    return state_home() / "tui.toml"


def defaults_for(command: str, group: click.Context) -> dict[str, Any]:
    """The defaults for a command in the file; empty if there is no file.

    Raises:
        TuiError: the file cannot be read, is not TOML, or has an invalid option or value for any
            command.
    """
    return read_configuration(group).get(command, {})


def read_configuration(group: click.Context) -> dict[str, dict[str, Any]]:
    """The whole file: the defaults of each command by the names of its parameters.

    Raises:
        TuiError: as in `defaults_for`.
    """
    path = configuration_file()
    try:
        data = read_small_file(path, LARGEST)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise TuiError(
            f"Cannot read the configuration {path}: {error.strerror}.",
            "Make it readable, or remove it.",
        ) from error
    document = _parse(path, data)
    return {name: _table(path, group, name, table) for name, table in document.items()}


def _parse(path: Path, data: bytes) -> dict[str, Any]:
    import tomllib

    try:
        text = data.decode()
        refuse_key_in_file(path, text)
        return tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise TuiError(f"{path} is not UTF-8 text: {error}.") from error
    except tomllib.TOMLDecodeError as error:
        raise TuiError(
            f"{path} is not valid TOML: {error}.", "Correct it, or remove it."
        ) from error


def _table(path: Path, group: click.Context, name: str, table: Any) -> dict[str, Any]:
    assert isinstance(group.command, click.Group)
    command = group.command.get_command(group, name)
    if command is None:
        raise TuiError(
            f"{path}: unknown command {name!r}.",
            f"Available commands: {', '.join(group.command.list_commands(group))}.",
        )
    if not isinstance(table, dict):
        raise TuiError(
            f"{path}: {name!r} must be a table.",
            f"Write [{name}] and put its options on the lines below.",
        )
    options: dict[str | None, click.Option] = {
        parameter.name: parameter
        for parameter in command.params
        if isinstance(parameter, click.Option) and parameter.name not in _COMMAND_LINE_ONLY
    }
    return dict(_entry(path, name, options, key, value) for key, value in table.items())


def _entry(
    path: Path, table: str, options: dict[str | None, click.Option], key: str, value: Any
) -> tuple[str, Any]:
    name = key.replace("-", "_")
    option = options.get(name) or next(
        (o for o in options.values() if f"--{key.replace('_', '-')}" in o.opts), None
    )
    if option is None or option.name is None:
        available = sorted(_key(option) for option in options.values())
        raise TuiError(
            f"{path}: [{table}] has an unknown option {key!r}.",
            f"Available options: {', '.join(available)}.",
        )
    context = click.Context(click.Command(table))
    try:
        if option.is_flag and not isinstance(value, bool):
            raise click.BadParameter(f"{value!r} is neither true nor false.")
        if not option.is_flag and isinstance(value, bool):
            raise click.BadParameter(f"a value is required, not {str(value).lower()}.")
        option.type_cast_value(context, value)
    except click.UsageError as error:
        raise TuiError(f"{path}: [{table}] {key}: {error.message}") from error
    return option.name, value


def _key(option: click.Option) -> str:
    return max(option.opts, key=len).lstrip("-")
