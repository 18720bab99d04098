"""Interprets entries of ``lld-status.json``, in every form in which they were ever written.

Written entries are ``StatusEntry`` in :mod:`~assemblyzero_tui.runner.workflows.lld.status_file`.
"""

from __future__ import annotations

import re
from typing import Any, Literal

from assemblyzero_tui.runner.workflows.lld.approval_words import means_approved
from assemblyzero_tui.runner.workflows.tracker.issues import HIGHEST_NUMBER

DesignStatus = Literal["approved", "open", "unknown"]
"""Whether an issue has an approved design, has none, or that is unclear."""

UNREAD = "unread"
"""The member of an entry that preserves a value which could not be interpreted."""

_KEY = re.compile(r"\s*(?:(?:LLD|issue)[-_ ]*)?#?0*([1-9][0-9]{0,8})\s*", re.IGNORECASE)
_OPEN = frozenset({"draft", "blocked", "pending", "rejected", "revise"})
_STRENGTH: dict[DesignStatus, int] = {"open": 0, "unknown": 1, "approved": 2}


def number_of_key(key: str) -> int | None:
    """The issue number in a key: ``42``, ``#42``, ``042`` or ``LLD-42``."""
    match = _KEY.fullmatch(key)
    return int(match[1]) if match and int(match[1]) <= HIGHEST_NUMBER else None


def design_status(entry: Any) -> DesignStatus:
    """The status of the design, according to an entry.

    An unrecognised status is ``unknown``, so that no new design is written. Without a status the
    verdict counts.
    """
    if not isinstance(entry, dict):
        return "unknown"
    status = entry.get("status")
    if status is None:
        verdict = entry.get("final_verdict")
        return "approved" if isinstance(verdict, str) and means_approved(verdict) else "unknown"
    if not isinstance(status, str):
        return "unknown"
    if means_approved(status):
        return "approved"
    return "open" if status.strip().casefold() in _OPEN else "unknown"


def combine(first: Any, second: Any) -> Any:
    """Merges two values of the same key; an approval has precedence, otherwise the later value."""
    if isinstance(first, dict) and isinstance(second, dict):
        weak, strong = first, second
        if _STRENGTH[design_status(first)] > _STRENGTH[design_status(second)]:
            weak, strong = second, first
        return weak | {
            key: combine(weak[key], value) if isinstance(value, dict) and key in weak else value
            for key, value in strong.items()
        }
    return first if _approves(first) and not _approves(second) else second


def of_issue(issues: dict[str, Any], number: int) -> Any:
    """The entry of an issue under any spelling of its key; ``None`` if there is none."""
    combined = None
    for key, entry in issues.items():
        if number_of_key(key) == number:
            combined = entry if combined is None else combine(combined, entry)
    return combined


def design_statuses(issues: dict[str, Any]) -> dict[int, DesignStatus]:
    """The status of each issue's design, according to the entries."""
    statuses: dict[int, DesignStatus] = {}
    for key, entry in issues.items():
        if (number := number_of_key(key)) is not None:
            status = design_status(entry)
            earlier = statuses.get(number, status)
            statuses[number] = max(earlier, status, key=_STRENGTH.__getitem__)
    return statuses


def _approves(value: Any) -> bool:
    return design_status(value) == "approved" or (isinstance(value, str) and means_approved(value))
