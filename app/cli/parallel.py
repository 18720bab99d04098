"""``--parallel`` with or without a number, and ``--max-parallel``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from assemblyzero_tui.runner.model.run_spec import DEFAULT_PARALLEL, MAX_PARALLEL


def parallel_option(default: int | None = 1) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """``--parallel [N]``; alone it means `DEFAULT_PARALLEL`, without it ``default``."""
    without = "" if default is None else f" [default: {default}]"
    return click.option(
        "--parallel",
        type=int,
        is_flag=False,
        flag_value=DEFAULT_PARALLEL,
        default=default,
        metavar="[N]",
        help=f"Run N items at once; {DEFAULT_PARALLEL} if N is omitted.{without}",
    )


max_parallel_option = click.option(
    "--max-parallel",
    type=click.IntRange(min=1),
    default=MAX_PARALLEL,
    show_default=True,
    metavar="N",
    help="Upper limit for --parallel.",
)


def check_parallel(parallel: int, cap: int, *, numbers: tuple[str, ...] = ()) -> int:
    """Returns the number of workers, reduced to ``cap`` with a warning if it is greater.

    Args:
        parallel: The value of ``--parallel``, or its default.
        cap: The upper limit.
        numbers: Issue numbers that were also given.

    Raises:
        click.UsageError: the number is less than 1, or is probably the number of an issue.
    """
    if parallel < 1:
        raise click.UsageError(f"--parallel must be at least 1, not {parallel}.")
    if parallel <= cap:
        return parallel
    if numbers and parallel_is_explicit():
        raise click.UsageError(
            f"--parallel took {parallel} as the number of workers, and at most {cap} are "
            f"allowed.\n{issue_hint(parallel, numbers)}\n"
            f"For {parallel} workers: --parallel {parallel} --max-parallel {parallel}"
        )
    click.echo(
        f"Warning: --parallel {parallel} exceeds the limit; running {cap} at once. "
        "Raise it with --max-parallel.",
        err=True,
    )
    return cap


def issue_hint(parallel: int, numbers: tuple[str, ...] = ()) -> str:
    """The command to use if the number after ``--parallel`` was meant to be an issue."""
    issues = " ".join((str(parallel), *numbers))
    return f"If issue {parallel} was meant: assemblyzero-tui lld {issues} --parallel"


def parallel_is_explicit() -> bool:
    """Whether ``--parallel`` is on the command line, not only in the configuration."""
    source = click.get_current_context().get_parameter_source("parallel")
    return source is click.core.ParameterSource.COMMANDLINE
