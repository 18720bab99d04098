"""``assemblyzero-tui runs``: lists the runs on this machine."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assemblyzero_tui.app.cli.base import Command

if TYPE_CHECKING:
    from assemblyzero_tui.runner.runs.runs import ReadableRun, UnreadableRun


@click.command(
    cls=Command,
    examples=[("", "newest first"), ("--json", "one JSON object per line")],
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one object per line.")
def command(as_json: bool) -> int:
    """List runs on this machine, newest first."""
    from assemblyzero_tui.app.cli.text_table import table
    from assemblyzero_tui.runner.runs.runs import ReadableRun, all_runs

    runs = [_described(run) if isinstance(run, ReadableRun) else _named(run) for run in all_runs()]
    if as_json:
        import msgspec

        for run in runs:
            click.echo(msgspec.json.encode(run))
        return 0
    if not runs:
        click.echo("No runs yet. Try: assemblyzero-tui demo")
        return 0
    columns = (
        "run", "workflow", "repository", "state", "done", "failed", "cancelled", "left", "started",
    )  # fmt: skip
    rows = [[_cell(run, column) for column in columns] for run in runs]
    for line in table(columns, rows, right="done failed cancelled left"):
        click.echo(line)
    return 0


def state_word(run: ReadableRun) -> str:
    """The state of a run in the JSON output: running, or how it ended."""
    if run.alive:
        return "running"
    if run.state.finished:
        return "finished"
    return run.state.end_reason or "broken off"


def _described(run: ReadableRun) -> dict[str, Any]:
    from assemblyzero_tui.runner.model.states import State

    state = run.state
    counts = state.counts
    items = len(state.items) or len(run.spec.items)
    ended = sum(number for which, number in counts.items() if which.terminal)
    return {
        "run": run.name,
        "workflow": run.spec.workflow,
        "repository": run.spec.repository,
        "state": state_word(run),
        "items": items,
        "done": counts[State.DONE] + counts[State.SKIPPED],
        "failed": counts[State.FAILED] + counts[State.LOST],
        "cancelled": counts[State.CANCELLED],
        "left": items - ended,
        "started": state.started,
        "ended": state.ended,
        "exit_code": state.exit_code,
        "demo": run.spec.demo,
        "folder": str(run.folder.path),
        "problem": "",
    }


def _named(run: UnreadableRun) -> dict[str, Any]:
    """The row of a run that cannot be read, as far as its specification can."""
    spec = run.spec
    return {
        "run": run.folder.path.name,
        "workflow": spec.workflow if spec is not None else "",
        "repository": spec.repository if spec is not None else "",
        "state": "newer version" if run.newer else "unreadable" if run.out_of_reach else "damaged",
        "items": len(spec.items) if spec is not None else None,
        **dict.fromkeys(("done", "failed", "cancelled", "left", "started", "ended", "exit_code")),
        "demo": spec is not None and spec.demo,
        "folder": str(run.folder.path),
        "problem": run.problem,
    }


def _cell(run: dict[str, Any], column: str) -> str:
    value = run[column]
    if value is None or value == "":
        return ""
    if column == "started":
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(value))
    if column == "state":
        return "interrupted" if value == "broken off" else str(value)
    if column == "repository":
        if run["demo"]:
            return "(demo)"
        home = Path.home()
        path = Path(value)
        return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)
    return str(value)
