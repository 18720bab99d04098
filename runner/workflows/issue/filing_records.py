"""The records that keep an issue from being filed twice: the intent, the filed issue, its mark.

Four measures together prevent a second filing. The *intent* is on the disk before anything is
filed. The issue's body ends with a *mark*, an HTML comment that depends only on the tracker, the
slug and the brief's text. Every attempt *looks* before it files: an issue with the mark is the
brief's issue, whoever filed it. And it does both under the tracker's *lock*, so that no other
process files between the two.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.workflows.repository import lineage
from assemblyzero_tui.runner.workflows.repository.shared_files import publish, read_shared
from assemblyzero_tui.runner.workflows.tracker.gh_filing import ListedIssue

INTENT_FILE = "filing.json"
"""In the lineage folder, from before an issue is filed until the filing is recorded."""
MARK_BEGINNING = "<!-- assemblyzero-tui:"


class Intent(msgspec.Struct, kw_only=True):
    """An issue that was about to be filed."""

    mark: str
    slug: str
    tracker: str
    title: str
    labels: list[str]
    draft: str
    """Name of the approved lineage file."""
    time: float
    """Seconds since the epoch."""
    answered: bool = False
    """Whether ``gh`` has ended, so that it cannot file the issue any more."""


class Filed(msgspec.Struct, kw_only=True):
    """The content of ``NNN-filed.json``."""

    issue_number: int
    issue_url: str
    slug: str
    title: str
    labels: list[str]
    labels_left_out: list[str]
    """Labels of the draft that the repository does not have."""
    brief: str
    """Path of the brief, relative to the repository."""
    brief_digest: str
    mark: str
    approved_draft: str
    """Name of the lineage file that was filed; empty if the issue existed before any draft."""
    draft_count: int
    review_count: int
    has_gemini_review: bool
    reviewed_by: str
    """The model that gave the last verdict."""
    drafted_by: str = ""
    """The model that wrote the approved draft."""
    input_tokens: int = 0
    """Input tokens of all calls for this issue."""
    output_tokens: int = 0
    found: bool
    """Whether the issue was found on the tracker, so that an earlier attempt filed it."""
    origin: str = ""
    """The run in which the journey began."""
    found_by: str = ""
    """The other run that filed it, if known."""


def mark_of(tracker: str, slug: str, brief_digest: str) -> str:
    """The line that identifies the issue of a brief."""
    content = "\0".join((tracker.lower(), slug, brief_digest))
    return f"{MARK_BEGINNING} brief {hashlib.sha256(content.encode()).hexdigest()[:32]} -->"


def with_mark(body: str, mark: str) -> str:
    """The body of an issue with its mark."""
    return f"{body.strip()}\n\n{mark}\n"


def find(issues: Iterable[ListedIssue], marks: Iterable[str]) -> dict[str, ListedIssue]:
    """The oldest issue with each of these marks; a newer one can only be a copy of its text."""
    oldest: dict[str, ListedIssue] = {}
    wanted = list(marks)
    for issue in issues:
        for mark in wanted:
            if mark in (issue.body or "") and (
                mark not in oldest or issue.number < oldest[mark].number
            ):
                oldest[mark] = issue
    return oldest


def write_intent(folder: Path, intent: Intent) -> None:
    """Writes the intent to the disk.

    Raises:
        TuiError: it cannot be written.
    """
    publish(folder / INTENT_FILE, encoded(intent))


def read_intent(folder: Path) -> Intent | None:
    """The intent of an earlier attempt; ``None`` if there is none.

    Raises:
        TuiError: the file cannot be read or is damaged.
    """
    path = folder / INTENT_FILE
    data = read_shared(path)
    if data is None:
        return None
    try:
        return msgspec.json.decode(data, type=Intent)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise TuiError(
            f"{path} is damaged ({error}): what was about to be filed is unknown.",
            "Check whether the issue exists (gh issue list --state all), then remove the file.",
        ) from error


def encoded(record: Intent | Filed) -> bytes:
    """The bytes of the file."""
    return msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n"


def folder_of(slug: str) -> Path:
    """The lineage folder of a brief, relative to the repository."""
    return lineage.ACTIVE / slug


def done_folder_of(issue: int, slug: str) -> Path:
    """The lineage folder of a filed issue, relative to the repository."""
    return lineage.DONE / f"{issue}-{slug}"


def recorded(folder: Path, brief_digest: str = "") -> Filed | None:
    """The newest record in a lineage folder, of the text with this digest if one is given."""
    for file in reversed(lineage.files(folder)):
        if file.kind != "filed.json":
            continue
        try:
            filed = msgspec.json.decode((folder / file.name).read_bytes(), type=Filed)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            continue
        if not brief_digest or filed.brief_digest == brief_digest:
            return filed
    return None


def done_folders(repository: Path, slug: str | None = None) -> list[Path]:
    """The lineage folders of issues that were filed, relative to the repository.

    Args:
        repository: The target repository.
        slug: Only those of the brief with this slug; ``None`` means all.

    Raises:
        TuiError: ``docs/lineage/done`` cannot be read.
    """
    form = re.compile(rf"[1-9]\d*-{'.+' if slug is None else re.escape(slug)}")
    done = repository / lineage.DONE
    try:
        names = sorted(e.name for e in done.iterdir() if form.fullmatch(e.name) and e.is_dir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise TuiError(
            f"Cannot read {done}: {error.strerror or error}.", "Make the folder readable."
        ) from error
    return [lineage.DONE / name for name in names]


def filed_before(repository: Path, slug: str, brief_digest: str) -> Filed | None:
    """This program's filing of exactly this text, from the lineage in ``docs/lineage/done``.

    Raises:
        TuiError: the lineage cannot be read.
    """
    for folder in done_folders(repository, slug):
        if (filed := recorded(repository / folder, brief_digest)) is not None:
            return filed
    return None


def all_filed(repository: Path) -> Iterator[Filed]:
    """The newest record of every filed issue, from the lineage in ``docs/lineage/done``."""
    for folder in done_folders(repository):
        if (filed := recorded(repository / folder)) is not None:
            yield filed
