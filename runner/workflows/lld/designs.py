"""The designs in a repository, and which of them this tool did not write.

A design is any file (or folder) in ``docs/lld/active`` or ``docs/lld/done`` whose name begins with
the number of an issue, in upper or lower case: ``LLD-042.md``, ``LLD-42-title.md``,
``42-title.md``; a date does not count as a number. The newest ``NNN-final.md`` in the lineage of an
issue, where AssemblyZero keeps a copy of its design, is a design too; a lineage that it has moved
to ``42-lld-n1`` is ignored, as it was about to write that design again.

A design is ours if its text is a draft from the lineage of its issue, followed by the line on its
origin. Everything else was written or edited by someone else, and is not overwritten unless the
user names the issue.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import Literal, NamedTuple

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.workflows.lld.approval_words import says_approved
from assemblyzero_tui.runner.workflows.lld.texts import draft_in
from assemblyzero_tui.runner.workflows.repository import lineage
from assemblyzero_tui.runner.workflows.tracker.issues import HIGHEST_NUMBER

ACTIVE = Path("docs/lld/active")
DONE = Path("docs/lld/done")
SIZE_LIMIT = 4_000_000
"""Bytes; a larger file was not written by this tool, and is not read for its status."""

_STEM = (
    r"(?![0-9]{4}([-_.])[01][0-9]\1[0-3][0-9](?![0-9]))"
    r"(?:LLD[-_ ]*)?0*(?P<number>[1-9][0-9]{0,8})(?:[-_. ].*)?"
)
_NAME = re.compile(rf"{_STEM}\.(?:md|markdown)", re.IGNORECASE | re.DOTALL)
_FOLDER = re.compile(_STEM, re.IGNORECASE | re.DOTALL)


class OtherDesign(NamedTuple):
    """A design that is not in our lineage."""

    path: Path
    """Relative to the repository."""
    status: Literal["approved", "unknown"]
    """``approved`` where its text says so."""

    @property
    def name(self) -> str:
        """Its path as text that can be shown and encoded; see :func:`printable`."""
        return printable(self.path)


def printable(path: Path) -> str:
    """A path as text that can be encoded: invalid UTF-8 becomes replacement characters."""
    return os.fsencode(path).decode(errors="replace")


def published_path(number: int) -> Path:
    """Where the design of an issue is published, relative to the repository."""
    return ACTIVE / f"LLD-{number:03d}.md"


def number_of_design(name: str, *, folder: bool = False) -> int | None:
    """The issue number in the name of a design; ``None`` if it is not a design's name."""
    match = (_FOLDER if folder else _NAME).fullmatch(name)
    number = int(match["number"]) if match else 0
    return number if 0 < number <= HIGHEST_NUMBER else None


def find_designs(repository: Path) -> dict[int, list[Path]]:
    """The designs of all issues, relative to the repository, those in ``active`` first.

    Raises:
        TuiError: a folder with designs exists and cannot be read.
    """
    designs = _in_folders(repository)
    for number in lineage.numbers(repository):
        if (final := lineage.final_of(repository, number)) is not None:
            designs.setdefault(number, []).append(final)
    return designs


def _in_folders(repository: Path) -> dict[int, list[Path]]:
    designs: dict[int, list[Path]] = {}
    for folder in (ACTIVE, DONE):
        try:
            with os.scandir(repository / folder) as entries:
                names = sorted((entry.name, _is_folder(entry)) for entry in entries)
        except (FileNotFoundError, NotADirectoryError) as error:
            if (obstacle := _obstacle(repository, folder)) is None:
                continue
            path = repository / obstacle
            raise TuiError(
                f"Cannot look for designs in {repository / folder}: {path} is "
                f"{'a broken link' if path.is_symlink() else 'not a folder'}.",
                "Move it away, or make it a folder.",
            ) from error
        except OSError as error:
            raise TuiError(
                f"Cannot look for designs in {repository / folder}: {error.strerror or error}.",
                "Make the folder readable.",
            ) from error
        for name, is_folder in names:
            if (number := number_of_design(name, folder=is_folder)) is not None:
                designs.setdefault(number, []).append(folder / name)
    return designs


def _obstacle(repository: Path, folder: Path) -> Path | None:
    """This path or one of its parents, if something other than a folder is there."""
    paths = (folder, *folder.parents)
    existing = (path for path in paths if os.path.lexists(repository / path))
    return next((path for path in existing if not (repository / path).is_dir()), None)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a circular link
        return False


def others_among(repository: Path, number: int, paths: list[Path]) -> list[OtherDesign]:
    """The designs among these that this tool did not write, or that were edited since."""
    return [
        OtherDesign(path, "approved" if text is not None and says_approved(text) else "unknown")
        for path in paths
        if not _is_ours(repository, number, text := _text(repository / path))
    ]


def others_of(repository: Path, number: int) -> list[OtherDesign]:
    """The current designs of one issue that this tool did not write.

    Raises:
        TuiError: a folder with designs exists and cannot be read.
    """
    designs = _in_folders(repository).get(number, [])
    final = lineage.final_of(repository, number)
    return others_among(repository, number, designs if final is None else [*designs, final])


def other_in_the_way(repository: Path, number: int) -> OtherDesign | None:
    """The design at the published path of an issue, if this tool did not write it."""
    path = published_path(number)
    existing = [path] if os.path.lexists(repository / path) else []
    return next(iter(others_among(repository, number, existing)), None)


def read_for_copy(repository: Path, path: Path) -> bytes:
    """Reads a design that is about to be replaced.

    Raises:
        TuiError: it cannot be read, so no copy could be kept; it must not be replaced.
    """
    try:
        if not stat.S_ISREG((repository / path).stat().st_mode):
            raise TuiError(f"Cannot replace {path}: it is not a file.", "Move it away, then retry.")
        return (repository / path).read_bytes()
    except OSError as error:
        raise TuiError(
            f"Cannot replace {path}: it cannot be read to keep a copy ({error.strerror or error}).",
            "Make it readable or move it away, then retry.",
        ) from error


def _is_ours(repository: Path, number: int, text: str | None) -> bool:
    draft = None if text is None else draft_in(text)
    return draft is not None and draft in lineage.drafts(repository, number)


def _text(path: Path) -> str | None:
    """The text of a design with ``\\n`` line endings; ``None`` if it cannot be read."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > SIZE_LIMIT:
            return None
        data = path.read_bytes()
    except OSError:
        return None
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = data.decode("utf-16" if wide else "utf-8-sig", errors="replace")
    return text.replace("\r\n", "\n")
