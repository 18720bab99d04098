"""``assemblyzero-tui replay``: a run again, as it went."""

from __future__ import annotations

import click

from assemblyzero_tui.app.cli_command import Command
from assemblyzero_tui.app.faces import Face, face_options


@click.command(
    cls=Command,
    examples=[
        ("20260131-140200-lld", "as fast as it went"),
        ("20260131-140200-lld --speed 10", "ten times as fast"),
        ("20260131-140200-lld --speed 1000 --plain", "as lines of text, at once"),
    ],
)
@click.argument("run")
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    metavar="X",
    help="How many times as fast as it went.",
)
@face_options
def command(run: str, speed: float, face: Face) -> int:
    """Show a run again, as it went; nothing is started."""
    from assemblyzero_tui.app.signals import Signals
    from assemblyzero_tui.runner.replay import Replay
    from assemblyzero_tui.runner.runs import find_run

    source = Replay(find_run(run), speed=speed)
    with Signals() as signals:
        if face.kind == "dashboard":
            from assemblyzero_tui.app.dashboard_face import show_dashboard

            show_dashboard(source, face, signals)
            return 0
        from assemblyzero_tui.app.headless import follow_replay

        return follow_replay(source, face, signals)
