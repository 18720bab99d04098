"""``assemblyzero-tui stop``: saves all items and ends the engine."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import click

from assemblyzero_tui.app.cli.base import Command

if TYPE_CHECKING:
    from assemblyzero_tui.runner.base.paths import RunFolder
    from assemblyzero_tui.runner.base.processes import Process

PATIENCE = 20.0
"""Seconds a run may take to stop."""
ANSWER = 3.0
"""Seconds an engine may take to answer before its process gets a signal."""
FORCED = 5.0
"""Seconds a forced stop may take before the processes are killed."""
KILLED = 5.0
"""Seconds killed processes may take to disappear."""


@click.command(
    cls=Command,
    examples=[
        ("", "the live run"),
        ("20260131-140200-lld", "a specific run"),
        ("--force", "kill the processes without waiting for the items to save"),
    ],
)
@click.argument("run", required=False)
@click.option(
    "--force",
    is_flag=True,
    help="Kill the processes at once; items resume from their last checkpoint.",
)
def command(run: str | None, force: bool) -> int:
    """Stop a run; everything is saved and can be resumed."""
    import asyncio

    from assemblyzero_tui.app.cli.finding_runs import only_live_run
    from assemblyzero_tui.app.headless.plain_lines import counted
    from assemblyzero_tui.app.launch.debug_log import start_debug_log
    from assemblyzero_tui.runner.runs.runs import is_alive, open_run

    folder = only_live_run(run)
    name = folder.path.name
    if not is_alive(folder):
        click.echo(f"{name} is not running; nothing to stop.")
        return 0
    start_debug_log(folder)
    asyncio.run(_stop(folder, force=force))
    state = open_run(folder).state
    click.echo(f"{name} has stopped: {counted(state)}.")
    if not state.finished:
        click.echo(f"Resume with: assemblyzero-tui resume {name}")
    return 0


async def _stop(folder: RunFolder, *, force: bool) -> None:
    """Stops the run and returns when its engine has ended.

    Raises:
        EngineError: the engine does not end.
    """
    import asyncio

    from assemblyzero_tui.runner.base.errors import EngineError
    from assemblyzero_tui.runner.locks.engine_process import describe_survivors, signal_engine
    from assemblyzero_tui.runner.model.commands import Stop
    from assemblyzero_tui.runner.runs.live_run import LiveRun

    source = LiveRun(folder)
    try:
        async with asyncio.timeout(ANSWER):
            await source.send(Stop(force=force))
    except (EngineError, TimeoutError):
        signal_engine(folder, signal.SIGTERM)
    finally:
        await source.close()
    if await _wait_until_ended(folder, FORCED if force else PATIENCE):
        return
    if force and await _kill(folder):
        return
    raise EngineError(
        f"{folder.path.name} has not stopped.",
        f"{describe_survivors(folder)}\n(see {folder.engine_log})",
    )


async def _wait_until_ended(folder: RunFolder, seconds: float) -> bool:
    """Waits at most ``seconds`` for the engine to end; returns whether it has."""
    import asyncio
    import contextlib

    from assemblyzero_tui.runner.runs.runs import is_alive

    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while is_alive(folder):
                await asyncio.sleep(0.05)
    return not is_alive(folder)


async def _kill(folder: RunFolder) -> bool:
    """Kills the engine and then its workers; returns whether the engine is gone."""
    from assemblyzero_tui.runner.locks.engine_process import (
        find_engine,
        find_workers,
        signal_engine,
    )

    engine = find_engine(folder)
    if engine is None:
        return False
    workers = find_workers(engine)
    signal_engine(folder, signal.SIGKILL)
    if not await _wait_until_ended(folder, KILLED):
        return False
    await _end_workers(workers)
    return True


async def _end_workers(workers: list[Process]) -> None:
    """Kills workers that are still alive after their engine; most end on their own at once."""
    import asyncio
    import contextlib

    from assemblyzero_tui.runner.base.processes import find_process

    deadline = asyncio.get_running_loop().time() + KILLED
    while alive := [worker for worker in workers if _same(find_process(worker.pid), worker)]:
        if asyncio.get_running_loop().time() > deadline:
            for worker in alive:
                with contextlib.suppress(OSError):
                    os.killpg(worker.pid, signal.SIGKILL)
            return
        await asyncio.sleep(0.05)


def _same(process: Process | None, worker: Process) -> bool:
    return process is not None and (process.session, process.name) == (worker.session, worker.name)
