"""Briefs: files with an idea for an issue, and the selection of the pending ones.

A brief is identified by its slug: the lower-case stem of its file with ``-`` for spaces and ``_``,
reduced to ``[a-z0-9-]``. It does not depend on how the name's accents are encoded.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from assemblyzero_tui.runner.base.errors import TuiError, WorkflowError
from assemblyzero_tui.runner.base.paths import checkpoint_file
from assemblyzero_tui.runner.model.events import ItemInfo
from assemblyzero_tui.runner.workflows.catalog import ISSUE
from assemblyzero_tui.runner.workflows.drafting.guards import check_length
from assemblyzero_tui.runner.workflows.issue.brief_files import (
    SUFFIXES,
    choose_files,
    clashes,
    same_name,
    tracking_issue,
)
from assemblyzero_tui.runner.workflows.issue.filing_records import filed_before
from assemblyzero_tui.runner.workflows.issue.foreign_filings import foreign_filing
from assemblyzero_tui.runner.workflows.repository.text_files import (
    read_text,
    text_digest,
)
from assemblyzero_tui.runner.workflows.repository.titles import split_title

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
    stem = same_name(path.stem).lower()
    slug = re.sub(r"[^a-z0-9-]", "", re.sub(r"[ _]", "-", stem))
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
    words = " ".join(re.split(r"[-_\s]+", same_name(path.stem))).strip()
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
        TuiError: a file that was named is missing, unusable, or outside the repository; or there
            are files, and none is usable.
    """
    notes: list[str] = []
    briefs: list[Brief] = []
    errors: list[TuiError] = []
    paths = _ideas(repository, notes) if wanted is None else _named_files(repository, wanted, notes)
    for path in paths:
        try:
            briefs.append(_read(_path_within(repository, path)))
        except TuiError as error:
            if wanted is not None:
                raise
            errors.append(error)
    notes += [f"left out: {error.what} {error.hint}" for error in errors]
    alone = _without_clashes(briefs, errors, notes)
    if errors and not alone:
        raise errors[0]
    named = wanted is not None
    pending = [b for b in alone if not _is_filed(repository, b, notes, named=named)]
    notes += [note for brief in pending if (note := _tracking_note(brief))]
    return [brief.item for brief in pending], notes


def _without_clashes(briefs: list[Brief], errors: list[TuiError], notes: list[str]) -> list[Brief]:
    """The briefs that share their slug with no other; what is left out is added to the rest.

    Of files with one name and one text, which only encode it differently, one is kept.
    """
    kept = list(briefs)
    for slug, paths in clashes([(brief.slug, brief.path) for brief in briefs]).items():
        alike = [brief for brief in briefs if brief.slug == slug]
        first = alike[0]
        one = all(
            same_name(b.path.name) == same_name(first.path.name) and b.digest == first.digest
            for b in alike
        )
        left_out = alike[1:] if one else alike
        kept = [brief for brief in kept if brief not in left_out]
        if one:
            notes.append(f"{paths[1]} left out: its name and text are those of {first.path}.")
            continue
        names = " and ".join(str(path) for path in paths)
        how_many = "Two" if len(paths) == 2 else str(len(paths))
        error = TuiError(
            f"{how_many} briefs have the same slug {slug!r}: {names}.",
            "Rename one of them, or name only one."
            if len(paths) == 2
            else "Rename all but one of them, or name only one.",
        )
        errors.append(error)
        notes.append(f"left out: {error.what} {error.hint}")
    return kept


def _tracking_note(brief: Brief) -> str:
    """The note on a brief that names an issue of its own."""
    number = tracking_issue(brief.text)
    if not number:
        return ""
    return (
        f"{brief.path} names #{number} as its issue. A new one will be filed; if #{number} is the "
        f"issue of this brief, move it to {IDEAS_DONE} first."
    )


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
        return _is_put_away(repository, brief, notes)
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


def _is_put_away(repository: Path, brief: Brief, notes: list[str]) -> bool:
    """Whether a brief of this name and text lies among the filed ones; a note says so."""
    done = done_brief(repository, same_name(brief.path.name))
    if done is None or done == brief.path:
        return False
    try:
        same = text_digest(read_text(done, "brief")) == brief.digest
    except TuiError:
        return False
    if same:
        notes.append(
            f"{brief.path} left out: already filed, as {done} has the same text. Rename it to "
            "file it as a new issue."
        )
    return same


def _read(path: Path) -> Brief:
    """Reads a brief; an unusable one is the user's error, not the workflow's."""
    try:
        return read_brief(path)
    except WorkflowError as error:
        raise TuiError(error.what, error.hint) from error


def _ideas(repository: Path, notes: list[str]) -> list[Path]:
    folder = repository / IDEAS
    try:
        names, remarks = choose_files(
            path.name for path in folder.iterdir() if not path.is_dir() or _is_brief_name(path)
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
    notes += [f"{folder}/{remark}" for remark in remarks]
    return [folder / name for name in names]


def _is_brief_name(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES


def done_brief(repository: Path, name: str) -> Path | None:
    """Where the filed brief of this name is; ``None`` if it is not among the filed ones.

    It has the number of its issue in front, unless an earlier version put it there.
    """
    folder = repository / IDEAS_DONE
    if (folder / name).is_file():
        return folder / name
    form = re.compile(rf"[1-9][0-9]*-{re.escape(same_name(name))}")
    try:
        found = [path for path in folder.iterdir() if form.fullmatch(same_name(path.name))]
    except OSError:
        return None
    return max(found, key=lambda path: int(path.name.partition("-")[0]), default=None)


def _as_on_disk(path: Path) -> Path:
    """A file under the name it has, if that encodes its accents differently."""
    if os.path.lexists(path):
        return path
    try:
        siblings = list(path.parent.iterdir())
    except OSError:
        return path
    wanted = same_name(path.name)
    return next((one for one in siblings if same_name(one.name) == wanted), path)


def _named_files(repository: Path, wanted: Iterable[Path], notes: list[str]) -> list[Path]:
    paths: dict[Path, None] = {}
    for given in wanted:
        path = _as_on_disk(_path_within(repository, given))
        done = done_brief(repository, path.name)
        if not path.exists() and path.parent == repository / IDEAS and done is not None:
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
