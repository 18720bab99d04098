"""The repository's own template for designs, and which of its headings a design lacks.

It is the file of ``--template``, or the first ``docs/templates/*lld*.md``. Without one, designs
have the sections of the prompt ``design-form``.
"""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path
from typing import NamedTuple

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.workflows.drafting.guards import CONTEXT_FILE_LIMIT
from assemblyzero_tui.runner.workflows.repository.markdown import (
    headings,
    split_front_matter,
    without_fence,
)
from assemblyzero_tui.runner.workflows.repository.text_files import read_text

FOLDER = Path("docs/templates")
"""Where a repository keeps its templates."""

_NAME = re.compile(r".*lld.*\.(?:md|markdown)", re.IGNORECASE | re.DOTALL)
_ABOUT_OTHERS = re.compile(r"review|prompt|checklist|example|sample", re.IGNORECASE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_PLACEHOLDER = re.compile(r"\{[^{}]*\}+|<[^<>]*>|\[[^\[\]]*\](?:\([^()]*\))?|_{3,}|\.{3}|…")
_ASIDE = re.compile(r"\([^()]*\)")
_OPTIONAL = re.compile(
    r"\boptional|\bif (?:applicable|needed|any|relevant)|\bdelete if", re.IGNORECASE
)
_NUMBER = re.compile(r"\A\W*(?:section\s+)?(?:\d+(?:\.\d+)*[.):]?|[A-Z][.)])\s+")


class Template(NamedTuple):
    """A template for designs."""

    path: str
    """Of its file, relative to the repository if it is in there."""
    text: str
    others: tuple[str, ...] = ()
    """Files that might have been meant as well."""

    def headings(self) -> list[str]:
        """The headings that a design has to have: all but the title and those of optional parts."""
        found = headings(split_front_matter(self.text)[1])
        required = [
            _COMMENT.sub("", heading.text).strip()
            for heading in found
            if not (heading is found[0] and heading.level == 1)
            and not _OPTIONAL.search(heading.text)
            and _plain(_PLACEHOLDER.sub(" ", heading.text))
        ]
        return list(dict.fromkeys(required))

    def missing(self, design: str) -> list[str]:
        """Those of them that a design lacks.

        Numbers, spelling in capitals, emphasis and what is in parentheses are not compared;
        placeholders stand for anything.
        """
        there = {_plain(heading.text) for heading in headings(split_front_matter(design)[1])}
        return [
            heading
            for heading in self.headings()
            if not any(_pattern(heading).fullmatch(found) for found in there)
        ]


def find_template(repository: Path, chosen: str) -> Template | None:
    """The template of a repository; ``None`` if it has none.

    Args:
        repository: The target repository.
        chosen: Path of the file of ``--template``; or empty.

    Raises:
        TuiError: it cannot be read or is too long, or has no headings although it was chosen.
    """
    if chosen:
        template = _read(Path(chosen), chosen)
        if not template.headings():
            raise TuiError(
                f"The template {chosen} has no headings.",
                "Give a Markdown file with the headings of a design with --template.",
            )
        return template
    for path in (paths := _candidates(repository)):
        template = _read(repository / path, str(path))
        if template.headings():
            others = tuple(str(other) for other in paths if other != path)
            return template._replace(others=others)
    return None


def _candidates(repository: Path) -> list[Path]:
    """The files that may be the template, the likeliest first."""
    try:
        names = [
            entry.name
            for entry in os.scandir(repository / FOLDER)
            if _NAME.fullmatch(entry.name) and entry.is_file()
        ]
    except OSError:
        return []
    return [
        FOLDER / name for name in sorted(names, key=lambda n: (bool(_ABOUT_OTHERS.search(n)), n))
    ]


def _read(path: Path, name: str) -> Template:
    try:
        text = read_text(path, "template")
    except TuiError as error:
        raise TuiError(error.what, f"{error.hint} Or give another with --template.") from error
    if len(text) > CONTEXT_FILE_LIMIT:
        raise TuiError(
            f"The template {name} has {len(text):,} characters, the limit is "
            f"{CONTEXT_FILE_LIMIT:,}.",
            "Shorten it, or give another one with --template.",
        )
    return Template(name, without_fence(text.replace("\r\n", "\n")).strip())


def _pattern(heading: str) -> re.Pattern[str]:
    """What a heading of the template matches, in plain words."""
    parts = (re.escape(_plain(part)) for part in _PLACEHOLDER.split(heading))
    return re.compile(r"\s?.*\s?".join(parts))


def _plain(heading: str) -> str:
    """``**2.1 Files & Folders** (changed)`` as ``files and folders``."""
    text = unicodedata.normalize("NFKC", _COMMENT.sub("", heading))
    text = _NUMBER.sub("", text, count=1)
    text = _ASIDE.sub(" ", text).replace("&", " and ").casefold()
    return " ".join(re.findall(r"\w+", text.replace("_", " ")))
