"""Issues as files: a folder of ``42-title.md``, for people without ``gh``."""

from __future__ import annotations

import re
from pathlib import Path

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.base.paths import resolve_parent
from assemblyzero_tui.runner.workflows.drafting.guards import check_length
from assemblyzero_tui.runner.workflows.repository.text_files import read_text
from assemblyzero_tui.runner.workflows.repository.titles import split_title, without_number
from assemblyzero_tui.runner.workflows.tracker.issues import HIGHEST_NUMBER, Issue

_NAME = re.compile(r"0*([1-9]\d*)(?:[-_ ](.*))?\.(?:md|markdown)", re.IGNORECASE)
_FORM = "Files are named like 42-short-title.md, the number of the issue first."


def number_of(path: Path) -> int | None:
    """The number in a file's name; ``None`` if it is not the name of an issue file."""
    match = _NAME.fullmatch(path.name)
    return int(match[1]) if match and int(match[1]) <= HIGHEST_NUMBER else None


def read_issue(path: Path) -> Issue:
    """The issue in a file.

    Raises:
        TuiError: the file cannot be read, is empty, too large or not text, or its name has no
            number.
    """
    number = number_of(path)
    if number is None:
        raise TuiError(f"{path} is not the name of an issue file.", _FORM)
    text = read_text(path, "issue file")
    stem = _NAME.fullmatch(path.name)
    slug = re.sub(r"[-_\s]+", " ", (stem and stem[2]) or "").strip()
    fallback = slug[:1].upper() + slug[1:] or f"Issue {number}"
    title, body = split_title(text, fallback)
    check_length(f"The issue file {path}", body)
    title = without_number(title, number) or fallback
    return Issue(number=number, title=title, body=body, source=str(resolve_parent(path)))


def find_issue_files(folder: Path) -> dict[int, Path]:
    """The issue files of a folder by their number, lowest first; other files are ignored.

    Raises:
        TuiError: the folder cannot be read, has no issue files, or has two for one number.
    """
    found, clashes = all_issue_files(folder)
    for error in clashes.values():
        raise error
    return found


def all_issue_files(folder: Path) -> tuple[dict[int, Path], dict[int, TuiError]]:
    """The same, and what is wrong with the numbers for which there are several files.

    Raises:
        TuiError: the folder cannot be read, or holds no issue file.
    """
    found: dict[int, list[Path]] = {}
    for path in _paths(folder):
        if (number := number_of(path)) is not None and not path.is_dir():
            found.setdefault(number, []).append(path)
    if not found:
        raise TuiError(f"There is no issue file in {folder}.", _FORM)
    clashes = {
        number: TuiError(
            f"{'Two' if len(paths) == 2 else len(paths)} files of {folder} are issue {number}: "
            f"{' and '.join(path.name for path in paths)}.",
            "Rename or remove all of them but one.",
        )
        for number, paths in sorted(found.items())
        if len(paths) > 1
    }
    alone = {number: paths[0] for number, paths in found.items() if number not in clashes}
    return {number: resolve_parent(path) for number, path in sorted(alone.items())}, clashes


def _paths(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError as error:
        raise TuiError(f"The folder {folder} does not exist.", "Check --issues-dir.") from error
    except NotADirectoryError as error:
        raise TuiError(f"{folder} is not a folder.", "Check --issues-dir.") from error
    except OSError as error:
        raise TuiError(
            f"Cannot read the folder {folder}: {error.strerror or error}.", "Make it readable."
        ) from error
