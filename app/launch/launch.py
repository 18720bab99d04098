"""Starts the engine of a run and shows the run, in the order that shows it soonest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from assemblyzero_tui.app.cli.failures import mute_stdout, print_error
from assemblyzero_tui.app.cli.output_mode import OutputMode
from assemblyzero_tui.app.cli.signals import Signals
from assemblyzero_tui.app.launch.debug_log import start_debug_log
from assemblyzero_tui.runner.base.errors import StartInterruptedError
from assemblyzero_tui.runner.base.paths import RunFolder
from assemblyzero_tui.runner.credentials import sources
from assemblyzero_tui.runner.llm.opening import check_provider
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.runs.engine_start import start_engine
from assemblyzero_tui.runner.runs.live_run import LiveRun
from assemblyzero_tui.runner.runs.run_source import RunSource
from assemblyzero_tui.runner.runs.runs import create_run, renew_socket

if TYPE_CHECKING:
    from assemblyzero_tui.runner.model.run_spec import RunSpec


def start_run(spec: RunSpec, output: OutputMode) -> int:
    """Makes a run, starts its engine, shows it.

    Returns:
        The exit code of the command.

    Raises:
        TuiError: there is no key for it, it cannot be made, or its engine does not start.
    """
    check_provider(spec.provider)
    found = sources.for_run(spec)
    for note in found.notes if found is not None else ():
        click.echo(f"Note: {note}.", err=True)
    folder, _ = create_run(spec)
    return serve_and_show(folder, output)


def serve_and_show(
    folder: RunFolder,
    output: OutputMode,
    *,
    retry: Sequence[str] | None = None,
    afresh: bool = False,
    parallel: int = 0,
) -> int:
    """Starts the engine of a run that exists, and shows it; see `start_engine` for the rest."""
    start_debug_log(folder)
    renew_socket(folder)
    source = LiveRun(folder)
    if output.kind != "json":
        source.poll()
    with Signals() as signals:
        started = start_engine(folder, retry=retry, afresh=afresh, parallel=parallel)
        if output.kind == "dashboard":
            import assemblyzero_tui.app.launch.dashboard_session  # noqa: F401 - loads while the engine does
        try:
            started.wait(wake=signals.wake)
        except StartInterruptedError as error:
            print_error(error.what, error.hint)
            return 128 + signals.noted[0]
        return _show(source, output, signals, owner=True)


def show(folder: RunFolder, output: OutputMode) -> int:
    """Shows a run that this command did not start, live or ended."""
    start_debug_log(folder)
    source = LiveRun(folder)
    if output.kind != "json":
        source.poll()
    with Signals() as signals:
        return _show(source, output, signals, owner=False)


def show_again(folder: RunFolder, output: OutputMode, speed: float) -> int:
    """Shows a run again, ``speed`` times as fast as it went."""
    from assemblyzero_tui.runner.runs.replay import Replay

    start_debug_log(folder)
    source = Replay(folder, speed=speed)
    with Signals() as signals:
        code = _on_dashboard(source, output, signals)
        if code is not None:
            return code
        from assemblyzero_tui.app.headless.follower import follow_replay

        return follow_replay(source, output, signals)


def _show(source: LiveRun, output: OutputMode, signals: Signals, *, owner: bool) -> int:
    code = None if owner and signals.noted else _on_dashboard(source, output, signals)
    if code is not None:
        _farewell(source)
        return code
    from assemblyzero_tui.app.headless.follower import follow_run

    return follow_run(source, output, signals, owner=owner)


def _on_dashboard(source: RunSource, output: OutputMode, signals: Signals) -> int | None:
    """Shows the dashboard, if that is wanted and possible; the exit code, or ``None`` if not."""
    if output.notice:
        click.echo(output.notice, err=True)
    if output.kind != "dashboard":
        return None
    from assemblyzero_tui.app.launch.dashboard_session import (
        CannotOpenError,
        InterruptedEarlyError,
        show_dashboard,
    )

    try:
        return show_dashboard(source, output, signals)
    except InterruptedEarlyError:
        return None
    except CannotOpenError as error:
        click.echo(f"Cannot open the terminal ({error}). Using plain lines.", err=True)
        return None


def _farewell(source: LiveRun) -> None:
    """What is good to know when the dashboard has been left."""
    from assemblyzero_tui.app.headless.plain_lines import counted
    from assemblyzero_tui.runner.runs.runs import open_run

    run = open_run(source.folder)
    gone = not run.alive and run.unfinished and run.state.ended is None
    lines = [
        f"{run.name}: {'its engine has died; last state: ' if gone else ''}{counted(run.state)}."
    ]
    if run.alive:
        lines.append(f"The run continues. Reattach with: assemblyzero-tui attach {run.name}")
    elif run.unfinished:
        lines.append(f"Resume with: assemblyzero-tui resume {run.name}")
    again = sum(n for s, n in run.state.counts.items() if s.terminal and s is not State.DONE)
    if again and not run.alive:
        lines.append(
            f"Retry what did not succeed ({again}): assemblyzero-tui resume {run.name} --failed"
        )
    if run.state.demo:
        lines.append(f"The designs: {run.state.repository}/docs/lld/active")
    if not run.alive and run.folder.summary_markdown.exists():
        lines.append(f"Report: {run.folder.summary_markdown}")
    try:
        click.echo("\n".join(lines))
    except OSError:
        mute_stdout()  # the terminal has gone
