"""Help: complete, with examples that work, and light enough to answer at once."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from assemblyzero_tui.app.cli.base import ExampleMixin
from assemblyzero_tui.app.commands.pool.group import COMMANDS as POOL_COMMANDS
from assemblyzero_tui.app.commands.program import COMMANDS, cli

HEAVY = (
    "textual",
    "rich",
    "langgraph",
    "pydantic",
    "asyncio",
    "multiprocessing",
    "sqlite3",
    "google.generativeai",
)


ALL = [*COMMANDS, *(f"pool {name}" for name in POOL_COMMANDS)]


def command_named(name: str) -> ExampleMixin:
    command: click.Command | None = cli
    for word in name.split():
        assert isinstance(command, click.Group)
        command = command.get_command(click.Context(command), word)
    assert isinstance(command, ExampleMixin)
    return command


def test_the_commands_are_those_of_the_program() -> None:
    assert list(COMMANDS) == [
        "lld", "issue", "demo", "runs", "attach", "stop", "resume", "report", "replay", "pool",
        "doctor",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ALL)
def test_every_command_has_examples_that_can_be_parsed(name: str) -> None:
    command = command_named(name)
    assert len(command.examples) >= 2
    for line, what in command.examples:
        assert what
        with command.make_context(name, shlex.split(line)):
            pass


@pytest.mark.parametrize("name", ALL)
def test_the_line_in_the_list_is_the_first_of_the_help(name: str) -> None:
    first = (command_named(name).help or "").splitlines()[0]
    lines = POOL_COMMANDS if " " in name else COMMANDS
    assert lines[name.split()[-1]][1] == first


@pytest.mark.parametrize("name", ALL)
def test_every_option_says_what_it_does(name: str) -> None:
    for parameter in command_named(name).params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name


def test_help_lists_every_command() -> None:
    result = CliRunner().invoke(cli, ["--help"])
    assert result.exit_code == 0
    for name in COMMANDS:
        assert f"  {name} " in result.stdout
    assert "# six sample issues, real workers, no credentials" in result.stdout


def imported_by(*arguments: str) -> set[str]:
    """The modules that a fresh interpreter has loaded after a command."""
    code = (
        "import json, sys\n"
        "from assemblyzero_tui.app.__main__ import main\n"
        f"sys.argv = ['assemblyzero-tui', *{list(arguments)!r}]\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "sys.stderr.write(json.dumps(sorted(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    return set(json.loads(done.stderr))


@pytest.mark.parametrize("name", POOL_COMMANDS)
def test_help_of_a_command_of_the_pool_loads_nothing_of_the_others(name: str) -> None:
    loaded = imported_by("pool", name, "--help")
    assert not loaded.intersection((*HEAVY, "concurrent.futures"))
    modules = {each[0].partition(":")[0] for each in POOL_COMMANDS.values()}
    mine = POOL_COMMANDS[name][0].partition(":")[0]
    assert not loaded & {f"assemblyzero_tui.app.{each}" for each in modules - {mine}}
    assert "assemblyzero_tui.runner.pool.grants.pool" not in loaded


def test_a_misspelt_command_of_the_pool_gets_a_suggestion() -> None:
    result = CliRunner().invoke(cli, ["pool", "stat"])
    assert result.exit_code == 2
    assert "Did you mean 'status'?" in result.stderr


@pytest.mark.parametrize("name", [None, *COMMANDS])
def test_help_loads_nothing_heavy(name: str | None) -> None:
    loaded = imported_by(*([name] if name else []), "--help")
    assert not loaded.intersection(HEAVY)
    if name is not None:
        others = {f"assemblyzero_tui.app.{COMMANDS[n][0]}" for n in COMMANDS if n != name}
        assert not loaded & others


def test_a_misspelt_command_gets_a_suggestion() -> None:
    result = CliRunner().invoke(cli, ["atach"])
    assert result.exit_code == 2
    assert "Did you mean 'attach'?" in result.stderr


def test_the_version_is_the_one_installed() -> None:
    from importlib import metadata

    result = CliRunner().invoke(cli, ["--version"])
    assert result.stdout == f"assemblyzero-tui {metadata.version('assemblyzero-tui')}\n"
