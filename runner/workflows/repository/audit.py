"""The audit trail: one JSON object per line, in the repository and in the run's folder.

Members: ``timestamp, workflow_type, target_repo, event, details, event_id``, and ``issue_number``
(LLD workflow) or ``slug`` (Issue workflow). The event id depends on the journey, the item, its step
and the content, but not on the process: a node that runs again finds its event already recorded.
"""

from __future__ import annotations

import contextlib
import hashlib
import mmap
import os
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import msgspec

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.base.paths import FILE_MODE
from assemblyzero_tui.runner.base.whole_lines import append_whole, pieces
from assemblyzero_tui.runner.workflows.repository.shared_files import (
    SHARED_MODE,
    publish,
    read_shared,
    repository_lock,
    set_aside_name,
)

CONSOLIDATED = Path("docs/lineage/workflow-audit.jsonl")
AuditName = Literal["start", "error", "guard_block", "max_iterations", "manual_exit", "complete"]


_BEGINNING = b'{"timestamp":'
"""How every line begins, AssemblyZero's too; inside a text its quotation marks are escaped."""


_EVENT_ID = re.compile(rb'"event_id": ?"([0-9a-f]+)"')


class AuditEvent(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One line of the audit files."""

    timestamp: str
    """ISO 8601, UTC."""
    workflow_type: str
    issue_number: int = 0
    slug: str = ""
    target_repo: str
    event: AuditName
    details: dict[str, Any] = {}
    event_id: str


def make_event(
    *,
    origin: str,
    repository: Path,
    number: int = 0,
    slug: str = "",
    step: str,
    event: AuditName,
    details: dict[str, Any],
) -> AuditEvent:
    """Makes an event with its id: of the Issue workflow if there is a slug, else of the LLD one.

    Args:
        origin: The run in which the journey began.
        repository: The target repository.
        number: The number of the issue that a design is written for.
        slug: The slug of the brief that an issue is written from.
        step: The step of the graph: the same for a node that runs again, another for its next
            visit.
        event: The name of the event.
        details: Its details, which are part of the id.
    """
    workflow = "issue" if slug else "lld"
    content = msgspec.json.encode(
        [origin, workflow, slug or number, step, event, details], order="sorted"
    )
    return AuditEvent(
        timestamp=datetime.now(UTC).isoformat(timespec="milliseconds"),
        workflow_type=workflow,
        issue_number=number,
        slug=slug,
        target_repo=str(repository),
        event=event,
        details=details,
        event_id=hashlib.sha256(content).hexdigest()[:16],
    )


def record(
    repository: Path, item_file: Path | None, event: AuditEvent, notify: Callable[[str], None]
) -> None:
    """Writes an event into the item's audit file and then the repository's, once into each.

    Every event in the repository's file is also in the item's, even after a crash.

    Args:
        repository: The target repository.
        item_file: The item's audit file in the run's folder, if it has one.
        event: The event to write.
        notify: Called with a message if an incomplete line of a file was set aside.

    Raises:
        TuiError: a file cannot be written.
    """
    line = msgspec.json.encode(event) + b"\n"
    with repository_lock(repository):
        for path, mode in ((item_file, FILE_MODE), (repository / CONSOLIDATED, SHARED_MODE)):
            if path is None:
                continue
            try:
                _append_once(path, mode, line, event.event_id, notify)
            except OSError as error:
                raise TuiError(
                    f"Cannot write {path}: {error.strerror or error}.",
                    "Free disk space or make it writable, then retry.",
                ) from error


def newest_start(repository: Path, *, number: int = 0, slug: str = "") -> dict[str, Any]:
    """The details of an item's newest ``start``; empty if the audit file has none.

    Raises:
        TuiError: the file cannot be read.
    """
    data = read_shared(repository / CONSOLIDATED) or b""
    for line in reversed(data.splitlines()):
        if b'"event":"start"' in line:
            with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
                event = msgspec.json.decode(line, type=AuditEvent)
                if (event.issue_number, event.slug) == (number, slug):
                    return event.details
    return {}


def event_ids(repository: Path) -> set[str]:
    """The ids of all events in the repository's audit file.

    Raises:
        TuiError: the file cannot be read.
    """
    data = read_shared(repository / CONSOLIDATED) or b""
    return {event_id.decode() for event_id in _EVENT_ID.findall(data)}


def repair(repository: Path) -> list[str]:
    """Moves lines that are not events out of the repository's audit file; returns notes.

    Called at the start of a run. The events keep their order, and nothing is lost.

    Raises:
        TuiError: the file can be neither read nor written.
    """
    path = repository / CONSOLIDATED
    with repository_lock(repository):
        data = read_shared(path)
        lines = (data or b"").splitlines(keepends=True)
        if all(map(_is_event, lines)):
            return []
        valid = [piece for line in lines for piece in _split_damaged(line) if _is_event(piece)]
        invalid = [
            piece for line in lines for piece in _split_damaged(line) if not _is_event(piece)
        ]
        aside = set_aside_name(path)
        publish(aside, b"".join(invalid))
        publish(path, b"".join(valid))
    moved = "a line that is not an event was"
    if len(invalid) > 1:
        moved = f"{len(invalid)} lines that are not events were"
    return [f"{CONSOLIDATED}: {moved} set aside in {aside.name}."]


def _split_damaged(line: bytes) -> list[bytes]:
    """The line; a damaged one is split into whole events and other pieces, each with a newline."""
    if _is_event(line):
        return [line]
    return [piece.rstrip(b"\n") + b"\n" for piece in pieces(line, _BEGINNING)]


def _is_event(line: bytes) -> bool:
    try:
        msgspec.json.decode(line, type=dict)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return not line.strip()
    return True


def _append_once(
    path: Path, mode: int, line: bytes, event_id: str, notify: Callable[[str], None]
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, mode)
    try:
        if _repair_end(path, descriptor, notify) and _contains(descriptor, event_id):
            return
        append_whole(descriptor, line, os.fstat(descriptor).st_size)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _contains(descriptor: int, event_id: str) -> bool:
    with mmap.mmap(descriptor, 0, prot=mmap.PROT_READ) as text:
        return text.rfind(f'"event_id":"{event_id}"'.encode()) >= 0


def _repair_end(path: Path, descriptor: int, notify: Callable[[str], None]) -> int:
    """Makes the file end with a whole line; returns its size.

    A last line without a newline gets one if it is otherwise whole; if not, as after a power cut,
    it is moved to a separate file.
    """
    size = os.fstat(descriptor).st_size
    if size == 0 or os.pread(descriptor, 1, size - 1) == b"\n":
        return size
    with mmap.mmap(descriptor, 0, prot=mmap.PROT_READ) as text:
        start = text.rfind(b"\n") + 1
        last_line = text[start:]
    try:
        msgspec.json.decode(last_line, type=dict)
    except (msgspec.DecodeError, UnicodeDecodeError):
        aside = set_aside_name(path)
        publish(aside, last_line)
        os.ftruncate(descriptor, start)
        notify(f"The last line of {path} was incomplete. It was set aside as {aside.name}.")
        return start
    append_whole(descriptor, b"\n", size)
    return size + 1
