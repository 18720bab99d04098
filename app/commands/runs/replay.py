"""``assemblyzero-tui replay``: replays a recorded run."""

from __future__ import annotations

import click

from assemblyzero_tui.app.cli.base import Command
from assemblyzero_tui.app.cli.output_mode import OutputMode, output_options


@click.command(
    cls=Command,
    examples=[
        ("20260131-140200-lld", "at the original speed"),
        ("20260131-140200-lld --speed 10", "ten times faster"),
        ("20260131-140200-lld --speed 1000 --plain", "as plain lines, at once"),
    ],
)
@click.argument("run")
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    metavar="X",
    help="Speed factor.",
)
@output_options
def command(run: str, speed: float, output: OutputMode) -> int:
    """Replay a recorded run; nothing is started."""
    from assemblyzero_tui.app.launch.launch import show_again
    from assemblyzero_tui.runner.runs.runs import find_run

    return show_again(find_run(run), output, speed)
