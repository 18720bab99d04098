"""Starts the engine of a run and shows the run, as early as possible."""

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
from assemblyzero_tui.runner.runs.engine_start import start_engine
from assemblyzero_tui.runner.runs.live_run import LiveRun
from assemblyzero_tui.runner.runs.run_source import RunSource
from assemblyzero_tui.runner.runs.runs import create_run, renew_socket

if TYPE_CHECKING:
    from assemblyzero_tui.runner.model.run_spec import RunSpec


def start_run(spec: RunSpec, output: OutputMode) -> int:
    """Creates a run, starts its engine and shows it.

    Returns:
        The exit code of the command.

    Raises:
        TuiError: there is no credential, the run cannot be created, or its engine does not start.
    """
    check_provider(spec.provider)
    credential_source = sources.for_run(spec)
    for note in credential_source.notes if credential_source is not None else ():
        click.echo(f"Note: {note}.", err=True)
    folder, _ = create_run(spec)
    return serve_and_show(folder, output)


def serve_and_show(
    folder: RunFolder,
    output: OutputMode,
    *,
    retry: Sequence[str] | None = None,
    fresh: bool = False,
    parallel: int = 0,
) -> int:
    """Starts the engine of an existing run and shows it; see `start_engine` for the options."""
    start_debug_log(folder)
    renew_socket(folder)
    source = LiveRun(folder)
    if output.kind != "json":
        source.poll()
    with Signals() as signals:
        engine = start_engine(folder, retry=retry, fresh=fresh, parallel=parallel)
        if output.kind == "dashboard":
            import assemblyzero_tui.app.launch.dashboard_session  # noqa: F401 - loads while the engine does
        try:
            engine.wait(wake=signals.wake)
        except StartInterruptedError as error:
            print_error(error.what, error.hint)
            return 128 + signals.received[0]
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
    """Replays a run, ``speed`` times as fast as it went."""
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
    code = None if owner and signals.received else _on_dashboard(source, output, signals)
    if code is not None:
        _print_outcome(source)
        return code
    from assemblyzero_tui.app.headless.follower import follow_run

    return follow_run(source, output, signals, owner=owner)


def _on_dashboard(source: RunSource, output: OutputMode, signals: Signals) -> int | None:
    """Shows the dashboard if that is the output mode and possible.

    Returns:
        The exit code; ``None`` if the dashboard was not shown.
    """
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


def _print_outcome(source: LiveRun) -> None:
    """Prints the state of the run and the next steps after the dashboard has closed."""
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
    unsuccessful = sum(n for s, n in run.state.counts.items() if s.unsuccessful)
    if unsuccessful and not run.alive:
        lines.append(
            f"Retry what did not succeed ({unsuccessful}): "
            f"assemblyzero-tui resume {run.name} --failed"
        )
    if run.state.demo:
        lines.append(f"The designs: {run.state.repository}/docs/lld/active")
    if not run.alive and run.folder.summary_markdown.exists():
        lines.append(f"Report: {run.folder.summary_markdown}")
    try:
        click.echo("\n".join(lines))
    except OSError:
        mute_stdout()  # the terminal has gone
