"""``assemblyzero-tui stop``: everything is saved, then the engine leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from assemblyzero_tui.app.cli_command import Command

if TYPE_CHECKING:
    from assemblyzero_tui.runner.places import RunFolder

PATIENCE = 30.0
"""Seconds a run may need until it has stopped."""


@click.command(
    cls=Command,
    examples=[
        ("", "the run that goes on"),
        ("20260131-140200-lld", "this run"),
        ("--force", "without waiting for anybody"),
    ],
)
@click.argument("run", required=False)
@click.option("--force", is_flag=True, help="End the processes at once, at their last checkpoint.")
def command(run: str | None, force: bool) -> int:
    """Stop a run; everything is saved and can be resumed."""
    import asyncio

    from assemblyzero_tui.app.plain_lines import counted
    from assemblyzero_tui.app.which_run import the_live_one
    from assemblyzero_tui.runner.runs import is_alive, open_run

    folder = the_live_one(run)
    name = folder.path.name
    if not is_alive(folder):
        click.echo(f"{name} is not going on; nothing to stop.")
        return 0
    asyncio.run(_stop(folder, force=force))
    state = open_run(folder).state
    click.echo(f"{name} has stopped: {counted(state)}.")
    if not state.finished:
        click.echo(f"Go on with: assemblyzero-tui resume {name}")
    return 0


async def _stop(folder: RunFolder, *, force: bool) -> None:
    """Returns when the engine has left.

    Raises:
        EngineError: it does not answer, or does not leave.
    """
    import asyncio
    import contextlib

    from assemblyzero_tui.runner.client import LiveRun
    from assemblyzero_tui.runner.commands import Stop
    from assemblyzero_tui.runner.errors import EngineError
    from assemblyzero_tui.runner.runs import is_alive

    source = LiveRun(folder)
    try:
        try:
            await source.send(Stop(force=force))
        except EngineError:
            if is_alive(folder):
                raise
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while is_alive(folder):
                    await asyncio.sleep(0.05)
                return
    finally:
        await source.close()
    raise EngineError(
        f"{folder.path.name} has not stopped within {PATIENCE:.0f} s.",
        f"Try: assemblyzero-tui stop {folder.path.name} --force   (see {folder.engine_log})",
    )
