"""The history of a text: numbered files in ``docs/lineage/active/<number>-lld`` or ``…/<slug>``.

One counter numbers all kinds of files: ``001-issue.md``, ``002-draft.md``, ``003-verdict.md``, ….
The lineage of a design begins with an issue file and ends with ``NNN-approved.json``; that of an
issue begins with ``NNN-brief.md`` and ends with ``NNN-filed.json``. AssemblyZero writes the same
files (recent versions write ``NNN-final.md``, a copy of the design, instead of
``NNN-approved.json``) and moves the folder of a design to ``docs/lineage/done`` when it is
implemented.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple, get_args

import msgspec

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.workflows.repository.shared_files import publish, read_shared

ACTIVE = Path("docs/lineage/active")
DONE = Path("docs/lineage/done")
Kind = Literal[
    "issue.md", "brief.md", "draft.md", "verdict.md", "feedback.txt", "replaced.md",
    "approved.json", "filed.json", "final.md",
]  # fmt: skip

_FILE = re.compile(rf"(\d{{3,}})-({'|'.join(map(re.escape, get_args(Kind)))})")
_NUMBERED = re.compile(r"(\d{3,4})[-_. ].*", re.DOTALL)
"""Whatever else has a number in front; more digits are a date."""
_FOLDER = re.compile(r"([1-9]\d*)-lld")


class LineageFile(NamedTuple):
    """One file of a lineage folder."""

    number: int
    kind: str
    name: str


class Approval(msgspec.Struct, kw_only=True):
    """The content of ``NNN-approved.json``, from which a status entry can be restored."""

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
    """Input tokens of all calls for this design."""
    output_tokens: int = 0
    origin: str = ""
    """The run in which the journey began; empty if another program wrote the file."""


class ForeignApproval(Approval, kw_only=True):
    """An approval that AssemblyZero's own runner wrote, or one that cannot be read.

    It counts as an approval, but no status entry is written for it: nothing is known of its review.
    """


class _AssemblyZeroApproval(msgspec.Struct, kw_only=True):
    """``NNN-approved.json`` as AssemblyZero writes it, with an absolute path."""

    issue_number: int
    final_lld_path: str
    issue_title: str = ""
    approved_at: str = ""


def folder_of(number: int) -> Path:
    """The lineage folder of the design for an issue, relative to the repository."""
    return ACTIVE / f"{number}-lld"


def file_name(number: int, kind: Kind) -> str:
    """``002-draft.md``."""
    return f"{number:03d}-{kind}"


def files(folder: Path) -> list[LineageFile]:
    """The numbered files of a lineage folder, oldest first; other files are ignored."""
    try:
        names = [entry.name for entry in folder.iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    matches = (_FILE.fullmatch(name) for name in names)
    return sorted(LineageFile(int(m[1]), m[2], m[0]) for m in matches if m)


def first_number(folder: Path, kind: Kind, text: bytes) -> int:
    """The number for the first file of a new journey: one more than the highest in the folder.

    Files of other kinds count as well: AssemblyZero has more workflows than these two. If the
    newest file already has exactly this text, a process wrote it and died before its checkpoint;
    its number is used again.
    """
    existing = files(folder)
    highest = max((file.number for file in existing), default=0)
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        matches = (_NUMBERED.fullmatch(entry.name) for entry in folder.iterdir())
        highest = max(highest, *(int(match[1]) for match in matches if match), 0)
    for file in existing[-1:]:
        mine = file.number == highest and file.kind == kind
        if mine and read_shared(folder / file.name) == text:
            return highest
    return highest + 1


def write(folder: Path, number: int, kind: Kind, data: bytes) -> str:
    """Writes one file of a lineage folder, replacing an older copy of it; returns its name.

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
    """The approvals of all issues whose newest lineage file is an approval.

    Raises:
        TuiError: a lineage folder cannot be read.
    """
    for number in numbers(repository):
        if (approval := approval_of(repository, number)) is not None:
            yield approval


def numbers(repository: Path) -> list[int]:
    """The issues that have a lineage, lowest first.

    Raises:
        TuiError: a lineage folder cannot be read.
    """
    issues: set[int] = set()
    for folder in (repository / ACTIVE, repository / DONE):
        try:
            names = [entry.name for entry in folder.iterdir()]
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise TuiError(
                f"Cannot read {folder}: {error.strerror or error}.", "Make the folder readable."
            ) from error
        issues |= {int(match[1]) for match in map(_FOLDER.fullmatch, names) if match}
    return sorted(issues)


def approval_of(repository: Path, number: int) -> Approval | None:
    """The approval of an issue's design, if that is its newest lineage file.

    A folder in ``active`` is newer than one in ``done``.
    """
    for folder in _folders_of(repository, number):
        if existing := [file for file in files(folder) if file.kind != "final.md"]:
            newest = existing[-1]
            if newest.kind != "approved.json":
                return None
            return _read_approval(folder / newest.name, number)
    return None


def final_of(repository: Path, number: int) -> Path | None:
    """The newest design of an issue that AssemblyZero keeps, relative to the repository."""
    for folder in _folders_of(repository, number):
        for file in reversed(files(folder)):
            if file.kind == "final.md":
                return (folder / file.name).relative_to(repository)
    return None


def drafts(repository: Path, number: int) -> set[str]:
    """The texts of all readable drafts in the lineage of an issue, stripped."""
    texts: set[str] = set()
    for folder in _folders_of(repository, number):
        for file in files(folder):
            if file.kind == "draft.md":
                with contextlib.suppress(OSError, UnicodeDecodeError):
                    text = (folder / file.name).read_bytes().decode("utf-8")
                    texts.add(text.replace("\r\n", "\n").strip())
    return texts


def _folders_of(repository: Path, number: int) -> tuple[Path, Path]:
    return repository / folder_of(number), repository / DONE / f"{number}-lld"


def _read_approval(path: Path, number: int) -> Approval | None:
    """The approval in a file, ours or AssemblyZero's; ``None`` if it is for another issue."""
    foreign = ForeignApproval(
        issue_number=number,
        title="",
        lld_path="",
        final_verdict="APPROVED",
        has_gemini_review=False,
        last_review_date="",
        review_count=0,
        draft_count=0,
        approved_draft="",
        reviewed_by="",
    )
    try:
        data = path.read_bytes()
        own: Approval = msgspec.json.decode(data, type=Approval)
    except OSError:
        return foreign
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    else:
        return own if own.issue_number == number else None
    try:
        record = msgspec.json.decode(data, type=_AssemblyZeroApproval)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return foreign
    if record.issue_number != number:
        return None
    return msgspec.structs.replace(
        foreign,
        title=record.issue_title,
        lld_path=_relative_path(record.final_lld_path),
        last_review_date=record.approved_at[:10],
    )


def _relative_path(path: str) -> str:
    """An absolute path of AssemblyZero, often a Windows path, relative to its repository."""
    below = path.replace("\\", "/").rpartition("docs/lld/")[2]
    return f"docs/lld/{below}"
