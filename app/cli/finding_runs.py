"""Finds the run that a command refers to, by name, prefix or default."""

from __future__ import annotations

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.base.paths import RunFolder
from assemblyzero_tui.runner.runs.runs import find_run, is_alive, readable_runs, run_folders


def live_or_newest_run(name: str | None) -> RunFolder:
    """The named run, or else the newest live run, or else the newest run.

    Raises:
        TuiError: there is none.
    """
    if name is None:
        for folder in run_folders():
            if is_alive(folder):
                return folder
    return find_run(name)


def only_live_run(name: str | None) -> RunFolder:
    """The named run, or else the only live run.

    Raises:
        TuiError: there is none, or there are several.
    """
    if name is not None:
        return find_run(name)
    live = [folder for folder in run_folders() if is_alive(folder)]
    if not live:
        raise TuiError("No run is live.", "List runs: assemblyzero-tui runs")
    if len(live) > 1:
        names = ", ".join(folder.path.name for folder in live[:5])
        raise TuiError(f"Several runs are live: {names}.", "Specify one of them.")
    return live[0]


def newest_unfinished_run(name: str | None, *, failed: bool) -> RunFolder:
    """The named run, or else the newest unfinished run.

    Raises:
        TuiError: there is none.
    """
    if name is not None:
        return find_run(name)
    for run in readable_runs():
        retriable = failed and any(s.unsuccessful and n for s, n in run.state.counts.items())
        if run.unfinished or (retriable and not run.alive):
            return run.folder
    live = [folder for folder in run_folders() if is_alive(folder)]
    if live:
        raise TuiError(
            "Nothing to resume: a run is still running.",
            f"Watch it: assemblyzero-tui attach {live[0].path.name}",
        )
    raise TuiError("No unfinished runs.", "List runs: assemblyzero-tui runs")
