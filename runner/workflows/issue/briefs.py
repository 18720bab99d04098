"""Briefs: files with an idea for an issue, and the selection of the pending ones.

A brief is identified by its slug: the lower-case stem of its file with ``-`` for spaces and ``_``,
reduced to ``[a-z0-9-]``.
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
"""The folder that ``--all`` reads, relative to the repository."""
IDEAS_DONE = Path("ideas/done")
"""The folder to which a brief moves when its issue is filed."""
SLUG_LIMIT = 100
"""Characters; the slug is part of file names, which must not be longer than 255."""

_DESIGN_FOLDER = re.compile(r"[1-9]\d*-lld")


class Brief(msgspec.Struct, kw_only=True, frozen=True):
    """An idea from which an issue is written."""

    slug: str
    title: str
    """The title shown to the user; the issue gets its own."""
    text: str
    path: Path

    @property
    def digest(self) -> str:
        """A digest of the text that ignores surrounding white space and line endings."""
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
        TuiError: its name gives no usable slug.
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
    if _DESIGN_FOLDER.fullmatch(slug):
        raise TuiError(
            f"The brief {path} would share its folder docs/lineage/active/{slug} with a design.",
            "Rename it.",
        )
    return slug


def read_brief(path: Path) -> Brief:
    """Reads the brief in a file.

    Raises:
        TuiError: the file cannot be read, is not text, empty or too large, or its name is unusable.
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
        TuiError: a file that was named is missing, unusable, or outside the repository; no files
            were named and none is usable; or two have the same slug.
    """
    notes: list[str] = []
    briefs: list[Brief] = []
    errors: list[TuiError] = []
    paths = _ideas(repository) if wanted is None else _named_files(repository, wanted, notes)
    for path in paths:
        try:
            briefs.append(_read(_path_within(repository, path)))
        except TuiError as error:
            if wanted is not None:
                raise
            errors.append(error)
    if errors and not briefs:
        raise errors[0]
    notes += [f"left out: {error.what} {error.hint}" for error in errors]
    _check_slugs_unique(briefs)
    named = wanted is not None
    return [b.item for b in briefs if not _is_filed(repository, b, notes, named=named)], notes


def _is_filed(repository: Path, brief: Brief, notes: list[str], *, named: bool) -> bool:
    """Whether a brief is left out because it has an issue already; a note reports it.

    A brief that this program has filed and that is still in the ideas folder is not left out: its
    run was interrupted before the brief was moved, and moves it now.
    """
    path = brief.path
    own = filed_before(repository, brief.slug, brief.digest)
    if own is not None:
        begun = checkpoint_file(repository, ISSUE.name, brief.slug).exists()
        if path.parent == repository / IDEAS or begun:
            return False
        notes.append(f"{path} left out: already filed as {own.issue_url}")
        return True
    foreign = foreign_filing(repository, brief.slug, brief.digest)
    if foreign is None:
        return False
    if foreign.text != "changed":
        notes.append(
            f"{path} left out: already filed as {foreign}. Rename it to file it as a new issue."
        )
        return True
    if named:
        notes.append(
            f"{path} was filed as {foreign}, but its text has changed: filing it as a new issue."
        )
        return False
    notes.append(
        f"{path} left out: filed as {foreign}; its text has changed since. "
        f"To file it as a new issue, name it: assemblyzero-tui issue {path}"
    )
    return True


def _read(path: Path) -> Brief:
    """Reads a brief; an unusable one is the user's error, not the workflow's."""
    try:
        return read_brief(path)
    except WorkflowError as error:
        raise TuiError(error.what, error.hint) from error


def _ideas(repository: Path) -> list[Path]:
    folder = repository / IDEAS
    try:
        return sorted(
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


def _named_files(repository: Path, wanted: Iterable[Path], notes: list[str]) -> list[Path]:
    paths: dict[Path, None] = {}
    for given in wanted:
        path = _path_within(repository, given)
        done = repository / IDEAS_DONE / path.name
        if not path.exists() and path.parent == repository / IDEAS and done.is_file():
            notes.append(f"{path} left out: already filed; the brief is now {done}.")
        else:
            paths[path] = None
    return list(paths)


def _path_within(repository: Path, given: Path) -> Path:
    """The absolute path of a file.

    Raises:
        TuiError: it, or the target of a link, is outside the repository.
    """
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


def _check_slugs_unique(briefs: Iterable[Brief]) -> None:
    paths: dict[str, Path] = {}
    for brief in briefs:
        if brief.slug in paths:
            raise TuiError(
                f"Two briefs have the same slug {brief.slug!r}: {paths[brief.slug]} "
                f"and {brief.path}.",
                "Nothing was started. Rename one of them, or name only one.",
            )
        paths[brief.slug] = brief.path
