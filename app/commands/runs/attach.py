"""``assemblyzero-tui attach``: a run on the screen that was started elsewhere, or before."""

from __future__ import annotations

import click

from assemblyzero_tui.app.cli.base import Command
from assemblyzero_tui.app.cli.output_mode import OutputMode, output_options


@click.command(
    cls=Command,
    examples=[
        ("", "the run that goes on, or the newest"),
        ("20260131-140200-lld", "this run"),
        ("--plain", "follow it as lines of text"),
    ],
)
@click.argument("run", required=False)
@output_options
def command(run: str | None, output: OutputMode) -> int:
    """Watch a run that goes on, or look at one that has ended.

    Leaving never stops the work. RUN is the name of a run, or the beginning of one; without it
    the newest that goes on is shown, else the newest.
    """
    from assemblyzero_tui.app.cli.finding_runs import live_or_newest
    from assemblyzero_tui.app.launch.launch import show

    return show(live_or_newest(run), output)
