"""Where the issue of an item is read from: the tracker, or a file."""

from __future__ import annotations

from pathlib import Path

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.model.events import ItemInfo
from assemblyzero_tui.runner.workflows.lld import issue_files
from assemblyzero_tui.runner.workflows.tracker import gh_issues
from assemblyzero_tui.runner.workflows.tracker.issues import FROM_TRACKER, Issue, issue_number
from assemblyzero_tui.runner.workflows.tracker.tracker_name import find_tracker


def fetch(item: ItemInfo, repository: Path, tracker: str) -> Issue:
    """The issue of an item, as it is now.

    Args:
        item: Its number, and whether it is on the tracker or in a file.
        repository: The target repository.
        tracker: ``host/owner/name``; empty in runs that were made before that was noted.

    Raises:
        TuiError: it cannot be read.
    """
    number = issue_number(item.key)
    if item.source == FROM_TRACKER:
        whose = tracker or find_tracker(repository, otherwise=gh_issues.WITHOUT_GH).name
        return gh_issues.view_issue(repository, whose, number)
    issue = issue_files.read_issue(Path(item.source))
    if issue.number != number:
        raise TuiError(
            f"{item.source} contains issue {issue.number}, not {number}.", "Was it renamed?"
        )
    return issue
