"""``docs/lld/lld-status.json``: which issue has which design, and how far it is.

The format is AssemblyZero's: ``{"version", "last_updated", "issues": {"42": {…}}}``. Members this
program does not know are kept as they are. Every change is an upsert of one entry under the
repository's lock; approvals that are missing are made again from the lineage.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import msgspec

from assemblyzero_tui.runner.errors import TuiError
from assemblyzero_tui.runner.workflows import lineage
from assemblyzero_tui.runner.workflows.shared_files import (
    publish,
    read_shared,
    repository_lock,
    set_aside_name,
    sync_folder,
)

STATUS_FILE = Path("docs/lld/lld-status.json")
_VERSION = "1.0"


class StatusEntry(msgspec.Struct, kw_only=True):
    """What this program says of one issue."""

    lld_path: str
    status: Literal["draft", "approved", "blocked"]
    has_gemini_review: bool
    final_verdict: Literal["APPROVED", "BLOCKED"] | None
    last_review_date: str | None
    """``YYYY-MM-DD``."""
    review_count: int


class InvalidStatusFileError(Exception):
    """The file is there, can be read, and is not a status file."""


def decode(data: bytes | None) -> dict[str, Any]:
    """The document in these bytes; an empty one for ``None``.

    Raises:
        InvalidStatusFileError: the bytes are not a status file.
        TuiError: they are one of another format.
    """
    if data is None:
        return {"version": _VERSION, "last_updated": "", "issues": {}}
    try:
        document = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidStatusFileError(str(error)) from error
    issues = document.get("issues") if isinstance(document, dict) else None
    version = str(document.get("version", _VERSION)) if isinstance(document, dict) else _VERSION
    if version.partition(".")[0] != _VERSION.partition(".")[0]:
        raise TuiError(
            f"{STATUS_FILE} has the format {version}; this version knows {_VERSION}.",
            "Update: pip install --upgrade assemblyzero-tui",
        )
    if not isinstance(issues, dict):
        raise InvalidStatusFileError('it has no object "issues"')
    for number, entry in issues.items():
        if not isinstance(entry, dict):
            raise InvalidStatusFileError(f"its entry {number!r} is no object")
    return dict(document)


def read(repository: Path) -> dict[str, Any]:
    """The document of a repository; an empty one if there is no file.

    Raises:
        InvalidStatusFileError: the file is not a status file.
        TuiError: it cannot be read.
    """
    return decode(read_shared(repository / STATUS_FILE))


def approved(repository: Path) -> set[int]:
    """The issues with an approved design, by the status file or by the lineage; writes nothing.

    Raises:
        InvalidStatusFileError: the file is not a status file.
        TuiError: it cannot be read.
    """
    issues = read(repository)["issues"]
    numbers = {
        int(number)
        for number, entry in issues.items()
        if number.isdecimal() and entry.get("status") == "approved"
    }
    return numbers | approved_by_lineage(repository)


def approved_design(repository: Path, number: int) -> str | None:
    """Path of an issue's approved design, relative to the repository; ``None`` if there is none.

    Raises:
        TuiError: the status file cannot be read.
    """
    data = read_shared(repository / STATUS_FILE)
    entry: dict[str, Any] = {}
    if data is not None and f'"{number}"'.encode() in data:  # of a thousand, few are worth decoding
        with contextlib.suppress(InvalidStatusFileError):
            entry = decode(data)["issues"].get(str(number), {})
    if entry.get("status") == "approved":
        return str(entry.get("lld_path", ""))
    approval = lineage.approval_of(repository, number)
    return None if approval is None else approval.lld_path


def approved_by_lineage(repository: Path) -> set[int]:
    """The issues whose newest lineage file is an approval.

    Raises:
        TuiError: the lineage folder cannot be read.
    """
    return {approval.issue_number for approval in lineage.approvals(repository)}


def upsert(
    repository: Path, number: int, entry: StatusEntry, notice: Callable[[str], None]
) -> None:
    """Writes the entry of one issue; every other one, and unknown members, stay as they are.

    Args:
        repository: The target repository.
        number: Of the issue.
        entry: What to say of it.
        notice: Told what was wrong with the file, if it had to be set aside.

    Raises:
        TuiError: the file can be neither read nor written.
    """
    with repository_lock(repository):
        document = _document(repository, notice)
        if _put(document, number, entry):
            _write(repository, document)


def reconcile(repository: Path) -> list[str]:
    """Makes the approvals that the lineage knows and the status file does not; says what it did.

    Called at the start of a run. A file that is not a status file is set aside.

    Raises:
        TuiError: the file can be neither read nor written.
    """
    notices: list[str] = []
    with repository_lock(repository):
        document = _document(repository, notices.append)
        changed = _put_approvals(document, lineage.approvals(repository))
        if changed:
            _write(repository, document)
            listed = ", ".join(f"#{number}" for number in changed[:10])
            more = f" and {len(changed) - 10} more" if len(changed) > 10 else ""
            notices.append(
                f"{STATUS_FILE}: approvals found in the lineage were added for {listed}{more}."
            )
        elif notices:
            _write(repository, document)
    return notices


def _document(repository: Path, notice: Callable[[str], None]) -> dict[str, Any]:
    """The document; an invalid file is moved aside and made anew from the lineage."""
    path = repository / STATUS_FILE
    data = read_shared(path)
    try:
        return decode(data)
    except InvalidStatusFileError as error:
        aside = set_aside_name(path)
        path.rename(aside)
        sync_folder(path.parent)
        notice(
            f"{path} is not a status file ({error}). It was set aside as {aside.name}; "
            "a new one was made from the lineage. Compare the two and carry over what is missing."
        )
    document = decode(None)
    _put_approvals(document, lineage.approvals(repository))
    return document


def _put_approvals(document: dict[str, Any], approvals: Iterable[lineage.Approval]) -> list[int]:
    changed: list[int] = []
    for approval in approvals:
        known = document["issues"].get(str(approval.issue_number))
        if known is not None and known.get("status") == "approved":
            continue
        entry = StatusEntry(
            lld_path=approval.lld_path,
            status="approved",
            has_gemini_review=approval.has_gemini_review,
            final_verdict="APPROVED",
            last_review_date=approval.last_review_date,
            review_count=approval.review_count,
        )
        _put(document, approval.issue_number, entry)
        changed.append(approval.issue_number)
    return changed


def _put(document: dict[str, Any], number: int, entry: StatusEntry) -> bool:
    """Merges the entry into the document; whether that changed anything."""
    known = document["issues"].get(str(number), {})
    merged = known | msgspec.to_builtins(entry)
    document["issues"][str(number)] = merged
    return bool(merged != known)


def _write(repository: Path, document: dict[str, Any]) -> None:
    document["last_updated"] = datetime.now(UTC).isoformat(timespec="seconds")
    data = msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
    publish(repository / STATUS_FILE, data)
