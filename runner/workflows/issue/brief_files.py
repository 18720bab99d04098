"""Which files of ``ideas/active`` are briefs, and why the others are not.

Beside briefs there are explanations (``README.md``), templates (``_TEMPLATE.md``), and files that
programs leave: the owner file of an office program (``~$lamps.md``),
the copy of a synchronisation that met a conflict (Syncthing's ``.sync-conflict-``, Dropbox's and
Nextcloud's ``(… conflicted copy …)``, ownCloud's ``_conflict-``), of a merge
(``lamps_BACKUP_123.md``), or of a file manager (``lamps (1).md``, ``Copy of lamps.md``).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

from assemblyzero_tui.runner.workflows.repository.markdown import code_lines

SUFFIXES = frozenset({".md", ".markdown"})
"""In lower case."""

_EXPLAINS = re.compile(r"(?:readme|index|contributing|license|code of conduct)(?: [a-z]{2,3})?")
_TEMPLATE = re.compile(
    r"(?:[0-9]* ?)(?:(?:issue|brief|idea|feature|feature request|bug|bug report|design|lld|story"
    r"|task|new|blank|empty|example|sample)s? )?templates?(?: (?:[0-9]+|[a-z]{2}|do not edit))?"
)
_LOCKS = re.compile(r"~\$|\.~lock\.|#.*#$|~WRL", re.IGNORECASE | re.DOTALL)
_CONFLICT = re.compile(
    r"\.sync-conflict-[0-9]|conflicted copy|[-_ (]conflict[-_ ]?[0-9]{4}|\.conflict$|case conflict"
    r"|_(?:BACKUP|BASE|LOCAL|REMOTE)_[0-9]+$|\.(?:orig|bak)$",
    re.IGNORECASE,
)
_COPY = re.compile(
    r"(?:copy of )?(?P<name>.+?)(?: \([0-9]+\)| - copy(?: \([0-9]+\))?| copy(?: [0-9]+)?)?",
    re.IGNORECASE,
)
_TRACKED = re.compile(
    r"[*_>\s-]*(?:tracking issue|tracked (?:in|by|as)|github issue|gh issue|filed as|issue)"
    r"(?:[*_\s]*:[*_\s]*|[*_\s]+(?=\S*[#/]))"
    r"[\[(<]*(?:https?://\S+?/issues/|[\w.-]+/[\w.-]+#|(?:GH-|issue )?#?)"
    r"(?P<number>[1-9][0-9]{0,8})\b(?!\.[0-9]|%)",
    re.IGNORECASE,
)


def same_name(name: str) -> str:
    """The name in NFC; macOS stores accents as separate characters."""
    return unicodedata.normalize("NFC", name)


def choose_files(names: Iterable[str]) -> tuple[list[str], list[str]]:
    """The names of the briefs in a folder, sorted, and notes on the other files.

    Hidden files are not mentioned.
    """
    files = sorted(names, key=lambda name: (same_name(name).casefold(), name))
    visible = [name for name in files if not name.startswith(".")]
    markdown = [name for name in visible if Path(name).suffix.lower() in SUFFIXES]
    stems = {same_name(_stem(name)).casefold() for name in markdown}
    briefs, notes = [], []
    for name in visible:
        if why := _why_not(name, stems):
            notes.append(f"{name} left out: {why}. To use it anyway, name it.")
        else:
            briefs.append(name)
    return briefs, notes


def _why_not(name: str, stems: set[str]) -> str:
    """Why a file is no brief; empty if it is one."""
    stem = same_name(_stem(name))
    words = " ".join(re.sub(r"[-_.\s]+", " ", stem.casefold()).split())
    if _LOCKS.match(name):
        return "it is a lock file of another program"
    if Path(name).suffix.lower() not in SUFFIXES:
        return "briefs are .md or .markdown files"
    if _CONFLICT.search(stem):
        return "it is the copy of a conflict"
    if _EXPLAINS.fullmatch(words):
        return "it explains the folder"
    if _TEMPLATE.fullmatch(words) or stem.startswith("_") or stem.casefold().endswith(".template"):
        return "it is a template"
    copied = _COPY.fullmatch(stem)
    original = copied["name"].casefold() if copied else ""
    if original and original != stem.casefold() and original in stems:
        return f"it is a copy of {copied['name'] if copied else ''}{Path(name).suffix}"
    return ""


def _stem(name: str) -> str:
    return Path(name).stem


def tracking_issue(text: str) -> int:
    """The number of the issue that a brief names as its own; 0 if it names none.

    That is a line such as ``**Tracking Issue:** #12``, outside code.
    """
    code = code_lines(text)
    for number, line in enumerate(text.split("\n")):
        if number not in code and (match := _TRACKED.match(line)):
            return int(match["number"])
    return 0


def clashes(slugs: Sequence[tuple[str, Path]]) -> dict[str, list[Path]]:
    """The slugs of several files, with these files."""
    found: dict[str, list[Path]] = {}
    for slug, path in slugs:
        found.setdefault(slug, []).append(path)
    return {slug: paths for slug, paths in found.items() if len(paths) > 1}
