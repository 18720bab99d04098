"""What an entry of ``lld-status.json`` says, whoever wrote it and however."""

from __future__ import annotations

import re
from typing import Any, Literal

from assemblyzero_tui.runner.workflows.lld.approval_words import means_approved
from assemblyzero_tui.runner.workflows.tracker.issues import HIGHEST_NUMBER

Standing = Literal["approved", "open", "unknown"]
"""Of an issue: it has an approved design; it has none; nobody can tell."""

UNREAD = "unread"
"""Member of an entry that keeps what was in its place and could not be understood."""

_KEY = re.compile(r"\s*(?:(?:LLD|issue)[-_ ]*)?#?0*([1-9][0-9]{0,8})\s*", re.IGNORECASE)
_OPEN = frozenset({"draft", "blocked", "pending", "rejected", "revise"})
_STRENGTH: dict[Standing, int] = {"open": 0, "unknown": 1, "approved": 2}


def number_of_key(key: str) -> int | None:
    """The number of the issue that a key means: ``42``, ``#42``, ``042``, ``LLD-42``."""
    match = _KEY.fullmatch(key)
    return int(match[1]) if match and int(match[1]) <= HIGHEST_NUMBER else None


def standing(entry: Any) -> Standing:
    """What an entry says of its issue.

    A status this program does not know says nothing: what it cannot understand it does not design
    again. A verdict counts where there is no status.
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
    """One value of two for the same key; an approval outweighs, otherwise the later one does."""
    if isinstance(first, dict) and isinstance(second, dict):
        weak, strong = first, second
        if _STRENGTH[standing(first)] > _STRENGTH[standing(second)]:
            weak, strong = second, first
        return weak | {
            key: combine(weak[key], value) if isinstance(value, dict) and key in weak else value
            for key, value in strong.items()
        }
    return first if _approves(first) and not _approves(second) else second


def of_issue(issues: dict[str, Any], number: int) -> Any:
    """The entry of an issue under whatever keys mean it; ``None`` if there is none."""
    found = None
    for key, entry in issues.items():
        if number_of_key(key) == number:
            found = entry if found is None else combine(found, entry)
    return found


def standings(issues: dict[str, Any]) -> dict[int, Standing]:
    """What the entries say of each issue."""
    found: dict[int, Standing] = {}
    for key, entry in issues.items():
        if (number := number_of_key(key)) is not None:
            now = standing(entry)
            before = found.get(number, now)
            found[number] = max(before, now, key=_STRENGTH.__getitem__)
    return found


def _approves(value: Any) -> bool:
    return standing(value) == "approved" or (isinstance(value, str) and means_approved(value))
