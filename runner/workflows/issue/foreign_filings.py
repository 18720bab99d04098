"""Briefs that somebody else has filed, by the lineage: AssemblyZero keeps its own there, too.

It moves the lineage of a brief to ``docs/lineage/done/<number>-<slug>`` when the issue is filed,
with ``NNN-filed.json`` as its last file: ``issue_number``, ``issue_url``, ``title``, ``filed_at``,
``brief_file`` and some counts, but no digest of the brief. The brief is there as ``NNN-brief.md``,
or not at all. (Seen in ``docs/lineage/done`` of github.com/martymcenroe/AssemblyZero.)
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
"""Its designs and tests end in these; as slugs of briefs they need a record that says so."""


class ForeignFiling(msgspec.Struct, kw_only=True, frozen=True):
    """An issue that was made of a brief, without this program."""

    number: int
    """0 if it is not known."""
    url: str
    folder: Path
    """Its lineage, relative to the repository."""
    text: Literal["same", "changed", "unknown"]
    """Of the brief now, against what was filed."""

    def __str__(self) -> str:
        issue = f"#{self.number}" if self.number else "an issue"
        return f"{issue} ({self.url or self.folder})"


class _Record(msgspec.Struct):
    """What AssemblyZero's ``NNN-filed.json`` says, as far as it is needed."""

    issue_number: int = 0
    issue_url: str = ""


def foreign_filing(repository: Path, slug: str, brief_digest: str) -> ForeignFiling | None:
    """What was filed of a brief by somebody else; rather one with the text of now.

    Raises:
        TuiError: the lineage cannot be read.
    """
    found = list(_filings(repository, slug, brief_digest))
    order = ("same", "unknown", "changed")
    return min(found, key=lambda filing: order.index(filing.text), default=None)


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
"""Stands for a record of this program, which tells the text by its digest."""


def _record(folder: Path) -> _Record | None:
    """The newest record in a lineage folder; one that cannot be read says nothing but that."""
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
    """The record in some bytes, if it has this shape; numbers may be written as text."""
    try:
        return msgspec.json.decode(data, type=shape, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _filed_digest(folder: Path) -> str | None:
    """A digest of the brief as it was filed; ``None`` if it is not there.

    A brief behind the record is of a later journey.
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
    """Makes sure that nobody has filed this text, or a text that is not known, in the meantime.

    Raises:
        TuiError: somebody has.
    """
    found = foreign_filing(repository, slug, brief_digest)
    if found is not None and found.text != "changed":
        raise TuiError(
            f"This brief was already filed as {found}.",
            "Rename it to file it as a new issue.",
        )
