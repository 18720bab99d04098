"""What ``--parallel`` means."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner, Result

from assemblyzero_tui.app.cli import parallel
from assemblyzero_tui.app.commands.program import cli


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments, catch_exceptions=True)


@pytest.mark.parametrize(
    "arguments",
    [
        ["lld", "--parallel", "42", "57"],
        ["lld", "57", "--parallel", "42"],
        ["lld", "--parallel", "42"],
    ],
)
def test_an_issue_swallowed_by_parallel_is_a_usage_error_that_says_so(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert "took 42 as the number of workers" in result.stderr
    numbers = "42 57" if "57" in arguments else "42"
    assert f"assemblyzero-tui lld {numbers} --parallel" in result.stderr


def test_an_issue_above_a_raised_limit_is_recognised_too() -> None:
    result = run("lld", "--parallel", "42", "57", "--max-parallel", "20")
    assert result.exit_code == 2
    assert "at most 20" in result.stderr


def test_no_worker_is_a_usage_error() -> None:
    result = run("lld", "--all", "--parallel=0")
    assert result.exit_code == 2
    assert "at least 1, not 0" in result.stderr


@pytest.mark.parametrize("arguments", [["--parallel=-1"], ["--parallel", "-1"]])
def test_a_negative_number_of_workers_is_a_usage_error(arguments: list[str]) -> None:
    result = run("lld", "--all", *arguments)
    assert result.exit_code == 2
    assert "-1" in result.stderr


def test_parallel_wants_a_number() -> None:
    result = run("lld", "--all", "--parallel=many")
    assert result.exit_code == 2
    assert "many" in result.stderr


def test_nothing_selected_is_a_usage_error_with_an_example() -> None:
    for arguments in (["lld"], ["lld", "--parallel"]):
        result = run(*arguments)
        assert result.exit_code == 2
        assert "specify issue numbers, --all, or --issues-dir" in result.stderr
        assert "assemblyzero-tui lld --all" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], 1),
        (["--parallel"], 3),
        (["--parallel", "--all"], 3),
        (["--parallel", "5"], 5),
        (["--parallel=5"], 5),
        (["--parallel", "10"], 10),
    ],
)
def test_the_number_of_workers(arguments: list[str], expected: int) -> None:
    command = cli.get_command(cli.make_context("x", ["lld"], resilient_parsing=True), "lld")
    assert command is not None
    with command.make_context("lld", arguments) as context:
        assert context.params["parallel"] == expected


def test_too_many_workers_for_everything_are_capped_with_a_warning() -> None:
    with click.Context(click.Command("x")) as context:
        context.params["parallel"] = 42
        assert parallel.check_parallel(42, 10) == 10
        assert parallel.check_parallel(42, 50) == 42
        assert parallel.check_parallel(10, 10, numbers=("57",)) == 10
