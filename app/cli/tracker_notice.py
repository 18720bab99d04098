"""Says whose issues a command is about to work on, before it does."""

from __future__ import annotations

from pathlib import Path

import click

from assemblyzero_tui.app.cli.selection import tell
from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.workflows.tracker import gh_filing, gh_issues
from assemblyzero_tui.runner.workflows.tracker.tracker_name import Tracker, find_tracker


def tracker_of_issues(repository: Path) -> Tracker:
    """The tracker whose issues are to be read; says which it is.

    Raises:
        TuiError: ``gh`` cannot tell, or it has no issues.
    """
    return _said(find_tracker(repository, otherwise=gh_issues.WITHOUT_GH))


def tracker_to_file_in(repository: Path) -> Tracker:
    """The tracker that issues are to be filed in; says which it is.

    Raises:
        TuiError: ``gh`` cannot tell, or no issue can be filed there.
    """
    return _said(find_tracker(repository, otherwise=gh_filing.WITHOUT_GH, to_file=True))


def tell_where_issues_would_go(repository: Path) -> None:
    """Says the same for a dry run, which does not need ``gh``: if that cannot tell, it says why."""
    try:
        tracker_to_file_in(repository)
    except TuiError as error:
        tell([f"whose issues they would be cannot be said: {error.what}"])


def _said(tracker: Tracker) -> Tracker:
    click.echo(f"Issues of {tracker.name}", err=True)
    tell(tracker.notes)
    return tracker
