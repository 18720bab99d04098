"""Which run a command means when it was not told, or told only a part of the name."""

from __future__ import annotations

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.base.paths import RunFolder
from assemblyzero_tui.runner.runs.runs import find_run, is_alive, readable_runs, run_folders


def live_or_newest(name: str | None) -> RunFolder:
    """The named run; without a name the newest that goes on, else the newest.

    Raises:
        TuiError: there is none.
    """
    if name is None:
        for folder in run_folders():
            if is_alive(folder):
                return folder
    return find_run(name)


def the_live_one(name: str | None) -> RunFolder:
    """The named run; without a name the only one that goes on.

    Raises:
        TuiError: there is none, or there are several.
    """
    if name is not None:
        return find_run(name)
    live = [folder for folder in run_folders() if is_alive(folder)]
    if not live:
        raise TuiError("No run is going on.", "See which there are: assemblyzero-tui runs")
    if len(live) > 1:
        names = ", ".join(folder.path.name for folder in live[:5])
        raise TuiError(f"Several runs are going on: {names}.", "Give the name of one.")
    return live[0]


def newest_to_resume(name: str | None, *, failed: bool) -> RunFolder:
    """The named run; without a name the newest that has something left to do.

    Raises:
        TuiError: there is none.
    """
    if name is not None:
        return find_run(name)
    for run in readable_runs():
        again = failed and any(
            s.terminal and s != "done" and n for s, n in run.state.counts.items()
        )
        if run.unfinished or (again and not run.alive):
            return run.folder
    live = [folder for folder in run_folders() if is_alive(folder)]
    if live:
        raise TuiError(
            "Nothing is left to resume; a run is going on.",
            f"Watch it: assemblyzero-tui attach {live[0].path.name}",
        )
    raise TuiError("No run has anything left to do.", "See them: assemblyzero-tui runs")
