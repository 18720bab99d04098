"""``assemblyzero-tui attach``: shows a run that is live or has ended."""

from __future__ import annotations

import click

from assemblyzero_tui.app.cli.base import Command
from assemblyzero_tui.app.cli.output_mode import OutputMode, output_options


@click.command(
    cls=Command,
    examples=[
        ("", "the live run, or else the newest"),
        ("20260131-140200-lld", "a specific run"),
        ("--plain", "follow it as plain lines"),
    ],
)
@click.argument("run", required=False)
@output_options
def command(run: str | None, output: OutputMode) -> int:
    """Watch a live run, or view one that has ended.

    Detaching never stops the run. RUN is a name or a prefix of one; it defaults to the newest live
    run, or else the newest run.
    """
    from assemblyzero_tui.app.cli.finding_runs import live_or_newest_run
    from assemblyzero_tui.app.launch.launch import show

    return show(live_or_newest_run(run), output)
