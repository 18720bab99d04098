"""The records of a design: its entry in the status file, and its end in the audit trail."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from assemblyzero_tui.runner.workflows.lld import status_file
from assemblyzero_tui.runner.workflows.records import End, effort
from assemblyzero_tui.runner.workflows.repository import audit, lineage
from assemblyzero_tui.runner.workflows.repository.lineage import Approval


def design_complete(repository: Path, approval: Approval) -> audit.AuditEvent:
    """The ``complete`` line of a design; it depends only on the approval."""
    return audit.make_event(
        origin=approval.origin,
        repository=repository,
        number=approval.issue_number,
        step=f"N4:{approval.approved_draft}",
        event="complete",
        details={"lld_path": approval.lld_path} | effort(approval),
    )


def repair(repository: Path) -> list[str]:
    """See :meth:`~assemblyzero_tui.runner.workflows.records.Records.repair`."""
    return status_file.reconcile(repository)


def ends(repository: Path) -> Iterator[End]:
    """See :meth:`~assemblyzero_tui.runner.workflows.records.Records.ends`."""
    for approval in lineage.approvals(repository):
        if approval.origin:  # otherwise another program wrote it
            event = design_complete(repository, approval)
            yield End(str(approval.issue_number), approval.origin, event)
