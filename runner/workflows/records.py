"""The records of a finished item, and how they are completed after a crash.

The last node of a workflow and the engine take these steps, each once, in this order. After a
crash between two of them the earlier ones remain; all steps after the evidence (3) follow from it.

== ======================================== ========================================================
   design (``lld``)                         issue (``issue``)
== ======================================== ========================================================
1  the last draft is approved: checkpoint   the same
2  ``docs/lld/active/LLD-042.md``           ``filing.json`` (the intent), then ``gh issue create``
3  ``NNN-approved.json`` in the lineage     ``NNN-filed.json`` in the lineage
4  the entry in ``lld-status.json``         --
5  ``complete`` in the audit files          ``complete`` in the audit files
6  --                                       the lineage moves to ``done``, then the brief does
7  the node's checkpoint                    the same
8  ``done`` in the journal of the run       the same
9  the checkpoint is removed                the same
== ======================================== ========================================================

Until 3 the item is pending, and the same command, or ``resume``, continues from the checkpoint: the
node runs again and writes the same files; an issue is searched for before it is filed. A brief in
the ideas folder is pending until 6. From then on the same command finds the item done:
:func:`reconcile`, called before the command chooses its items, by ``resume``, and by the engine
when it ends, adds the missing parts of 4 and 5 and does 9. ``resume`` then does 8, without a call.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol, cast

from assemblyzero_tui.runner.base.paths import (
    RunFolder,
    checkpoints,
    runs_directory,
)
from assemblyzero_tui.runner.base.sqlite_files import remove_database
from assemblyzero_tui.runner.locks.item_locks import Holder, ItemLocks
from assemblyzero_tui.runner.workflows import catalog
from assemblyzero_tui.runner.workflows.catalog import entry
from assemblyzero_tui.runner.workflows.journeys import read_origin
from assemblyzero_tui.runner.workflows.repository import audit
from assemblyzero_tui.runner.workflows.repository.shared_files import sweep_repository

_NAMED = 10
"""Items that a note lists; it counts the rest."""


class End(NamedTuple):
    """A finished item."""

    key: str
    origin: str
    """The run in which its journey began."""
    event: audit.AuditEvent
    """Its ``complete`` line, which depends only on the evidence."""
    closed: bool = True
    """Whether nothing remains for its workflow to do."""


class Records(Protocol):
    """The records of one workflow, provided by the module in :attr:`CatalogEntry.records`."""

    def repair(self, repository: Path) -> list[str]:
        """Repairs the workflow's own files; returns notes on what was repaired.

        Raises:
            TuiError: a shared file can be neither read nor written.
        """

    def ends(self, repository: Path) -> Iterator[End]:
        """The finished items whose journey began in a run of this program."""


class Effort(Protocol):
    """The effort of a journey, as recorded in the evidence of its end."""

    draft_count: int
    review_count: int
    has_gemini_review: bool
    drafted_by: str
    reviewed_by: str
    input_tokens: int
    output_tokens: int


def effort(record: Effort) -> dict[str, Any]:
    """The effort of a journey, as written into the audit files."""
    return {
        "drafts": record.draft_count,
        "reviews": record.review_count,
        "has_gemini_review": record.has_gemini_review,
        "drafted_by": record.drafted_by,
        "reviewed_by": record.reviewed_by,
        "input_tokens": record.input_tokens,
        "output_tokens": record.output_tokens,
    }


def reconcile(repository: Path, workflow: str) -> list[str]:
    """Completes the records of finished items, and removes their checkpoints.

    A repeated call changes nothing. Items that another process is working on are left alone.

    Args:
        repository: The target repository.
        workflow: The workflow of the run that begins or ends.

    Returns:
        Notes on what was repaired.

    Raises:
        TuiError: a shared file can be neither read nor written.
    """
    sweep_repository(repository)
    records = cast(Records, catalog.load_records(workflow))
    notes = records.repair(repository) + audit.repair(repository)
    ends = list(records.ends(repository))
    if completed := _complete_audit(repository, workflow, ends, notes):
        items = _listed(workflow, completed)
        notes.append(f"{audit.CONSOLIDATED}: added the missing completion of {items}.")
    if removed := list(_remove_checkpoints(repository, workflow, ends)):
        notes.append(
            f"{_listed(workflow, removed)}: finished before, but the run was interrupted then. The "
            "records are complete now; the checkpoint was removed."
        )
    return notes


def _complete_audit(
    repository: Path, workflow: str, ends: Iterable[End], notes: list[str]
) -> list[str]:
    """Writes the missing lines; returns the keys of their items."""
    recorded = audit.event_ids(repository)
    missing = [end for end in ends if end.event.event_id not in recorded]
    for end in missing:
        run = RunFolder(runs_directory() / Path(end.origin).name)
        item_file = run.audit(workflow, end.key) if run.spec.exists() else None
        audit.record(repository, item_file, end.event, notes.append)
    return [end.key for end in missing]


def _remove_checkpoints(repository: Path, workflow: str, ends: Iterable[End]) -> Iterator[str]:
    """Removes the checkpoints of finished journeys; returns the keys of their items."""
    finished = {(end.key, end.origin) for end in ends if end.closed}
    locks = ItemLocks(repository, workflow)
    for key, path in checkpoints(repository, workflow).items():
        if all(key != finished_key for finished_key, _ in finished):
            continue
        taken = locks.take(key)
        if isinstance(taken, Holder):
            continue
        lock, before = taken
        try:
            ended = (key, read_origin(path)) in finished
            if ended:
                remove_database(path)
        finally:
            lock.finish(before) if before.finished else lock.release(remove=True)
        if ended:
            yield key


def _listed(workflow: str, keys: list[str]) -> str:
    shown = ", ".join(entry(workflow).item_id(key) for key in keys[:_NAMED])
    return shown + (f" and {len(keys) - _NAMED} more" if len(keys) > _NAMED else "")
