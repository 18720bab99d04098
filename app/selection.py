"""Which items a run is going to have, less those that another run is working on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from assemblyzero_tui.runner.engine.ownership import held_by
from assemblyzero_tui.runner.errors import TuiError
from assemblyzero_tui.runner.events import ItemInfo
from assemblyzero_tui.runner.logs.redaction import Redactor
from assemblyzero_tui.runner.safe_text import one_line
from assemblyzero_tui.runner.workflows import records
from assemblyzero_tui.runner.workflows.briefs import pending_briefs
from assemblyzero_tui.runner.workflows.catalog import ISSUE
from assemblyzero_tui.runner.workflows.pending import pending_lld_items


def choose_items(
    repository: Path,
    *,
    issues_dir: Path | None,
    wanted: Sequence[str] | None,
    tracker: str = "",
    fresh: bool = False,
    read_only: bool = False,
) -> tuple[list[ItemInfo], list[str]]:
    """The items to work on, and notes on what was left out or set right.

    Args:
        repository: The target repository.
        issues_dir: A folder of issue files; ``None`` asks ``gh``.
        wanted: What the user named; ``None`` means everything that is pending.
        tracker: ``host/owner/name`` of the repository that ``gh`` is asked about.
        fresh: Named issues are taken although they have an approved design.
        read_only: Set nothing right in the repository.

    Raises:
        TuiError: something that was named does not exist or is being worked on by another run;
            or the issues cannot be read.
    """
    items, notes = pending_lld_items(
        repository, issues_dir, wanted, tracker=tracker, fresh=fresh, read_only=read_only
    )
    return _free_items(repository, "lld", items, notes, named=wanted is not None), notes


def choose_briefs(
    repository: Path, wanted: Sequence[Path] | None, *, read_only: bool = False
) -> tuple[list[ItemInfo], list[str]]:
    """The briefs to work on, and notes on what was left out or set right.

    Args:
        repository: The target repository.
        wanted: The files that the user named; ``None`` means all ideas.
        read_only: Set nothing right in the repository.

    Raises:
        TuiError: a brief is unusable or is being worked on by another run, or two have one slug.
    """
    mended = [] if read_only else records.reconcile(repository, ISSUE.name)
    items, left_out = pending_briefs(repository, wanted)
    notes = mended + left_out
    return _free_items(repository, "issue", items, notes, named=wanted is not None), notes


def _free_items(
    repository: Path, workflow: str, items: Sequence[ItemInfo], notes: list[str], *, named: bool
) -> list[ItemInfo]:
    """The items no other run is working on; the others are noted, or refused if they were named.

    What looks like a key in a title is taken out: titles are shown and written everywhere.
    """
    free: list[ItemInfo] = []
    taken: dict[str, list[str]] = {}
    redact = Redactor().redact
    for item in items:
        run = held_by(repository, workflow, item.key)
        if run is None:
            free.append(msgspec.structs.replace(item, title=redact(item.title)))
        else:
            taken.setdefault(run, []).append(item.id)
    for run, ids in taken.items():
        listed = ", ".join(ids[:10]) + (f" and {len(ids) - 10} more" if len(ids) > 10 else "")
        verb = "is" if len(ids) == 1 else "are"
        what = f"{listed} {verb} being worked on by the run {run}"
        how = f"Watch it: assemblyzero-tui attach {run}"
        if named:
            raise TuiError(f"{what}.", how)
        notes.append(f"{what}: left out. {how}")
    return free


def tell(notes: Sequence[str]) -> None:
    """Shows notes where they disturb no output."""
    for note in notes:
        click.echo(f"Note: {note}", err=True)


def list_items(items: Sequence[ItemInfo], *, as_json: bool, dry_run: bool) -> None:
    """Lists what would run, or says that there is nothing."""
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
