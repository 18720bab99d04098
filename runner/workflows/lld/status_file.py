"""``docs/lld/lld-status.json``: which issue has which design, and how far it is.

The format is AssemblyZero's: ``{"version", "last_updated", "issues": {"42": {…}}}``. Members this
program does not know are kept as they are. Every change is an upsert of one entry under the
repository's lock; approvals that are missing are made again from the lineage. A damaged file is
read entry by entry, and kept whole beside the one that takes its place.
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
"""Bytes; a larger file that is damaged is for a human."""


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
    """The file is there, can be read, and is not a status file."""


class StatusDocument(NamedTuple):
    """The content of a status file."""

    document: dict[str, Any]
    damage: str = ""
    """What is wrong with the file; empty for a sound one."""
    unread: tuple[str, ...] = ()
    """Of a damaged file: the keys of entries that cannot be interpreted."""

    @property
    def damage_report(self) -> str:
        """What is wrong with the file and what was recovered, in two sentences."""
        entries = len(self.document["issues"]) - len(self.unread)
        text = f"{STATUS_FILE} is not a status file ({self.damage}). "
        text += f"{entries} {'entry was' if entries == 1 else 'entries were'} recovered"
        if self.unread:
            listed = ", ".join(f"{key!r}" for key in self.unread[:10])
            more = f" and {len(self.unread) - 10} more" if len(self.unread) > 10 else ""
            text += f", {listed}{more} could not be"
        return text + "."


def decode(data: bytes | None) -> dict[str, Any]:
    """The document in these bytes; an empty one for ``None``.

    Raises:
        InvalidStatusFileError: the bytes are not a status file.
        TuiError: they are one of another format.
    """
    if data is None:
        return {"version": _VERSION, "last_updated": "", "issues": {}}
    if not data.strip(b"\0 \t\r\n"):
        raise InvalidStatusFileError("it is empty")
    try:
        document = json.loads(
            data.decode("utf-8"), object_pairs_hook=_without_twins, parse_constant=_no_constant
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


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        keys = [key for key, _ in pairs]
        twin = next(key for key in keys if keys.count(key) > 1)
        raise InvalidStatusFileError(f"the member {twin!r} appears twice")
    return members


def _no_constant(word: str) -> Any:
    raise InvalidStatusFileError(f"{word} is not JSON")


def _check_version(document: dict[str, Any]) -> None:
    """Refuses a file of another format; a version that is none does not make it one."""
    version = str(document.get("version", _VERSION))
    major = version.partition(".")[0]
    if major.isdecimal() and major != _VERSION.partition(".")[0]:
        raise TuiError(
            f"{STATUS_FILE} has the format {version}; this version knows {_VERSION}.",
            "Update: pip install --upgrade assemblyzero-tui",
        )


def decode_leniently(data: bytes | None) -> StatusDocument:
    """What can be read of these bytes; see :class:`StatusDocument`.

    Raises:
        TuiError: they are of another format, or too many to be repaired here.
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
    """What the status file of a repository says, as far as it can be read; nothing without one.

    Raises:
        TuiError: it is there and cannot be opened, or has another format.
    """
    return decode_leniently(read_shared(repository / STATUS_FILE))


def design_statuses(repository: Path) -> dict[int, DesignStatus]:
    """What status file and lineage say of each issue; writes nothing.

    Raises:
        TuiError: one of them cannot be read.
    """
    known = status_entries.design_statuses(read(repository).document["issues"])
    return known | dict.fromkeys(approved_by_lineage(repository), "approved")


def approved(repository: Path) -> set[int]:
    """The issues with an approved design, by the status file or by the lineage; writes nothing.

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
    # of a thousand, few are worth decoding
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
    repository: Path, number: int, entry: StatusEntry, notice: Callable[[str], None]
) -> None:
    """Writes the entry of one issue; every other one, and unknown members, stay as they are.

    Args:
        repository: The target repository.
        number: Of the issue.
        entry: The new entry.
        notice: Called with what was wrong with the file, if it was set aside.

    Raises:
        TuiError: the file can be neither read nor written.
    """
    with repository_lock(repository):
        document, repaired = _document(repository, notice)
        if _put(document, number, entry) or repaired:
            _write(repository, document)


def reconcile(repository: Path) -> list[str]:
    """Adds approvals that are in the lineage but not in the status file; returns notes.

    Called at the start of a run. A file that is not a status file is set aside.

    Raises:
        TuiError: the file can be neither read nor written.
    """
    notices: list[str] = []
    with repository_lock(repository):
        document, repaired = _document(repository, notices.append)
        changed = _put_approvals(document, lineage.approvals(repository))
        if changed or repaired:
            _write(repository, document)
        if changed:
            listed = ", ".join(f"#{number}" for number in changed[:10])
            more = f" and {len(changed) - 10} more" if len(changed) > 10 else ""
            notices.append(
                f"{STATUS_FILE}: added approvals found in the lineage for {listed}{more}."
            )
    return notices


def _document(repository: Path, notice: Callable[[str], None]) -> tuple[dict[str, Any], bool]:
    """The document, and whether the file has to be written anew.

    A damaged file is copied aside first; it stays where it is until its successor takes its place.
    """
    path = repository / STATUS_FILE
    data = read_shared(path)
    reading = decode_leniently(data)
    if not reading.damage or data is None:
        return reading.document, False
    aside = set_aside_name(path)
    publish(aside, data)
    notice(
        f"{reading.damage_report} The file was set aside as {aside.name}, and a new one written."
    )
    _put_approvals(reading.document, lineage.approvals(repository))
    return reading.document, True


def _put_approvals(document: dict[str, Any], approvals: Iterable[lineage.Approval]) -> list[int]:
    known = status_entries.design_statuses(document["issues"])
    changed: list[int] = []
    for approval in approvals:
        if isinstance(approval, lineage.ForeignApproval):
            continue
        if known.get(approval.issue_number) == "approved":
            continue
        entry = StatusEntry(
            lld_path=approval.lld_path,
            status="approved",
            has_gemini_review=approval.has_gemini_review,
            final_verdict="APPROVED",
            last_review_date=approval.last_review_date,
            review_count=approval.review_count,
        )
        if approval.issue_number in known:
            _put(document, approval.issue_number, entry)
        else:  # nothing to merge with: no search among all keys for each of thousands
            document["issues"][str(approval.issue_number)] = msgspec.to_builtins(entry)
        changed.append(approval.issue_number)
    return changed


def _put(document: dict[str, Any], number: int, entry: StatusEntry) -> bool:
    """Merges the entry into the document; whether that changed anything.

    Other spellings of its key (``#42``, ``042``) give way to the usual one.
    """
    issues = document["issues"]
    known = status_entries.of_issue(issues, number) or {}
    merged = known | msgspec.to_builtins(entry)
    others = [k for k in issues if status_entries.number_of_key(k) == number and k != str(number)]
    for key in others:
        del issues[key]
    issues[str(number)] = merged
    return bool(merged != known or others)


def _write(repository: Path, document: dict[str, Any]) -> None:
    document["last_updated"] = datetime.now(UTC).isoformat(timespec="seconds")
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    publish(repository / STATUS_FILE, text.encode("utf-8", errors="backslashreplace"))
