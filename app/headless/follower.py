"""Follows a run to its end without a dashboard, and prints it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

import click

from assemblyzero_tui.app.cli.console import LineWriter
from assemblyzero_tui.app.cli.failures import mute_stdout
from assemblyzero_tui.app.cli.output_mode import OutputMode, is_terminal
from assemblyzero_tui.app.cli.signals import Signals
from assemblyzero_tui.app.headless.plain_lines import PlainLines
from assemblyzero_tui.app.headless.printers import JsonPrinter, PlainPrinter, Printer
from assemblyzero_tui.runner.base.errors import EngineError
from assemblyzero_tui.runner.base.exit_codes import ExitCode
from assemblyzero_tui.runner.locks.engine_process import describe_survivors, signal_engine
from assemblyzero_tui.runner.model.commands import Stop
from assemblyzero_tui.runner.model.run_state import RunState
from assemblyzero_tui.runner.runs.live_run import LiveRun
from assemblyzero_tui.runner.runs.replay import Replay
from assemblyzero_tui.runner.runs.run_source import RunSource
from assemblyzero_tui.runner.runs.runs import is_alive

POLL = 0.25
"""Seconds between two polls of the logs."""
ENGINE_POLL = 0.02
"""Seconds between two checks whether the engine has exited."""
STOP_LIMIT = 8.0
"""Seconds a run may take to stop before the command exits: 5 to save, and a margin."""
ANSWER_LIMIT = 1.5
"""Seconds an engine may take to answer before its process gets a signal."""
FORCED_STOP_LIMIT = 0.6
"""The same after a second signal: the command exits in less than a second."""
LAST_MESSAGE = 0.2
"""Seconds for writing the last message, as its reader may be gone."""
OVERDUE = 0.3
"""Seconds after all these limits until the process exits in any case."""
GONE = 2.0
"""Seconds without an engine after which a run counts as interrupted."""


class Headless:
    """Follows a run to its end and prints it.

    Args:
        source: The source of the run.
        printer: Formats what is printed.
        out: Where the printer writes.
        owner: Whether this command started the run: then a signal stops the run, otherwise it
            only detaches.
        over: Returns whether no more events will come.
        served: Whether the run has an engine; a replay has none.
    """

    def __init__(
        self,
        source: RunSource,
        printer: Printer,
        out: LineWriter,
        *,
        owner: bool,
        over: Callable[[], bool],
        served: bool = True,
    ) -> None:
        self._source = source
        self._printer = printer
        self._out = out
        self._owner = owner
        self._over = over
        self._served = served
        self._signal = 0
        self._detached = False
        self._forced = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._gone_since: float | None = None
        self._give_up_at: float | None = None
        """When the command exits even if the run has not stopped, on the monotonic clock."""
        self._guards: list[threading.Timer] = []

    async def follow(self, signals: Signals) -> int:
        """Prints until the run is over or a signal ends it.

        Returns:
            The exit code.
        """
        signals.listen(asyncio.get_running_loop(), self._on_signal)
        try:
            while not (self._detached or self._late):
                complete = self._step()
                if self._out.closed:
                    self._reader_gone()
                if complete and self._ended():
                    break
                await self._out.flush(self._pause)
                self._printer.idle()
                if complete and not self._detached:
                    await self._source.wait_for_change(self._pause)
            return await self._finish()
        finally:
            for guard in self._guards:
                guard.cancel()
            for task in self._tasks:
                task.cancel()
            await self._source.close()

    @property
    def _late(self) -> bool:
        """Whether the time for stopping has passed."""
        return self._give_up_at is not None and time.monotonic() >= self._give_up_at

    @property
    def _pause(self) -> float:
        """Seconds until the next poll."""
        if self._give_up_at is None:
            return POLL
        return min(POLL, max(0.0, self._give_up_at - time.monotonic()))

    def _step(self) -> bool:
        """Prints new events and log lines; returns whether none are left."""
        if self._out.full:
            return False
        self._printer.events(self._source.poll())
        return self._printer.logs()

    def _ended(self) -> bool:
        if self._over():
            return True
        if self._source.live or not self._served:
            self._gone_since = None
            return False
        now = time.monotonic()
        self._gone_since = self._gone_since if self._gone_since is not None else now
        return now - self._gone_since > GONE

    async def _finish(self) -> int:
        state = self._source.state
        if self._detached:
            await self._out.flush(1.0)
            return 128 + self._signal if self._signal else self._exit_code(state)
        self._printer.events(self._source.poll())
        await self._engine_gone()
        if self._late and (alive := describe_survivors(self._source.folder)):
            await self._out.flush(LAST_MESSAGE)
            stderr = LineWriter(2)
            stderr.line(alive)
            await stderr.flush(LAST_MESSAGE)
            return 128 + self._signal if self._signal else self._exit_code(state)
        self._printer.end()
        if state.ended is None and self._served:
            self._printer.report(
                "The engine has died. Everything up to the last checkpoint is "
                f"saved; resume with: assemblyzero-tui resume {self._source.folder.path.name}"
            )
        if self._source.folder.summary_markdown.exists():
            self._printer.report(f"Report: {self._source.folder.summary_markdown}")
        if state.demo:
            self._printer.report(f"The designs: {state.repository}/docs/lld/active")
        while not (self._out.empty or self._must_not_wait()):
            await self._out.flush(self._pause)
        return self._exit_code(state)

    def _must_not_wait(self) -> bool:
        """Whether the user will not wait for the rest of the output either."""
        return self._detached or self._forced or self._late

    def _exit_code(self, state: RunState) -> int:
        if self._out.error:
            return ExitCode.FAILED
        if self._out.closed:
            return ExitCode.PIPE_CLOSED
        if self._signal and self._owner and state.end_reason != "finished":
            return 128 + self._signal
        if state.exit_code is not None:
            return state.exit_code
        return ExitCode.FAILED if self._served else ExitCode.OK

    async def _engine_gone(self) -> None:
        """Waits up to 10 s until the engine has written its report and exited."""
        deadline = time.monotonic() + 10.0
        while self._served and is_alive(self._source.folder) and time.monotonic() < deadline:
            if self._late:
                return
            await asyncio.sleep(ENGINE_POLL)

    def _reader_gone(self) -> None:
        if not self._owner:
            self._detached = True
        elif not self._tasks:
            self._stop(Stop())

    def _on_signal(self, number: int) -> None:
        again, self._signal = bool(self._signal), self._signal or number
        if not self._owner:
            self._detached = True
            if number == signal.SIGINT and self._source.live:
                self._printer.report("Detached; the run continues.")
        elif again:
            self._forced = True
            self._printer.report("Forced: killing the processes now.")
            self._stop(Stop(interrupted=True, force=True))
        else:
            self._printer.report(
                "Stopping: everything will be saved within seconds. Interrupt again to force."
            )
            self._stop(Stop(interrupted=True))

    def _stop(self, command: Stop) -> None:
        """Asks the engine to stop, and makes the command exit if it does not in time."""
        limit = FORCED_STOP_LIMIT if command.force else STOP_LIMIT
        give_up_at = time.monotonic() + limit
        self._give_up_at = min(give_up_at, self._give_up_at or give_up_at)
        # The loop itself may be blocked, for example by a disk that hangs.
        code = 128 + self._signal if self._signal else ExitCode.PIPE_CLOSED
        guard = threading.Timer(limit + 2 * LAST_MESSAGE + OVERDUE, os._exit, [code])
        guard.daemon = True
        guard.start()
        self._guards.append(guard)
        self._tasks.add(asyncio.get_running_loop().create_task(self._send(command)))

    async def _send(self, command: Stop) -> None:
        try:
            async with asyncio.timeout(ANSWER_LIMIT):
                await self._source.send(command)
        except (EngineError, TimeoutError) as error:
            if self._source.state.ended is not None or not self._source.live:
                return
            if not command.force and signal_engine(self._source.folder, signal.SIGTERM):
                return
            if isinstance(error, EngineError):
                self._printer.report(error.what)


def follow_run(source: LiveRun, output: OutputMode, signals: Signals, *, owner: bool) -> int:
    """Prints a run from its next event on; returns the exit code.

    Args:
        source: The run, live or ended.
        output: How to print it.
        signals: The signals received so far.
        owner: Whether this command started the run.
    """
    return _follow(
        source, output, signals, owner=owner, over=lambda: source.state.ended is not None
    )


def follow_replay(source: Replay, output: OutputMode, signals: Signals) -> int:
    """Prints a replay at its speed; returns the exit code."""
    return _follow(source, output, signals, owner=False, over=lambda: source.over, served=False)


def _follow(
    source: RunSource,
    output: OutputMode,
    signals: Signals,
    *,
    owner: bool,
    over: Callable[[], bool],
    served: bool = True,
) -> int:
    out = LineWriter()
    printer: Printer
    if output.kind == "json":
        printer = JsonPrinter(out, lambda text: click.echo(text, err=True))
    else:
        dumb = os.environ.get("TERM", "") in ("", "dumb", "unknown")
        colours = is_terminal(sys.stdout) and not dumb and "NO_COLOR" not in os.environ
        lines = PlainLines(timestamps=output.timestamps, colours=colours, ascii=output.ascii)
        printer = PlainPrinter(source, out, lines)
        printer.prime()
        if not owner and source.live and source.state.ended is None:
            printer.print_attached()
    headless = Headless(source, printer, out, owner=owner, over=over, served=served)
    code = asyncio.run(headless.follow(signals))
    if out.error:
        run = source.folder.path.name
        click.echo(
            f"Cannot write the output: {out.error}. "
            + (f"The run was stopped; resume with: assemblyzero-tui resume {run}" if owner else ""),
            err=True,
        )
    if out.closed:
        mute_stdout()
    return code
