"""``assemblyzero-tui pool simulate``: how the pool would serve a batch."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import click

from assemblyzero_tui.app.cli.base import Command
from assemblyzero_tui.app.commands.pool.options import json_option

if TYPE_CHECKING:
    from assemblyzero_tui.runner.pool.simulation.scenario import Scenario

F = TypeVar("F", bound=Callable[..., object])


def _number(option: str, default: int, least: int, most: int, text: str) -> Callable[[F], F]:
    return click.option(
        option, type=click.IntRange(least, most), default=default, show_default=True, metavar="N",
        help=text,
    )  # fmt: skip


@click.command(
    cls=Command,
    configurable=False,
    examples=[
        ("", "4 credentials of 4 projects, 200 workflows, 20 seeds"),
        ("--keys 4 --projects 4 --hidden-projects 2 --learn", "what if they share projects?"),
        ("--rpd 250 --seeds 5 --json", "a batch of more than a day, for programs"),
    ],
)
@_number("--keys", 4, 1, 1000, "Credentials.")
@_number("--projects", 4, 1, 1000, "Projects that they are known to be spread over.")
@_number(
    "--hidden-projects",
    0,
    0,
    1000,
    "Projects that they are actually spread over, unknown to the pool; 0: same as --projects.",
)
@_number("--rpm", 10, 1, 100_000, "Requests a minute that a project allows.")
@_number("--rpd", 0, 0, 10_000_000, "Requests a day that a project allows; 0 is no limit.")
@_number("--tpm", 0, 0, 1_000_000_000, "Prompt tokens a minute that it allows; 0 is no limit.")
@_number("--tokens", 10_000, 1, 10_000_000, "Tokens of a prompt, on average; used with --tpm.")
@_number("--workers", 10, 1, 1000, "Workflows at once, at most.")
@_number("--workflows", 200, 1, 100_000, "Workflows.")
@_number("--calls", 6, 1, 10_000, "Calls of each workflow, one after the other.")
@click.option(
    "--call-seconds",
    type=click.FloatRange(0.1, 3600.0),
    default=8.0,
    show_default=True,
    metavar="SECONDS",
    help="Length of a call, on average.",
)
@_number("--fan-out", 5, 1, 1000, "Concurrent calls of some workflows where fairness is measured.")
@click.option("--learn", is_flag=True, help="The pool does not know the limits.")
@click.option("--count-tokens", is_flag=True, help="Waiting calls have their tokens counted.")
@_number("--seeds", 20, 1, 1000, "Simulations, each with other random numbers.")
@json_option
def command(
    keys: int, projects: int, hidden_projects: int, rpm: int, rpd: int, tpm: int, tokens: int,
    workers: int, workflows: int, calls: int, call_seconds: float, fan_out: int, learn: bool,
    count_tokens: bool, seeds: int, as_json: bool,
) -> int:  # fmt: skip
    """Simulate how the pool would serve a batch; makes no calls.

    Runs the same pool as real runs do, with a service that counts as Gemini does and a simulated
    clock. Prints the minimum, the median and the maximum of each figure.
    """
    from assemblyzero_tui.runner.pool.simulation.scenario import Scenario

    if projects > keys:
        raise click.UsageError(f"{keys} credentials cannot be spread over {projects} projects.")
    if hidden_projects > keys:
        raise click.UsageError(
            f"{keys} credentials cannot be spread over {hidden_projects} projects."
        )
    scenario = Scenario(
        keys=keys, projects=projects, hidden_projects=hidden_projects, rpm=rpm, rpd=rpd,
        workers=workers, workflows=workflows, calls=calls, fan_out=fan_out, learn=learn,
        tpm=tpm, tokens=tokens if tpm else 0, count=count_tokens, call_seconds=call_seconds,
    )  # fmt: skip
    figures = _figures(scenario, seeds)
    if as_json:
        import msgspec

        answer = {"scenario": scenario, "seeds": seeds, "figures": figures}
        click.echo(msgspec.json.encode(answer))
        return 0
    from assemblyzero_tui.app.cli.text_table import table

    header = ("figure", "min", "median", "max", "what it is")
    lines = [
        [name, *(f"{figures[name][column]:,.{digits}f}" for column in header[1:4]), text]
        for name, (digits, text) in _SHOWN.items()
    ]
    for line in table(header, lines, right="min median max"):
        click.echo(line)
    return 0


_SHOWN = {
    "wasted_429": (0, "requests that were refused"),
    "makespan_over_bound": (3, "time of the batch, relative to the minimum the quotas allow"),
    "makespan_s": (0, "time of the batch, seconds"),
    "jain": (3, "fairness; 1 is fair"),
    "turnaround_s": (1, "mean time per workflow, seconds"),
    "wait_p95_s": (1, "waiting for quota, seconds (95th percentile)"),
    "parked": (0, "workflows that saved and waited without a process for quota"),
}
"""Figures in the order in which they are printed: decimal places and description."""


def _figures(scenario: Scenario, seeds: int) -> dict[str, dict[str, float]]:
    from statistics import median

    from assemblyzero_tui.app.cli.output_mode import is_terminal
    from assemblyzero_tui.runner.pool.simulation.batch import simulate_all

    watched = is_terminal(sys.stderr)
    done = []
    for figures in simulate_all(scenario, range(seeds)):
        done.append(figures)
        if watched:
            click.echo(f"\r{len(done)} of {seeds} seeds", nl=False, err=True)
    if watched:
        click.echo("\r\033[K", nl=False, err=True)
    values = {name: [float(getattr(each, name)) for each in done] for name in _SHOWN}
    return {
        name: {"min": min(each), "median": median(each), "max": max(each)}
        for name, each in values.items()
    }
