"""Reads the issue of an item, from the tracker or from a file."""

from __future__ import annotations

from pathlib import Path

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.model.events import ItemInfo
from assemblyzero_tui.runner.workflows.lld import issue_files
from assemblyzero_tui.runner.workflows.tracker import gh_issues
from assemblyzero_tui.runner.workflows.tracker.issues import FROM_TRACKER, Issue, issue_number
from assemblyzero_tui.runner.workflows.tracker.tracker_name import find_tracker


def fetch(item: ItemInfo, repository: Path, tracker: str) -> Issue:
    """Reads the current issue of an item.

    Args:
        item: The item, with the number of the issue and its source: the tracker or a file.
        repository: The target repository.
        tracker: ``host/owner/name``; empty in runs from before it was recorded.

    Raises:
        TuiError: it cannot be read.
    """
    number = issue_number(item.key)
    if item.source == FROM_TRACKER:
        tracker = tracker or find_tracker(repository, alternative=gh_issues.WITHOUT_GH).name
        return gh_issues.view_issue(repository, tracker, number)
    issue = issue_files.read_issue(Path(item.source))
    if issue.number != number:
        raise TuiError(
            f"{item.source} contains issue {issue.number}, not {number}.", "Was it renamed?"
        )
    return issue
