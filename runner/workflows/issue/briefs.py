"""Briefs: files with an idea that is to become an issue, and which of them are pending.

A brief is called by its slug: the lower-case stem of its file, spaces and ``_`` as ``-``, nothing
but ``[a-z0-9-]`` kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from assemblyzero_tui.runner.base.errors import TuiError, WorkflowError
from assemblyzero_tui.runner.base.paths import checkpoint_file
from assemblyzero_tui.runner.model.events import ItemInfo
from assemblyzero_tui.runner.workflows.catalog import ISSUE
from assemblyzero_tui.runner.workflows.drafting.guards import check_length
from assemblyzero_tui.runner.workflows.issue.filing_records import filed_before
from assemblyzero_tui.runner.workflows.issue.foreign_filings import foreign_filing
from assemblyzero_tui.runner.workflows.repository.text_files import (
    read_text,
    split_title,
    text_digest,
)

IDEAS = Path("ideas/active")
"""Where ``--all`` looks, relative to the repository."""
IDEAS_DONE = Path("ideas/done")
"""Where an idea goes when its issue is filed."""
SLUG_LIMIT = 100
"""Characters; the slug is part of file names that must not be longer than 255."""

_OF_A_DESIGN = re.compile(r"[1-9]\d*-lld")


class Brief(msgspec.Struct, kw_only=True, frozen=True):
    """What an issue is made of."""

    slug: str
    title: str
    """For humans; the issue gets one of its own."""
    text: str
    path: Path

    @property
    def digest(self) -> str:
        """Changes when the text does, white space at its ends and line ends aside."""
        return text_digest(self.text)

    @property
    def item(self) -> ItemInfo:
        """The item of the Issue workflow for this brief."""
        return ItemInfo(
            id=ISSUE.item_id(self.slug), key=self.slug, title=self.title, source=str(self.path)
        )


def slug_of(path: Path) -> str:
    """The slug of a file.

    Raises:
        TuiError: nothing usable is left of its name.
    """
    slug = re.sub(r"[^a-z0-9-]", "", re.sub(r"[ _]", "-", path.stem.lower()))
    if not slug.strip("-"):
        raise TuiError(
            f"The name of the brief {path} contains no letter or digit.",
            "Rename it, using a to z and 0 to 9, for example dark-mode.md",
        )
    if len(slug) > SLUG_LIMIT:
        raise TuiError(
            f"The name of the brief {path} is longer than {SLUG_LIMIT} characters.",
            "Rename it to something shorter.",
        )
    if _OF_A_DESIGN.fullmatch(slug):
        raise TuiError(
            f"The brief {path} would share its folder docs/lineage/active/{slug} with a design.",
            "Rename it.",
        )
    return slug


def read_brief(path: Path) -> Brief:
    """The brief in a file.

    Raises:
        TuiError: the file cannot be read, is no text, empty or too large, or has no usable name.
    """
    slug = slug_of(path)
    text = read_text(path, "brief").replace("\r\n", "\n")
    check_length(f"The brief {path}", text)
    words = " ".join(re.split(r"[-_\s]+", path.stem)).strip()
    title, _ = split_title(text, words[:1].upper() + words[1:] or slug)
    return Brief(slug=slug, title=title, text=text, path=path)


def pending_briefs(
    repository: Path, wanted: Sequence[Path] | None = None
) -> tuple[list[ItemInfo], list[str]]:
    """The items to work on, and notes on what was left out.

    Args:
        repository: The target repository, links resolved.
        wanted: Files, kept in this order; ``None`` means every idea, sorted by name.

    Raises:
        TuiError: a file that was named is missing, unusable, or outside the repository; of files
            that were not, none is usable; or two have one slug.
    """
    notes: list[str] = []
    briefs: list[Brief] = []
    errors: list[TuiError] = []
    paths = _ideas(repository) if wanted is None else _wanted(repository, wanted, notes)
    for path in paths:
        try:
            briefs.append(_usable(_within(repository, path)))
        except TuiError as error:
            if wanted is not None:
                raise
            errors.append(error)
    if errors and not briefs:
        raise errors[0]
    notes += [f"left out: {error.what} {error.hint}" for error in errors]
    _check_slugs(briefs)
    named = wanted is not None
    return [b.item for b in briefs if not _is_filed(repository, b, notes, named=named)], notes


def _is_filed(repository: Path, brief: Brief, notes: list[str], *, named: bool) -> bool:
    """Whether a brief is left out since there is an issue of it; a note says so.

    An idea that this program has filed is not left out: its run was broken off before it was put
    away, and does that now.
    """
    path = brief.path
    mine = filed_before(repository, brief.slug, brief.digest)
    if mine is not None:
        begun = checkpoint_file(repository, ISSUE.name, brief.slug).exists()
        if path.parent == repository / IDEAS or begun:
            return False
        notes.append(f"{path} left out: already filed as {mine.issue_url}")
        return True
    other = foreign_filing(repository, brief.slug, brief.digest)
    if other is None:
        return False
    if other.text != "changed":
        notes.append(
            f"{path} left out: already filed as {other}. Rename it to file it as a new issue."
        )
        return True
    if named:
        notes.append(
            f"{path} was filed as {other}, but its text has changed: filing it as a new issue."
        )
        return False
    notes.append(
        f"{path} left out: filed as {other}; its text has changed since. "
        f"To file it as a new issue, name it: assemblyzero-tui issue {path}"
    )
    return True


def _usable(path: Path) -> Brief:
    """The brief in a file that a user named; an unusable one is an error of the user's."""
    try:
        return read_brief(path)
    except WorkflowError as error:
        raise TuiError(error.what, error.hint) from error


def _ideas(repository: Path) -> list[Path]:
    folder = repository / IDEAS
    try:
        found = sorted(
            path
            for path in folder.iterdir()
            if path.suffix == ".md" and not path.name.startswith(".")
        )
    except FileNotFoundError as error:
        if (repository / IDEAS_DONE).is_dir():
            return []
        raise TuiError(
            f"The folder {folder} does not exist.",
            "Create it and put a brief there, for example ideas/active/dark-mode.md; "
            "or name a file: assemblyzero-tui issue FILE",
        ) from error
    except OSError as error:
        raise TuiError(
            f"Cannot read the folder {folder}: {error.strerror or error}.", "Make it readable."
        ) from error
    return found


def _wanted(repository: Path, wanted: Iterable[Path], notes: list[str]) -> list[Path]:
    paths: dict[Path, None] = {}
    for given in wanted:
        path = _within(repository, given)
        done = repository / IDEAS_DONE / path.name
        if not path.exists() and path.parent == repository / IDEAS and done.is_file():
            notes.append(f"{path} left out: already filed; the brief is now {done}.")
        else:
            paths[path] = None
    return list(paths)


def _within(repository: Path, given: Path) -> Path:
    """The absolute path of a file; it and what it may be a link to lie in the repository."""
    try:
        path = given.parent.resolve() / given.name
        real = path.resolve()
    except (OSError, RuntimeError) as error:
        raise TuiError(f"Cannot find the brief {given}: {error}.", "Check the path.") from error
    if not (path.is_relative_to(repository) and real.is_relative_to(repository)):
        raise TuiError(
            f"The brief {given} is outside the repository {repository}.",
            f"Copy it to {repository / IDEAS}, or name its repository with --repo PATH.",
        )
    return path


def _check_slugs(briefs: Iterable[Brief]) -> None:
    known: dict[str, Path] = {}
    for brief in briefs:
        if brief.slug in known:
            raise TuiError(
                f"Two briefs have the same slug {brief.slug!r}: {known[brief.slug]} "
                f"and {brief.path}.",
                "Nothing was started. Rename one of them, or name only one.",
            )
        known[brief.slug] = brief.path
