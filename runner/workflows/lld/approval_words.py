"""Recognises a design's statement that it is approved: ``**Final Status:** APPROVED`` and similar.

The forms are those of the designs in AssemblyZero's own ``docs/lld``: a line (``* **Status:**
Approved (…)``), a row of a table (``| Status | APPROVED |``), a heading with the status below it.
Only a plain statement counts: not a template's list of choices, not a remark such as ``APPROVED -
PENDING REVIEW``, and nothing in code or comments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_STRUCK = re.compile(r"~~[^~\n]*~~")
_LABEL = re.compile(r"(final )?(?:(?:current|overall|design|document|lld|review) )?status", re.I)
_LINE = re.compile(
    r" {0,3}(?:(?:[>*+-]|[0-9]{1,3}[.)])[ \t]+)*[*_]*([A-Za-z][A-Za-z ]{5,29}?)[*_ ]*:(.*)"
)
_HEADING = re.compile(r" {0,3}#{1,6}[ \t]+(.*?)[ \t#]*")
_SEPARATOR = re.compile(r"[\s|:-]*-[\s|:-]*")
_APPROVED = re.compile(r"(?:(?:gemini|human|review|fully|finally) )?approved\b(?!\?)")
_DOUBT = re.compile(
    r"\b(?:not|no|never|pending|await\w*|waiting|needs?|draft|until|unless|if|when|once|except"
    r"|subject to|condition\w*|provisional\w*|partial\w*|revoked|withdrawn|superseded"
    r"|reject\w*|block\w*|tbd|todo)\b|n't\b|\?|\||\[ ?\]|☐|/ *(?:rejected|draft|blocked)"
)


def means_approved(value: str) -> bool:
    """Whether the value of a status says, without any condition, that something is approved."""
    words = " ".join(_STRUCK.sub(" ", value).replace("’", "'").casefold().split())
    plain = re.sub(r"^[\W_]+", "", words)
    return _APPROVED.match(plain) is not None and _DOUBT.search(words) is None


def says_approved(text: str) -> bool:
    """Whether a design says that it is approved.

    The last final status decides; if there is none, the first status, which is in the header of the
    design.
    """
    if not _mentions_status(text):
        return False
    final: str | None = None
    first: str | None = None
    for is_final, value in _statuses(_prose(text)):
        if is_final:
            final = value
        elif first is None:
            first = value
    return means_approved(final if final is not None else first or "")


def _mentions_status(text: str) -> bool:
    """A cheap first check: there are thousands of designs, and few of their lines matter."""
    return "status" in text.casefold()


def _prose(text: str) -> list[str]:
    """The lines outside code blocks and comments."""
    lines: list[str] = []
    fence = ""
    for line in text.removeprefix("\ufeff").splitlines():
        if mark := _FENCE.match(line):
            if not fence:
                fence = mark[1]
            elif mark[1].startswith(fence):
                fence = ""
        elif not fence:
            lines.append(line)
    return _COMMENT.sub("", "\n".join(lines)).splitlines()


def _statuses(lines: list[str]) -> Iterator[tuple[bool, str]]:
    """Every status in these lines, and whether it is labelled as final."""
    for index, line in enumerate(lines):
        if not _mentions_status(line):
            continue
        below = lines[index + 1 : index + 4]
        for label, value in (*_in_line(line), *_in_heading(line, below), *_in_row(line, below)):
            if (match := _LABEL.fullmatch(" ".join(label.strip("*_ \t").split()))) is not None:
                yield match[1] is not None, value


def _in_line(line: str) -> Iterator[tuple[str, str]]:
    if (match := _LINE.fullmatch(line)) is not None:
        yield match[1], match[2]


def _in_heading(line: str, below: list[str]) -> Iterator[tuple[str, str]]:
    """``## Status: Approved``, or the first line below ``## Status``."""
    if (match := _HEADING.fullmatch(line)) is None:
        return
    label, colon, value = match[1].partition(":")
    yield label, value if colon else next(filter(str.strip, below), "")


def _in_row(line: str, below: list[str]) -> Iterator[tuple[str, str]]:
    """``| Status | Approved |``, or the cell below a cell in the header of a table."""
    cells = _cells(line)
    if len(cells) < 2:
        return
    if len(below) > 1 and "|" in below[0] and _SEPARATOR.fullmatch(below[0]):
        yield from zip(cells, _cells(below[1]), strict=False)
    else:
        yield cells[0], cells[1]


def _cells(line: str) -> list[str]:
    row = line.strip()
    if "|" not in row:
        return []
    return [cell.strip() for cell in row.removeprefix("|").removesuffix("|").split("|")]
