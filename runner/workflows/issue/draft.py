"""Parses a draft of an issue: title, labels, body. Strict, because it is filed unchanged.

::

    # Dark mode for the web view

    Labels: enhancement, web

    ## Context
    …
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from assemblyzero_tui.runner.workflows.issue.filing_records import MARK_BEGINNING

TITLE_LIMIT = 256
"""Maximum characters of a title on GitHub."""
BODY_LIMIT = 65_000
"""Maximum characters of a body; GitHub allows 65,536, and the mark is added."""
LABEL_LIMIT = 50
"""Maximum characters of a label on GitHub."""
MAX_LABELS = 10

_TITLE = re.compile(r"# +(.*?)(?: +#+)? *")
_LABELS = re.compile(r"Labels: *(.*?) *")


class IssueDraft(NamedTuple):
    """The parts of a draft, for ``gh issue create``."""

    title: str
    labels: list[str]
    body: str


def parse_draft(text: str) -> IssueDraft:
    """The parts of a draft.

    Raises:
        ValueError: it does not have the form described above; the message says why.
    """
    lines = text.strip().splitlines()
    title = _TITLE.fullmatch(lines[0]) if lines else None
    if title is None or not title[1].strip():
        raise ValueError("the first line is not `# ` and a title")
    rest = lines[1:]
    while rest and not rest[0].strip():
        rest.pop(0)
    labels = _LABELS.fullmatch(rest[0]) if rest else None
    if labels is None:
        raise ValueError("the line after the title does not begin with `Labels: `")
    name, body = " ".join(title[1].split()), "\n".join(rest[1:]).strip()
    if len(name) > TITLE_LIMIT:
        raise ValueError(f"the title has {len(name)} characters, the limit is {TITLE_LIMIT}")
    if not body:
        raise ValueError("there is no text below the labels")
    if len(body) > BODY_LIMIT:
        raise ValueError(f"the text has {len(body):,} characters, the limit is {BODY_LIMIT:,}")
    if MARK_BEGINNING in body:
        raise ValueError(f"the text contains `{MARK_BEGINNING}`, which is reserved")
    return IssueDraft(name, _labels(labels[1]), body)


def _labels(text: str) -> list[str]:
    if text.strip().lower() == "none":
        return []
    labels: dict[str, str] = {}
    for part in text.split(","):
        label = part.strip().strip("`").strip()
        if not label or '"' in label:
            raise ValueError("a label is empty or has a quotation mark; write `Labels: none`")
        if len(label) > LABEL_LIMIT:
            raise ValueError(f"the label {label!r} has more than {LABEL_LIMIT} characters")
        labels.setdefault(label.lower(), label)
    if len(labels) > MAX_LABELS:
        raise ValueError(f"there are {len(labels)} labels, the limit is {MAX_LABELS}")
    return list(labels.values())


def split_labels(wanted: Sequence[str], existing: Iterable[str]) -> tuple[list[str], list[str]]:
    """The labels that the repository has, in its spelling, and those that it does not have."""
    names = {name.lower(): name for name in existing}
    return (
        [names[label.lower()] for label in wanted if label.lower() in names],
        [label for label in wanted if label.lower() not in names],
    )
