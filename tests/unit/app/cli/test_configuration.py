"""Defaults from ``tui.toml`` and from the environment."""

from __future__ import annotations

import os
from pathlib import Path

import click
import pytest

from assemblyzero_tui.app.cli.configuration import defaults_for
from assemblyzero_tui.app.commands.program import cli
from assemblyzero_tui.runner.base.errors import TuiError


def group() -> click.Context:
    return click.Context(cli, info_name="assemblyzero-tui", auto_envvar_prefix="ASSEMBLYZERO_TUI")


def write(home: Path, text: str) -> Path:
    home.mkdir(exist_ok=True)
    path = home / "tui.toml"
    path.write_text(text)
    return path


def parsed(name: str, *arguments: str) -> dict[str, object]:
    command = cli.get_command(group(), name)
    assert command is not None
    with command.make_context(name, list(arguments), parent=group()) as context:
        return context.params


def test_without_a_file_there_are_no_defaults() -> None:
    assert defaults_for("lld", group()) == {}


def test_a_table_gives_the_defaults_of_its_command(state_home: Path) -> None:
    write(state_home, "[lld]\nparallel = 7\nmax-parallel = 20\nall = true\nascii = true\n")
    params = parsed("lld")
    assert (params["parallel"], params["max_parallel"], params["all_issues"], params["ascii"]) == (
        7, 20, True, True,
    )  # fmt: skip
    assert parsed("demo")["parallel"] == 3


def test_the_command_line_wins_over_the_file_and_the_environment_too(
    state_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(state_home, "[lld]\nparallel = 7\nlatency = 1\n")
    monkeypatch.setenv("ASSEMBLYZERO_TUI_LLD_LATENCY", "0.5")
    params = parsed("lld", "--parallel", "2")
    assert (params["parallel"], params["latency"]) == (2, 0.5)
    assert parsed("lld", "--parallel")["parallel"] == 3


def test_several_context_files(state_home: Path) -> None:
    write(state_home, '[lld]\ncontext = ["a.md", "b.md"]\n')
    assert parsed("lld")["context"] == (Path("a.md"), Path("b.md"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[lld\n", "not valid TOML"),
        ("[lld]\nparalel = 3\n", "unknown option 'paralel'"),
        ("[lld]\nfresh = true\n", "unknown option 'fresh'"),
        ("[lld]\nhelp = true\n", "unknown option 'help'"),
        ("[ldd]\nparallel = 3\n", "unknown command 'ldd'"),
        ("parallel = 3\n", "unknown command 'parallel'"),
        ("lld = 3\n", "'lld' must be a table"),
        ('[lld]\nparallel = "x"\n', "[lld] parallel: 'x' is not a valid integer"),
        ("[lld]\nparallel = true\n", "[lld] parallel: a value is required, not true"),
        ("[lld]\nascii = 1\n", "[lld] ascii: 1 is neither true nor false"),
        ("[lld]\nlatency = -1\n", "[lld] latency"),
        ('[lld]\nprovider = "gpt"\n', "[lld] provider"),
        ("[demo]\nitems = 0\n", "[demo] items"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_key(state_home: Path, text: str, said: str) -> None:
    path = write(state_home, text)
    with pytest.raises(TuiError) as caught:
        defaults_for("runs", group())
    assert str(path) in caught.value.what
    assert said in caught.value.what


def test_help_answers_although_the_file_is_broken(state_home: Path) -> None:
    write(state_home, "[lld\n")
    with pytest.raises(click.exceptions.Exit):
        parsed("lld", "--help")


@pytest.mark.parametrize("text", ["[lld]\nmodel = '{}'", "{} = 1", "[lld]\n# {}\nbroken"])
def test_an_api_key_in_the_file_is_refused_by_its_line(state_home: Path, text: str) -> None:
    key = "AQ.WrittenByMistake0123456789"
    write(state_home, text.format(key))
    with pytest.raises(TuiError, match=r"has an API key in line [12]") as caught:
        defaults_for("lld", group())
    assert key not in str(caught.value)


def test_a_file_that_is_none_is_not_waited_for(state_home: Path) -> None:
    state_home.mkdir()
    os.mkfifo(state_home / "tui.toml")
    with pytest.raises(TuiError, match="not a regular file"):
        defaults_for("lld", group())
