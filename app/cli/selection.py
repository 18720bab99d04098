"""Selects the items of a run, and notes which of them have to wait for another run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from assemblyzero_tui.runner.base.text import one_line
from assemblyzero_tui.runner.locks.item_locks import ItemLocks
from assemblyzero_tui.runner.logs.redaction import Redactor
from assemblyzero_tui.runner.model.events import ItemInfo
from assemblyzero_tui.runner.workflows import records
from assemblyzero_tui.runner.workflows.catalog import ISSUE
from assemblyzero_tui.runner.workflows.issue.briefs import pending_briefs
from assemblyzero_tui.runner.workflows.lld.pending import left_out_of_all, pending_lld_items
from assemblyzero_tui.runner.workflows.tracker.gh_issues import IssueFilter


def choose_items(
    repository: Path,
    *,
    issues_dir: Path | None,
    wanted: Sequence[str] | None,
    tracker: str = "",
    fresh: bool = False,
    read_only: bool = False,
    only: IssueFilter | None = None,
) -> tuple[list[ItemInfo], list[str]]:
    """The items to work on, and notes on what was left out or repaired.

    Args:
        repository: The target repository.
        issues_dir: A folder of issue files; ``None`` means the issues that ``gh`` lists.
        wanted: The issues that the user named; ``None`` means everything that is pending.
        tracker: ``host/owner/name`` of the repository whose issues ``gh`` lists.
        fresh: Include named issues that already have an approved design.
        read_only: Repair nothing in the repository.
        only: Which of the open issues are meant; ``None`` means all.

    Raises:
        TuiError: a named issue does not exist, or the issues cannot be read.
    """
    items, notes = pending_lld_items(
        repository, issues_dir, wanted,
        tracker=tracker, fresh=fresh, read_only=read_only, only=only,
    )  # fmt: skip
    return _with_notes(repository, "lld", items, notes), notes


def choose_briefs(
    repository: Path, wanted: Sequence[Path] | None, *, read_only: bool = False
) -> tuple[list[ItemInfo], list[str]]:
    """The briefs to work on, and notes on what was left out or repaired.

    Args:
        repository: The target repository.
        wanted: The files that the user named; ``None`` means all ideas.
        read_only: Repair nothing in the repository.

    Raises:
        TuiError: a brief is unusable, or two briefs have the same slug.
    """
    repairs = [] if read_only else records.reconcile(repository, ISSUE.name)
    items, left_out = pending_briefs(repository, wanted)
    notes = repairs + left_out
    return _with_notes(repository, "issue", items, notes), notes


def _with_notes(
    repository: Path, workflow: str, items: Sequence[ItemInfo], notes: list[str]
) -> list[ItemInfo]:
    """Adds notes on items that have to wait because another run is working on them.

    Returns the items with API keys redacted from their titles, which are shown everywhere.
    """
    locks = ItemLocks(repository, workflow)
    elsewhere: dict[str, list[str]] = {}
    for item in items:
        if (holder := locks.holder(item.key)) is not None:
            elsewhere.setdefault(str(holder), []).append(item.id)
    for holder_text, ids in elsewhere.items():
        listed = ", ".join(ids[:10]) + (f" and {len(ids) - 10} more" if len(ids) > 10 else "")
        is_, waits = ("is", "it waits") if len(ids) == 1 else ("are", "they wait")
        notes.append(f"{listed} {is_} at work in {holder_text}; {waits} for that run.")
    redact = Redactor().redact
    return [msgspec.structs.replace(item, title=redact(item.title)) for item in items]


def print_notes(notes: Sequence[str]) -> None:
    """Prints notes to stderr, apart from the output."""
    for note in notes:
        click.echo(f"Note: {note}", err=True)


def list_items(items: Sequence[ItemInfo], *, as_json: bool, dry_run: bool) -> None:
    """Prints the items that would run, or that nothing is pending."""
    if as_json and dry_run:
        for item in items:
            click.echo(msgspec.json.encode(item))
        return
    if not items:
        click.echo("Nothing is pending.", err=as_json)
        return
    for item in items:
        click.echo(f"{item.id}  {one_line(item.title)}")
    click.echo(f"{len(items)} would run." if len(items) > 1 else "1 would run.")


def list_left_out(
    repository: Path,
    issues_dir: Path | None,
    tracker: str,
    *,
    as_json: bool,
    only: IssueFilter | None = None,
) -> None:
    """Lists the open issues that are not pending: id, status, design and title, and why.

    Raises:
        TuiError: the issues, the designs or the status file cannot be read.
    """
    left_out, notes = left_out_of_all(repository, issues_dir, tracker, only)
    print_notes(notes)
    redact = Redactor().redact
    for one in left_out:
        one = msgspec.structs.replace(one, title=redact(one.title))
        if as_json:
            click.echo(msgspec.json.encode(one))
            continue
        design = one_line(one.design) or "no file"
        click.echo(f"{one.id}  {one.status:8}  {design}  {one_line(one.title)}  ({one.reason})")
    if not as_json:
        click.echo(f"{len(left_out)} left out.")
