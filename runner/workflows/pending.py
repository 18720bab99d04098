"""Which issues the LLD workflow is going to work on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from assemblyzero_tui.runner.errors import TuiError
from assemblyzero_tui.runner.events import ItemInfo
from assemblyzero_tui.runner.workflows import gh, issue_files, records, status_file
from assemblyzero_tui.runner.workflows.catalog import LLD
from assemblyzero_tui.runner.workflows.issues import Issue, issue_number
from assemblyzero_tui.runner.workflows.tracker.whose import find_tracker

VIEWED_SINGLY = 3
"""Up to so many wanted issues are asked for one by one, more by one listing."""


def pending_lld_items(
    repository: Path,
    issues_dir: Path | None = None,
    wanted: Sequence[str | int] | None = None,
    *,
    tracker: str = "",
    fresh: bool = False,
    read_only: bool = False,
) -> tuple[list[ItemInfo], list[str]]:
    """The items to work on, and notes on what was left out or set right.

    Args:
        repository: The target repository.
        issues_dir: A folder of issue files; ``None`` asks ``gh``.
        wanted: Numbers such as ``42`` or ``"LLD-42"``, kept in this order; ``None`` means every
            open issue, lowest number first.
        tracker: ``host/owner/name`` of the repository that ``gh`` is asked about; empty: found out.
        fresh: Wanted issues are taken although their design is approved.
        read_only: Set nothing right in the repository (for a dry run).

    Raises:
        TuiError: an issue does not exist, a number is none, or the issues, or the status file,
            cannot be read; of files that are not named, not one.
    """
    numbers = None if wanted is None else list(dict.fromkeys(issue_number(str(w)) for w in wanted))
    notes: list[str] = []
    approved = _approved(repository, notes, read_only)
    if issues_dir is None and not tracker:
        tracker = find_tracker(repository, otherwise=gh.WITHOUT_GH).name
    if numbers is None:
        issues = _all_issues(repository, tracker, issues_dir, notes)
        left_out = [issue.number for issue in issues if issue.number in approved]
        issues = [issue for issue in issues if issue.number not in approved]
        if left_out:
            notes.append(
                f"{_listed(left_out)} left out: the design is approved. "
                "To design one again, name its number and add --fresh."
            )
    else:
        issues = _wanted_issues(repository, tracker, issues_dir, numbers)
        left_out = [n for n in numbers if n in approved and not fresh]
        issues = [issue for issue in issues if issue.number not in left_out]
        if left_out:
            notes.append(
                f"{_listed(left_out)} left out: the design is approved. "
                "Add --fresh to design it again."
            )
    return [issue.item for issue in issues], notes


def _approved(repository: Path, notes: list[str], read_only: bool) -> set[int]:
    if not read_only:
        notes.extend(records.reconcile(repository, LLD.name))
    try:
        return status_file.approved(repository)
    except status_file.InvalidStatusFileError as error:
        notes.append(
            f"{repository / status_file.STATUS_FILE} is not a status file ({error}); "
            "a run will set it aside and make a new one from the lineage."
        )
        return status_file.approved_by_lineage(repository)


def _all_issues(
    repository: Path, tracker: str, issues_dir: Path | None, notes: list[str]
) -> list[Issue]:
    """Every issue; a file that holds none is noted, and does not hold the others up."""
    if issues_dir is None:
        return gh.list_open_issues(repository, tracker)
    issues: list[Issue] = []
    errors: list[TuiError] = []
    for path in issue_files.find_issue_files(issues_dir).values():
        try:
            issues.append(issue_files.read_issue(path))
        except TuiError as error:
            errors.append(error)
    if errors and not issues:
        raise errors[0]
    notes += [f"left out: {error.what} {error.hint}" for error in errors]
    return issues


def _wanted_issues(
    repository: Path, tracker: str, issues_dir: Path | None, numbers: Iterable[int]
) -> list[Issue]:
    numbers = list(numbers)
    if issues_dir is not None:
        found = issue_files.find_issue_files(issues_dir)
        for number in numbers:
            if number not in found:
                raise TuiError(
                    f"There is no file for issue {number} in {issues_dir}.",
                    f"Its name would begin with {number}-",
                )
        return [issue_files.read_issue(found[number]) for number in numbers]
    listed: dict[int, Issue] = {}
    if len(numbers) > VIEWED_SINGLY:
        listed = {issue.number: issue for issue in gh.list_open_issues(repository, tracker)}
    return [listed.get(number) or gh.view_issue(repository, tracker, number) for number in numbers]


def _listed(numbers: list[int]) -> str:
    shown = ", ".join(f"#{number}" for number in numbers[:10])
    return shown + (f" and {len(numbers) - 10} more" if len(numbers) > 10 else "")
