"""Finds briefs that AssemblyZero, not this program, has filed: it writes to the same lineage.

When the issue is filed, AssemblyZero moves the lineage of its brief to
``docs/lineage/done/<number>-<slug>``, with ``NNN-filed.json`` as the last file: ``issue_number``,
``issue_url``, ``title``, ``filed_at``, ``brief_file`` and some counts, but no digest of the brief.
The brief itself is ``NNN-brief.md``, or missing. (Observed in ``docs/lineage/done`` of
github.com/martymcenroe/AssemblyZero.)
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.workflows.issue import filing_records
from assemblyzero_tui.runner.workflows.repository import lineage
from assemblyzero_tui.runner.workflows.repository.text_files import text_digest

T = TypeVar("T")

_OTHER_WORKFLOWS = ("lld", "testing")
"""The folders of its designs and tests end in these words, so a brief with such a slug counts as
filed only if there is a record."""


class ForeignFiling(msgspec.Struct, kw_only=True, frozen=True):
    """An issue that was filed for a brief, but not by this program."""

    number: int
    """0 if it is unknown."""
    url: str
    folder: Path
    """Its lineage, relative to the repository."""
    text: Literal["same", "changed", "unknown"]
    """The current text of the brief, compared to the filed one."""

    def __str__(self) -> str:
        issue = f"#{self.number}" if self.number else "an issue"
        return f"{issue} ({self.url or self.folder})"


class _Record(msgspec.Struct):
    """The relevant part of AssemblyZero's ``NNN-filed.json``."""

    issue_number: int = 0
    issue_url: str = ""


def foreign_filing(repository: Path, slug: str, brief_digest: str) -> ForeignFiling | None:
    """The filing of a brief by another program; one with the current text is preferred.

    Raises:
        TuiError: the lineage cannot be read.
    """
    order = ("same", "unknown", "changed")
    return min(
        _filings(repository, slug, brief_digest),
        key=lambda filing: order.index(filing.text),
        default=None,
    )


def _filings(repository: Path, slug: str, brief_digest: str) -> Iterator[ForeignFiling]:
    for folder in filing_records.done_folders(repository, slug):
        record = _record(repository / folder)
        if record is _OURS or (record is None and slug in _OTHER_WORKFLOWS):
            continue
        number, _, _ = folder.name.partition("-")
        yield _filing(repository, folder, record or _Record(), int(number), brief_digest)
    active = filing_records.folder_of(slug)
    record = _record(repository / active)
    if record is not None and record is not _OURS:
        yield _filing(repository, active, record, 0, brief_digest)


def _filing(
    repository: Path, folder: Path, record: _Record, number: int, brief_digest: str
) -> ForeignFiling:
    filed = _filed_digest(repository / folder)
    return ForeignFiling(
        number=record.issue_number or number,
        url=record.issue_url,
        folder=folder,
        text="unknown" if filed is None else "same" if filed == brief_digest else "changed",
    )


_OURS = _Record()
"""Represents a record of this program, which contains the digest of the text."""


def _record(folder: Path) -> _Record | None:
    """The newest record in a lineage folder; an empty one if it cannot be read."""
    for file in reversed(lineage.files(folder)):
        if file.kind != "filed.json":
            continue
        try:
            data = (folder / file.name).read_bytes().removeprefix(b"\xef\xbb\xbf")
        except OSError:
            return _Record()
        return (
            _OURS if _decoded(data, filing_records.Filed) else _decoded(data, _Record) or _Record()
        )
    return None


def _decoded(data: bytes, shape: type[T]) -> T | None:
    """Decodes a record of this shape, or returns ``None``; numbers can be written as strings."""
    try:
        return msgspec.json.decode(data, type=shape, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _filed_digest(folder: Path) -> str | None:
    """A digest of the brief as it was filed; ``None`` if it is missing.

    A brief after the record belongs to a later journey.
    """
    files = lineage.files(folder)
    records = [file.number for file in files if file.kind == "filed.json"]
    for file in reversed(files):
        if file.kind == "brief.md" and (not records or file.number < records[-1]):
            try:
                text = (folder / file.name).read_bytes().decode("utf-8-sig")
            except (OSError, UnicodeDecodeError):
                return None
            return text_digest(text)
    return None


def check_not_filed(repository: Path, slug: str, brief_digest: str) -> None:
    """Makes sure that no other program has filed this text, or an unknown text, in the meantime.

    Raises:
        TuiError: it was filed.
    """
    filing = foreign_filing(repository, slug, brief_digest)
    if filing is not None and filing.text != "changed":
        raise TuiError(
            f"This brief was already filed as {filing}.",
            "Rename it to file it as a new issue.",
        )
