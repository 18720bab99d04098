"""Prints which tracker a command is about to use."""

from __future__ import annotations

from pathlib import Path

import click

from assemblyzero_tui.app.cli.selection import print_notes
from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.workflows.tracker import gh_filing, gh_issues
from assemblyzero_tui.runner.workflows.tracker.tracker_name import Tracker, find_tracker


def tracker_of_issues(repository: Path) -> Tracker:
    """Finds and prints the tracker to read issues from.

    Raises:
        TuiError: ``gh`` cannot find it, or it has no issues.
    """
    return _printed(find_tracker(repository, alternative=gh_issues.WITHOUT_GH))


def tracker_to_file_in(repository: Path) -> Tracker:
    """Finds and prints the tracker to file issues in.

    Raises:
        TuiError: ``gh`` cannot find it, or no issue can be filed there.
    """
    return _printed(find_tracker(repository, alternative=gh_filing.WITHOUT_GH, to_file=True))


def print_where_issues_would_go(repository: Path) -> None:
    """Like :func:`tracker_to_file_in`, for a dry run: prints why if there is no tracker."""
    try:
        tracker_to_file_in(repository)
    except TuiError as error:
        print_notes([f"cannot determine where the issues would be filed: {error.what}"])


def _printed(tracker: Tracker) -> Tracker:
    click.echo(f"Issues of {tracker.name}", err=True)
    print_notes(tracker.notes)
    return tracker
