"""A client whose engine goes away at the worst moment continues with what the journal has."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from assemblyzero_tui.runner.base.errors import EngineError
from assemblyzero_tui.runner.model.commands import Pause
from assemblyzero_tui.runner.model.run_spec import RunSpec
from assemblyzero_tui.runner.runs.live_run import LiveRun
from assemblyzero_tui.runner.runs.runs import create_run


def run_of_a_dying_engine() -> tuple[LiveRun, Path]:
    """A run, and the path at which its engine would listen."""
    spec = RunSpec(run="", workflow="lld", repository="/", items=[], provider="offline", parallel=1)
    folder, spec = create_run(spec)
    socket = Path(spec.socket)
    socket.parent.mkdir(parents=True)
    return LiveRun(folder), socket


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def test_an_engine_that_dies_during_the_greeting_is_no_error_for_who_only_watches() -> None:
    run, socket = run_of_a_dying_engine()
    server = await asyncio.start_unix_server(hang_up, path=str(socket))
    await run.wait_for_change(0.01)
    assert run.poll() == []
    with pytest.raises(EngineError):
        await run.send(Pause())
    await run.close()
    server.close()
    await server.wait_closed()
