"""The history of a text: numbered files in ``docs/lineage/active/<number>-lld`` or ``…/<slug>``.

One counter numbers all kinds: ``001-issue.md``, ``002-draft.md``, ``003-verdict.md``, …. A design
begins with an issue file and ends with ``NNN-approved.json``; an issue begins with ``NNN-brief.md``
and ends with ``NNN-filed.json``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple, get_args

import msgspec

from assemblyzero_tui.runner.errors import TuiError
from assemblyzero_tui.runner.workflows.shared_files import publish, read_shared

ACTIVE = Path("docs/lineage/active")
DONE = Path("docs/lineage/done")
Kind = Literal[
    "issue.md", "brief.md", "draft.md", "verdict.md", "feedback.txt", "approved.json", "filed.json"
]

_FILE = re.compile(rf"(\d{{3,}})-({'|'.join(map(re.escape, get_args(Kind)))})")
_FOLDER = re.compile(r"([1-9]\d*)-lld")


class LineageFile(NamedTuple):
    """One file of a lineage folder."""

    number: int
    kind: str
    name: str


class Approval(msgspec.Struct, kw_only=True):
    """What ``NNN-approved.json`` says; the evidence from which a status entry can be made anew."""

    issue_number: int
    title: str
    lld_path: str
    final_verdict: str
    has_gemini_review: bool
    last_review_date: str
    review_count: int
    draft_count: int
    approved_draft: str
    """Name of the lineage file that was approved."""
    reviewed_by: str
    """The model that gave the last verdict."""
    drafted_by: str = ""
    """The model that wrote the approved draft."""
    input_tokens: int = 0
    """Of all calls for this design."""
    output_tokens: int = 0
    origin: str = ""
    """The run in which the journey began; empty where this program did not write it."""


def folder_of(number: int) -> Path:
    """The lineage folder of the design for an issue, relative to the repository."""
    return ACTIVE / f"{number}-lld"


def file_name(number: int, kind: Kind) -> str:
    """``002-draft.md``."""
    return f"{number:03d}-{kind}"


def files(folder: Path) -> list[LineageFile]:
    """The numbered files of a lineage folder, oldest first; other files are not looked at."""
    try:
        names = [entry.name for entry in folder.iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    found = (_FILE.fullmatch(name) for name in names)
    return sorted(LineageFile(int(m[1]), m[2], m[0]) for m in found if m)


def first_number(folder: Path, kind: Kind, text: bytes) -> int:
    """The number for the first file of a new journey: the highest in the folder and one.

    If the newest file is this very text, a process wrote it and died before its checkpoint: its
    number is used again.
    """
    existing = files(folder)
    if not existing:
        return 1
    newest = existing[-1]
    if newest.kind == kind and read_shared(folder / newest.name) == text:
        return newest.number
    return newest.number + 1


def write(folder: Path, number: int, kind: Kind, data: bytes) -> str:
    """Writes one file of a lineage folder, over an older copy of itself; gives its name.

    Raises:
        TuiError: it cannot be written.
    """
    name = file_name(number, kind)
    publish(folder / name, data)
    return name


def encode_approval(approval: Approval) -> bytes:
    """The bytes of ``approved.json``."""
    return msgspec.json.format(msgspec.json.encode(approval), indent=2) + b"\n"


def approvals(repository: Path) -> Iterator[Approval]:
    """The approvals of all issues whose newest lineage file is one; unreadable ones are left out.

    Raises:
        TuiError: the lineage folder cannot be read.
    """
    try:
        names = sorted(entry.name for entry in (repository / ACTIVE).iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise TuiError(
            f"Cannot read {repository / ACTIVE}: {error.strerror or error}.",
            "Make the folder readable.",
        ) from error
    for name in names:
        if (match := _FOLDER.fullmatch(name)) is not None:
            approval = approval_of(repository, int(match[1]))
            if approval is not None:
                yield approval


def approval_of(repository: Path, number: int) -> Approval | None:
    """The approval of an issue's design, if that is its newest lineage file and can be read."""
    folder = repository / folder_of(number)
    existing = files(folder)
    if not existing or existing[-1].kind != "approved.json":
        return None
    try:
        approval = msgspec.json.decode((folder / existing[-1].name).read_bytes(), type=Approval)
    except (OSError, msgspec.DecodeError):
        return None
    return approval if approval.issue_number == number else None
