"""The records of a filed issue: its end in the audit trail."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.workflows.issue import filing_records
from assemblyzero_tui.runner.workflows.issue.briefs import IDEAS, read_brief
from assemblyzero_tui.runner.workflows.issue.filing_records import Filed
from assemblyzero_tui.runner.workflows.records import End, effort
from assemblyzero_tui.runner.workflows.repository import audit


def issue_complete(repository: Path, filed: Filed) -> audit.AuditEvent:
    """The ``complete`` line of an issue; it depends only on the record."""
    return audit.make_event(
        origin=filed.origin,
        repository=repository,
        slug=filed.slug,
        step=f"N6:{filed.issue_number}",
        event="complete",
        details={"issue_number": filed.issue_number, "issue_url": filed.issue_url} | effort(filed),
    )


def repair(repository: Path) -> list[str]:
    """Does nothing; see :meth:`~assemblyzero_tui.runner.workflows.records.Records.repair`."""
    return []


def ends(repository: Path) -> Iterator[End]:
    """See :meth:`~assemblyzero_tui.runner.workflows.records.Records.ends`."""
    for filed in filing_records.all_filed(repository):
        if filed.origin:
            closed = not _is_pending(repository, filed)
            yield End(filed.slug, filed.origin, issue_complete(repository, filed), closed)


def _is_pending(repository: Path, filed: Filed) -> bool:
    """Whether the brief that was filed is still in the ideas folder, unchanged."""
    brief = repository / filed.brief
    if brief.parent != repository / IDEAS or not brief.exists():
        return False
    try:
        return read_brief(brief).digest == filed.brief_digest
    except TuiError:
        return False
