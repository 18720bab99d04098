"""Recovers the entries of a damaged ``lld-status.json``, one by one.

Both sides of a merge conflict are read; encodings are recognised; the JSON is read leniently. An
entry that cannot be interpreted is kept with the status ``unknown``, so that no new design is
written for its issue.
"""

from __future__ import annotations

import codecs
import re
from typing import Any, NamedTuple

from assemblyzero_tui.runner.workflows.lld import lenient_json
from assemblyzero_tui.runner.workflows.lld.designs import number_of_design
from assemblyzero_tui.runner.workflows.lld.status_entries import (
    UNREAD,
    combine,
    design_status,
    number_of_key,
)

_MARKER = re.compile(r"(<{7}|\|{7}|={7}|>{7})(?: .*)?")
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
_OF_AN_ENTRY = frozenset({"status", "lld_path", "final_verdict"})
_NUMBERS = ("issue_number", "issue", "number")


class Salvaged(NamedTuple):
    """The readable content of a damaged file."""

    document: dict[str, Any]
    """The same structure as that of an undamaged file."""
    unread: list[str]
    """The keys of entries that cannot be interpreted."""


def salvage(data: bytes) -> Salvaged:
    """Reads as much as possible; never raises."""
    document: dict[str, Any] = {}
    for text in _sides(_text(data)):
        collected = _Document()
        for key, value in lenient_json.read(text, combine):
            collected.add_member(key, value)
        document = combine(document, collected.document)
    issues = document.setdefault("issues", {})
    unread = [key for key, entry in issues.items() if design_status(entry) == "unknown"]
    return Salvaged(document, unread)


def _text(data: bytes) -> str:
    """Decodes the bytes; invalid ones become replacement characters."""
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "")
    if not encoding:
        zeros = data[:400:2].count(0), data[1:400:2].count(0)
        looks_wide = max(zeros) > 0.4 * len(data[:400:2])
        encoding = ("utf-16-be" if zeros[0] > zeros[1] else "utf-16-le") if looks_wide else ""
    return data.decode(encoding or "utf-8-sig", errors="replace").replace("\0", "")


def _sides(text: str) -> list[str]:
    """The text of each side of a merge conflict; a single text if there is no conflict."""
    sides: tuple[list[str], list[str]] = ([], [])
    state, conflict = "", False
    for line in text.splitlines():
        if (match := _MARKER.fullmatch(line)) is not None and (conflict or match[1][0] == "<"):
            state = "" if match[1][0] == ">" else match[1][0]
            conflict = True
            continue
        if state in ("", "<"):
            sides[0].append(line)
        if state in ("", "="):
            sides[1].append(line)
    return ["\n".join(side) for side in sides] if conflict else [text]


class _Document:
    """The resulting document, with every member in its proper place, wherever it was read."""

    def __init__(self) -> None:
        self.issues: dict[str, Any] = {}
        self.document: dict[str, Any] = {"issues": self.issues}

    def add_member(self, key: str, value: Any) -> None:
        """Adds a top-level member, or one outside any object if a bracket is missing."""
        if key == "issues" or number_of_key(key) is not None or _is_entry(value):
            self.add_entry("" if key == "issues" else key, value)
        elif not key and isinstance(value, dict):
            for name, member in value.items():
                self.add_member(name, member)
        elif not key and isinstance(value, list):
            for member in value:
                self.add_member("", member)
        elif key:
            self.document[key] = value

    def add_entry(self, key: str, value: Any) -> None:
        """Adds an entry and those nested in it: a closing bracket may be missing."""
        if isinstance(value, list) and number_of_key(key) is None:
            for element in value:
                self.add_entry("", element)
            return
        number = number_of_key(key)
        if isinstance(value, dict):
            if number is None and not key and not _is_entry(value):  # the object "issues" itself
                for name, member in value.items():
                    self.add_entry(name, member)
                return
            inner = {name: member for name, member in value.items() if _is_inner(name, member)}
            for name, member in inner.items():
                self.add_entry(name, member)
            value = {name: member for name, member in value.items() if name not in inner}
            number = _number_in(value) if number is None else number
        else:
            entry = {"status": value}
            value = (
                entry if design_status(entry) != "unknown" else {"status": "unknown", UNREAD: value}
            )
        name = str(number) if number is not None else key
        if name:
            existing = self.issues.get(name)
            self.issues[name] = value if existing is None else combine(existing, value)


def _is_entry(value: Any) -> bool:
    return isinstance(value, dict) and not _OF_AN_ENTRY.isdisjoint(value)


def _is_inner(name: str, member: Any) -> bool:
    """Whether a member of an entry is an entry of its own."""
    return _is_entry(member) or (isinstance(member, dict) and number_of_key(name) is not None)


def _number_in(entry: dict[str, Any]) -> int | None:
    """The issue number inside an entry, for one whose key is not a number."""
    for name in _NUMBERS:
        if (number := number_of_key(str(entry.get(name)))) is not None:
            return number
    path = entry.get("lld_path")
    return number_of_design(re.split(r"[/\\]", path)[-1]) if isinstance(path, str) else None
