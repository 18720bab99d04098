"""``docs/lld/lld-status.json``: the design of each issue, and its status.

The format is AssemblyZero's: ``{"version", "last_updated", "issues": {"42": {…}}}``. Unknown
members are preserved. Every change is an upsert of one entry under the repository's lock; missing
approvals are restored from the lineage. A damaged file is read entry by entry, and a complete copy
is kept next to the file that replaces it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.workflows.lld import status_entries
from assemblyzero_tui.runner.workflows.lld.status_entries import DesignStatus
from assemblyzero_tui.runner.workflows.lld.status_salvage import salvage
from assemblyzero_tui.runner.workflows.repository import lineage
from assemblyzero_tui.runner.workflows.repository.shared_files import (
    publish,
    read_shared,
    repository_lock,
    set_aside_name,
)

STATUS_FILE = Path("docs/lld/lld-status.json")
_VERSION = "1.0"
SALVAGE_LIMIT = 20_000_000
"""Bytes; a damaged file that is larger is left to the user."""


class StatusEntry(msgspec.Struct, kw_only=True):
    """The entry of one issue, as this program writes it."""

    lld_path: str
    status: Literal["draft", "approved", "blocked"]
    has_gemini_review: bool
    final_verdict: Literal["APPROVED", "BLOCKED"] | None
    last_review_date: str | None
    """``YYYY-MM-DD``."""
    review_count: int


class InvalidStatusFileError(Exception):
    """The file can be read, but is not a status file."""


class StatusDocument(NamedTuple):
    """The content of a status file."""

    document: dict[str, Any]
    damage: str = ""
    """A description of the damage; empty for an undamaged file."""
    unread: tuple[str, ...] = ()
    """The keys of the entries of a damaged file that cannot be interpreted."""

    @property
    def damage_report(self) -> str:
        """A report on the damage and the recovered entries, in two sentences."""
        entries = len(self.document["issues"]) - len(self.unread)
        text = f"{STATUS_FILE} is not a status file ({self.damage}). "
        text += f"{entries} {'entry was' if entries == 1 else 'entries were'} recovered"
        if self.unread:
            listed = ", ".join(f"{key!r}" for key in self.unread[:10])
            more = f" and {len(self.unread) - 10} more" if len(self.unread) > 10 else ""
            text += f", {listed}{more} could not be"
        return text + "."


def decode(data: bytes | None) -> dict[str, Any]:
    """Decodes a status file; ``None`` gives an empty document.

    Raises:
        InvalidStatusFileError: the bytes are not a status file.
        TuiError: the file has another format version.
    """
    if data is None:
        return {"version": _VERSION, "last_updated": "", "issues": {}}
    if not data.strip(b"\0 \t\r\n"):
        raise InvalidStatusFileError("it is empty")
    try:
        document = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_without_duplicates,
            parse_constant=_refuse_constant,
        )
    except (ValueError, RecursionError) as error:
        raise InvalidStatusFileError(str(error)) from error
    if not isinstance(document, dict):
        raise InvalidStatusFileError("it is not an object")
    _check_version(document)
    issues = document.get("issues")
    if not isinstance(issues, dict):
        raise InvalidStatusFileError('it has no "issues" object')
    for number, entry in issues.items():
        if not isinstance(entry, dict):
            raise InvalidStatusFileError(f"its entry {number!r} is not an object")
    return document


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        keys = [key for key, _ in pairs]
        duplicate = next(key for key in keys if keys.count(key) > 1)
        raise InvalidStatusFileError(f"the member {duplicate!r} appears twice")
    return members


def _refuse_constant(word: str) -> Any:
    raise InvalidStatusFileError(f"{word} is not JSON")


def _check_version(document: dict[str, Any]) -> None:
    """Refuses a file of another major version; a malformed version is ignored."""
    version = str(document.get("version", _VERSION))
    major = version.partition(".")[0]
    if major.isdecimal() and major != _VERSION.partition(".")[0]:
        raise TuiError(
            f"{STATUS_FILE} has format {version}; this version supports {_VERSION}.",
            "Update: pip install --upgrade assemblyzero-tui",
        )


def decode_leniently(data: bytes | None) -> StatusDocument:
    """Decodes as much of a status file as possible; see :class:`StatusDocument`.

    Raises:
        TuiError: the file has another format version, or is damaged and too large to recover.
    """
    try:
        return StatusDocument(decode(data))
    except InvalidStatusFileError as error:
        if data is None or len(data) > SALVAGE_LIMIT:
            raise TuiError(
                f"{STATUS_FILE} is not a status file ({error}), and too large to be recovered.",
                "Repair it or move it away.",
            ) from error
        document, unread = salvage(data)
        _check_version(document)
        return StatusDocument(decode(None) | document, str(error), tuple(unread))


def read(repository: Path) -> StatusDocument:
    """Reads as much as possible of a repository's status file; without one the document is empty.

    Raises:
        TuiError: the file cannot be opened, or has another format version.
    """
    return decode_leniently(read_shared(repository / STATUS_FILE))


def design_statuses(repository: Path) -> dict[int, DesignStatus]:
    """The status of each issue's design by the status file and the lineage; does not write.

    Raises:
        TuiError: one of them cannot be read.
    """
    statuses = status_entries.design_statuses(read(repository).document["issues"])
    return statuses | dict.fromkeys(approved_by_lineage(repository), "approved")


def approved(repository: Path) -> set[int]:
    """The issues with an approved design by the status file or the lineage; does not write.

    Raises:
        TuiError: one of them cannot be read.
    """
    return {n for n, status in design_statuses(repository).items() if status == "approved"}


def approved_design(repository: Path, number: int) -> str | None:
    """Path of an issue's approved design, relative to the repository; ``None`` if there is none.

    Raises:
        TuiError: the status file cannot be read.
    """
    data = read_shared(repository / STATUS_FILE)
    entry: Any = None
    # usually spares the decoding: this is called once for each of many issues
    if data is not None and (str(number).encode() in data or b"\0" in data):
        issues = decode_leniently(data).document["issues"]
        entry = status_entries.of_issue(issues, number)
    if status_entries.design_status(entry) == "approved":
        return str(entry.get("lld_path", "")).replace("\\", "/")
    approval = lineage.approval_of(repository, number)
    return None if approval is None else approval.lld_path


def approved_by_lineage(repository: Path) -> set[int]:
    """The issues whose newest lineage file is an approval.

    Raises:
        TuiError: the lineage folder cannot be read.
    """
    return {approval.issue_number for approval in lineage.approvals(repository)}


def upsert(
    repository: Path, number: int, entry: StatusEntry, notify: Callable[[str], None]
) -> None:
    """Writes the entry of one issue; all other entries and unknown members are preserved.

    Args:
        repository: The target repository.
        number: The number of the issue.
        entry: The new entry.
        notify: Called with a message if the file was damaged and set aside.

    Raises:
        TuiError: the file can be neither read nor written.
    """
    with repository_lock(repository):
        document, repaired = _read_or_repair(repository, notify)
        if _put(document, number, entry) or repaired:
            _write(repository, document)


def reconcile(repository: Path) -> list[str]:
    """Adds approvals that are in the lineage but not in the status file; returns notes.

    Called at the start of a run. A file that is not a status file is set aside.

    Raises:
        TuiError: the file can be neither read nor written.
    """
    notes: list[str] = []
    with repository_lock(repository):
        document, repaired = _read_or_repair(repository, notes.append)
        added = _put_approvals(document, lineage.approvals(repository))
        if added or repaired:
            _write(repository, document)
        if added:
            listed = ", ".join(f"#{number}" for number in added[:10])
            more = f" and {len(added) - 10} more" if len(added) > 10 else ""
            notes.append(f"{STATUS_FILE}: added approvals found in the lineage for {listed}{more}.")
    return notes


def _read_or_repair(repository: Path, notify: Callable[[str], None]) -> tuple[dict[str, Any], bool]:
    """The document, and whether it was repaired, so that it must be written.

    A damaged file is copied first; it stays in place until the new one replaces it.
    """
    path = repository / STATUS_FILE
    data = read_shared(path)
    reading = decode_leniently(data)
    if not reading.damage or data is None:
        return reading.document, False
    aside = set_aside_name(path)
    publish(aside, data)
    notify(
        f"{reading.damage_report} The file was set aside as {aside.name}, and a new one written."
    )
    _put_approvals(reading.document, lineage.approvals(repository))
    return reading.document, True


def _put_approvals(document: dict[str, Any], approvals: Iterable[lineage.Approval]) -> list[int]:
    """Adds missing approvals to the document; returns the numbers of their issues."""
    statuses = status_entries.design_statuses(document["issues"])
    added: list[int] = []
    for approval in approvals:
        if isinstance(approval, lineage.ForeignApproval):
            continue
        if statuses.get(approval.issue_number) == "approved":
            continue
        entry = StatusEntry(
            lld_path=approval.lld_path,
            status="approved",
            has_gemini_review=approval.has_gemini_review,
            final_verdict="APPROVED",
            last_review_date=approval.last_review_date,
            review_count=approval.review_count,
        )
        if approval.issue_number in statuses:
            _put(document, approval.issue_number, entry)
        else:  # nothing to merge with, so thousands of keys need not be searched for each
            document["issues"][str(approval.issue_number)] = msgspec.to_builtins(entry)
        added.append(approval.issue_number)
    return added


def _put(document: dict[str, Any], number: int, entry: StatusEntry) -> bool:
    """Merges the entry into the document; returns whether that changed anything.

    Other spellings of its key (``#42``, ``042``) are replaced by the usual one.
    """
    issues = document["issues"]
    existing = status_entries.of_issue(issues, number) or {}
    merged = existing | msgspec.to_builtins(entry)
    others = [k for k in issues if status_entries.number_of_key(k) == number and k != str(number)]
    for key in others:
        del issues[key]
    issues[str(number)] = merged
    return bool(merged != existing or others)


def _write(repository: Path, document: dict[str, Any]) -> None:
    document["last_updated"] = datetime.now(UTC).isoformat(timespec="seconds")
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    publish(repository / STATUS_FILE, text.encode("utf-8", errors="backslashreplace"))
