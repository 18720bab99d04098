"""Selects the issues that the LLD workflow works on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import msgspec

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.model.events import ItemInfo
from assemblyzero_tui.runner.workflows import records
from assemblyzero_tui.runner.workflows.catalog import LLD
from assemblyzero_tui.runner.workflows.lld import designs, issue_files, status_file
from assemblyzero_tui.runner.workflows.lld.status_entries import DesignStatus
from assemblyzero_tui.runner.workflows.repository import lineage
from assemblyzero_tui.runner.workflows.tracker import gh_issues
from assemblyzero_tui.runner.workflows.tracker.gh_issues import IssueFilter
from assemblyzero_tui.runner.workflows.tracker.issues import Issue, issue_number
from assemblyzero_tui.runner.workflows.tracker.tracker_name import find_tracker

AT_ONCE = 4
"""The number of requested issues that are fetched at the same time."""

_HOW_TO_LIST = "List them: assemblyzero-tui lld --all --left-out"


class LeftOut(msgspec.Struct, kw_only=True, frozen=True):
    """An open issue for which ``--all`` writes no design, and why."""

    id: str
    title: str
    status: Literal["approved", "unknown"]
    """The status of the existing design."""
    design: str
    """Path of the design relative to the repository; empty if none is found."""
    reason: str


def pending_lld_items(
    repository: Path,
    issues_dir: Path | None = None,
    wanted: Sequence[str | int] | None = None,
    *,
    tracker: str = "",
    fresh: bool = False,
    read_only: bool = False,
    only: IssueFilter | None = None,
) -> tuple[list[ItemInfo], list[str]]:
    """The items to work on, and notes on what was left out or repaired.

    Args:
        repository: The target repository.
        issues_dir: A folder of issue files; ``None`` means the tracker.
        wanted: Numbers such as ``42`` or ``"LLD-42"``, kept in this order; ``None`` means every
            open issue without a design, lowest number first.
        tracker: ``host/owner/name`` of the issues' repository; ``gh`` finds it if this is empty.
        fresh: Include requested issues even if their design is approved.
        read_only: Repair nothing in the repository (for a dry run).
        only: Which of the open issues are meant; ``None`` means all.

    Raises:
        TuiError: an issue does not exist, a number is invalid, or the issues or the status file
            cannot be read. An unreadable file that was not named is only noted, unless all are.
    """
    numbers = None if wanted is None else list(dict.fromkeys(issue_number(str(w)) for w in wanted))
    notes: list[str] = []
    design_statuses = _design_statuses(repository, notes, read_only)
    if issues_dir is None and not tracker:
        tracker = find_tracker(repository, alternative=gh_issues.WITHOUT_GH).name
    if numbers is None:
        issues = _all_issues(repository, tracker, issues_dir, notes, only)
        left_out = _left_out(repository, issues, design_statuses)
        notes += _left_out_notes(left_out)
        return [issue.item for issue in issues if issue.number not in left_out], notes
    issues = _wanted_issues(repository, tracker, issues_dir, numbers)
    if not fresh:
        issues = _without_approved(issues, design_statuses, notes)
    for issue in issues:
        notes += _replacements(repository, issue.number, read_only)
    return [issue.item for issue in issues], notes


def _without_approved(
    issues: list[Issue], design_statuses: dict[int, DesignStatus], notes: list[str]
) -> list[Issue]:
    """The requested issues whose design is not approved; the others are noted."""
    approved = [i.number for i in issues if design_statuses.get(i.number) == "approved"]
    if approved:
        notes.append(
            f"{_listed(approved)} left out: the design is approved. Add --fresh to design it again."
        )
    return [issue for issue in issues if issue.number not in approved]


def left_out_of_all(
    repository: Path,
    issues_dir: Path | None = None,
    tracker: str = "",
    only: IssueFilter | None = None,
) -> tuple[list[LeftOut], list[str]]:
    """The open issues that are not pending, lowest number first, and notes; does not write.

    Raises:
        TuiError: the issues, the designs or the status file cannot be read.
    """
    notes: list[str] = []
    design_statuses = _design_statuses(repository, notes, read_only=True)
    if issues_dir is None and not tracker:
        tracker = find_tracker(repository, alternative=gh_issues.WITHOUT_GH).name
    issues = _all_issues(repository, tracker, issues_dir, notes, only)
    return list(_left_out(repository, issues, design_statuses).values()), notes


def _design_statuses(
    repository: Path, notes: list[str], read_only: bool
) -> dict[int, DesignStatus]:
    if read_only:
        reading = status_file.read(repository)
        if reading.damage:
            notes.append(f"{reading.damage_report} A run sets it aside and writes a new one.")
    else:
        notes.extend(records.reconcile(repository, LLD.name))
    return status_file.design_statuses(repository)


def _left_out(
    repository: Path, issues: Iterable[Issue], design_statuses: dict[int, DesignStatus]
) -> dict[int, LeftOut]:
    """The issues that have, or may have, a design already, by their number."""
    designs_by_issue = designs.find_designs(repository)
    left_out: dict[int, LeftOut] = {}
    for issue in issues:
        number = issue.number
        paths = designs_by_issue.get(number, [])
        recorded = design_statuses.get(number)
        ours = designs.published_path(number)
        design = str(ours) if ours in paths else designs.printable(paths[0]) if paths else ""
        status: Literal["approved", "unknown"] = "unknown"
        if recorded == "approved":
            status, reason = "approved", _APPROVED
        elif others := designs.others_among(repository, number, paths):
            design, status, reason = others[0].name, others[0].status, _NOT_OURS
        elif recorded == "unknown":
            reason = _UNREAD
        else:
            continue
        left_out[number] = LeftOut(
            id=issue.item.id, title=issue.title, status=status, design=design, reason=reason
        )
    return left_out


_APPROVED = "the design is approved"
_NOT_OURS = "the design was not written by this tool, or was edited since"
_UNREAD = f"its entry in {status_file.STATUS_FILE} cannot be read"


def _left_out_notes(left_out: dict[int, LeftOut]) -> list[str]:
    """One note for each reason."""
    notes = []
    for reason in (_APPROVED, _NOT_OURS, _UNREAD):
        group = {number: one for number, one in left_out.items() if one.reason == reason}
        if not group:
            continue
        count = "1 issue" if len(group) == 1 else f"{len(group)} issues"
        note = f"{count} left out, {reason}: {_listed(list(group))}. "
        if reason == _APPROVED:
            note = f"{_listed(list(group))} left out: {reason}. "
            note += "To design one again, name its number and add --fresh. "
        elif reason == _NOT_OURS:
            approved = sum(one.status == "approved" for one in group.values())
            note += f"{approved} approved, {len(group) - approved} of unknown status. "
            note += "To replace one, name its number. "
        else:
            note += "To design one anyway, name its number. "
        notes.append(f"{note}{_HOW_TO_LIST}")
    return notes


def _replacements(repository: Path, number: int, read_only: bool) -> list[str]:
    """Notes on the designs of a named issue that this tool did not write: replaced, or unchanged.

    Raises:
        TuiError: the one to be replaced cannot be read, so that no copy could be kept.
    """
    notes = []
    in_the_way = designs.other_in_the_way(repository, number)
    if in_the_way is not None:
        designs.read_for_copy(repository, in_the_way.path)
        would = "would be" if read_only else "will be"
        notes.append(
            f"#{number}: {in_the_way.path} was not written by this tool, or was edited since. It "
            f"{would} replaced when the new design is approved; a copy is kept in "
            f"{lineage.folder_of(number)}."
        )
    for other in designs.others_of(repository, number):
        if in_the_way is not None and _same(repository / other.path, repository / in_the_way.path):
            continue
        notes.append(
            f"#{number}: {other.name} was not written by this tool; it is left unchanged, and the "
            f"new design is {designs.published_path(number)}."
        )
    return notes


def _same(one: Path, other: Path) -> bool:
    return one == other or (not one.is_symlink() and one.samefile(other))


def _all_issues(
    repository: Path,
    tracker: str,
    issues_dir: Path | None,
    notes: list[str],
    only: IssueFilter | None,
) -> list[Issue]:
    """Every issue; a file that cannot be read as one is noted, and does not stop the others."""
    if issues_dir is None:
        listed = gh_issues.list_open_issues(repository, tracker, only=only)
        if only is not None and len(listed) >= gh_issues.SEARCH_LIMIT:
            notes.append(
                f"GitHub's search gives {gh_issues.SEARCH_LIMIT:,} issues at most; there may be "
                "more. Choose fewer, or run it again when these are done."
            )
        return listed
    issues: list[Issue] = []
    found, clashes = issue_files.all_issue_files(issues_dir)
    errors: list[TuiError] = list(clashes.values())
    for path in found.values():
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
        files, clashes = issue_files.all_issue_files(issues_dir)
        for number in numbers:
            if number in clashes:
                raise clashes[number]
            if number not in files:
                raise TuiError(
                    f"There is no file for issue {number} in {issues_dir}.",
                    f"Its name must begin with {number}-",
                )
        return [issue_files.read_issue(files[number]) for number in numbers]
    if len(numbers) < 2:
        return [gh_issues.view_issue(repository, tracker, number) for number in numbers]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(
            pool.map(lambda number: gh_issues.view_issue(repository, tracker, number), numbers)
        )


def _listed(numbers: list[int]) -> str:
    shown = ", ".join(f"#{number}" for number in numbers[:10])
    return shown + (f" and {len(numbers) - 10} more" if len(numbers) > 10 else "")
