"""Parses a draft of an issue: title, labels, body, in the forms in which models write them.

::

    # Dark mode for the web view          Title: Dark mode …        ---
                                          **Labels:** bug           title: Dark mode …
    Labels: enhancement, web                                        labels: [enhancement, web]
                                          ## Context                ---
    ## Context                            …                         ## Context
    …                                                               …
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from assemblyzero_tui.runner.workflows.drafting import draft_text
from assemblyzero_tui.runner.workflows.issue.filing_records import MARK_BEGINNING
from assemblyzero_tui.runner.workflows.repository.markdown import (
    Heading,
    code_lines,
    headings,
    plain_line,
    split_front_matter,
)

TITLE_LIMIT = 256
"""Maximum characters of a title on GitHub."""
BODY_LIMIT = 65_000
"""Maximum characters of a body; GitHub allows 65,536, and the mark is added."""
LABEL_LIMIT = 50
"""Maximum characters of a label on GitHub."""
MAX_LABELS = 10

_FIELD = re.compile(
    r"\s*(?:[-*+>][ \t]+)*(?P<marks>[*_`]*)(?:(?:github|issue|suggested|proposed)[ \t]+)?"
    r"(?P<name>title|labels?|tags?)(?:[*_`]*[ \t]*:[*_`]*)[ \t]*(?P<value>.*)",
    re.IGNORECASE,
)
_TITLE_WORD = re.compile(r"(?:(?:github|issue|suggested|proposed) )*title:?", re.IGNORECASE)
_LABELS_WORD = re.compile(r"(?:(?:github|issue|suggested|proposed) )*(?:labels?|tags):?", re.I)
_PREFIX = re.compile(r"(?:(?:github )?issue(?: title)?|title)[ \t]*:[ \t]+(?=\S)", re.IGNORECASE)
_BOLD = re.compile(r"\s*(\*\*|__)(?P<text>[^*\n]+)\1\s*")
_RULE = re.compile(r" {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}")
_ITEM = re.compile(r"\s*(?:[-*+]|\d+[.)])[ \t]+(?:\[(?P<box>[ xX])\][ \t]+)?(?P<text>\S.*)")
_CODE = re.compile(r"`([^`]+)`")
_QUOTED = re.compile(r"[\"“]([^\"”]+)[\"”]|'([^']+)'")
_WORD = re.compile(r"\w")
_FORM_WORD = re.compile(r"(?:(?:github|new|draft) )*issue(?: draft)?", re.IGNORECASE)
"""What is a heading of the answer rather than of the issue."""
_NO_LABELS = frozenset(("", "none", "n/a", "na", "no labels", "nothing", "-", "—", "–"))
_SECTION_NAMES = frozenset(
    (
        "context", "user story", "scope", "requirements", "acceptance criteria", "out of scope",
        "assumptions", "summary", "description", "overview", "background", "problem", "goal",
        "introduction", "motivation",
    )
)  # fmt: skip


class IssueDraft(NamedTuple):
    """The parts of a draft, for ``gh issue create``."""

    title: str
    labels: list[str]
    body: str


def read_draft(answer: str) -> tuple[str, IssueDraft]:
    """The text that a model answered, and its parts.

    Raises:
        ValueError: it cannot be filed; says what is wrong with it.
    """
    text = draft_text.text_of(answer)
    draft_text.check(text)
    return f"{text}\n", parse_draft(text)


def parse_draft(text: str) -> IssueDraft:
    """The parts of a draft.

    Raises:
        ValueError: it has no title or no text, or one of them is too long; says so.
    """
    found = _Reader(text).read()
    if not found.title:
        raise ValueError("it has no title")
    if len(found.title) > TITLE_LIMIT:
        raise ValueError(f"the title has {len(found.title)} characters, the limit is {TITLE_LIMIT}")
    if not found.body:
        raise ValueError("there is no text below the title and the labels")
    if len(found.body) > BODY_LIMIT:
        raise ValueError(
            f"the text has {len(found.body):,} characters, the limit is {BODY_LIMIT:,}"
        )
    if MARK_BEGINNING in found.body:
        raise ValueError(f"the text contains `{MARK_BEGINNING}`, which is reserved")
    return found


class _Reader:
    """Reads the head of a draft, line by line, until its text begins."""

    def __init__(self, text: str) -> None:
        plain = text.replace("\r\n", "\n").replace("\r", "\n").strip()
        front, rest = split_front_matter(plain)
        self._title = ""
        self._otherwise = ""
        self._labels: list[str] | None = None
        self._lines = front.split("\n")
        self._headings: dict[int, Heading] = {}
        self._at = 0
        while self._at < len(self._lines):
            if not self._field():
                self._at += 1
        self._lines = rest.split("\n")
        self._headings = {heading.start: heading for heading in headings(rest)}
        self._code = code_lines(rest)
        self._at = 0

    def read(self) -> IssueDraft:
        """The parts.

        Raises:
            ValueError: the text does not begin with a title.
        """
        while self._at < len(self._lines) and self._head():
            pass
        self._title = self._title or self._otherwise
        if not self._title:
            raise ValueError(self._no_title())
        below = range(self._at, len(self._lines))
        body = self._labels_below(below) if self._labels is None else list(below)
        text = "\n".join(self._lines[line] for line in body).strip("\n").rstrip()
        return IssueDraft(self._title, self._labels or [], text)

    def _no_title(self) -> str:
        begins = next((line for line in self._lines[self._at :] if line.strip()), "").strip()
        if (heading := self._headings.get(self._at)) is not None:
            return f"it has no title: its first heading is {heading.text[:60]!r}"
        return f"it does not begin with `# ` and a title, but with {begins[:60]!r}"

    def _head(self) -> bool:
        """Takes the next line if it belongs to the head."""
        line = self._lines[self._at]
        if not line.strip() or _RULE.fullmatch(line):
            self._at += 1
            return True
        if self._at in self._code:
            return False
        if (heading := self._headings.get(self._at)) is not None:
            return self._heading(heading)
        if self._field():
            return True
        if not self._title and (bold := _BOLD.fullmatch(line)):
            self._title = _title(bold["text"])
            self._at += 1
            return True
        return False

    def _heading(self, heading: Heading) -> bool:
        shown = plain_line(heading.text)
        field = _FIELD.fullmatch(shown)
        if self._labels is None and (self._title or heading.level > 1):
            if _LABELS_WORD.fullmatch(shown):
                self._at = heading.end
                self._labels = self._section()
                return True
            if field and field["name"].casefold() != "title":
                self._at = heading.end
                self._labels = _labels(field["value"])
                return True
        if self._title:
            again = _title(heading.text) == self._title
            self._at = heading.end if again else self._at
            return again
        if heading.level > 1 and shown.casefold().strip(":") in _SECTION_NAMES:
            return False
        if _TITLE_WORD.fullmatch(shown):
            return self._title_below(heading)
        if _FORM_WORD.fullmatch(shown):
            self._otherwise = shown
        else:
            self._title = _title(heading.text)
        self._at = heading.end
        return True

    def _title_below(self, heading: Heading) -> bool:
        """Takes the line below a heading that only says that a title follows."""
        self._at = heading.end
        self._skip_blank()
        self._otherwise = heading.text
        line = self._lines[self._at] if self._at < len(self._lines) else ""
        if line and self._at not in self._headings and not _FIELD.fullmatch(line):
            self._title = _title(line)
            self._at += 1
        return True

    def _field(self) -> bool:
        """Takes a line ``Title: …`` or ``Labels: …``, and a list below the latter."""
        field = _FIELD.fullmatch(self._lines[self._at])
        if field is None:
            return False
        value = field["value"].strip()
        value = value.removesuffix(field["marks"]) if field["marks"] else value
        if field["name"].casefold() == "title":
            if self._title or not value:
                return False
            self._title = _title(_unquoted(value))
        elif self._labels is not None:
            return False
        else:
            self._labels = _labels(value)
        self._at += 1
        if self._labels is not None and not value.strip("*_` "):
            self._labels = self._items()
        return True

    def _section(self) -> list[str]:
        """The labels below a heading, or below ``Labels:``."""
        labels = self._items()
        if not labels and self._at < len(self._lines) and self._at not in self._headings:
            labels = _labels(self._lines[self._at])
            self._at += 1
        return labels

    def _items(self) -> list[str]:
        """The labels in a list; of one with boxes, those that are checked."""
        self._skip_blank()
        items: list[re.Match[str]] = []
        while self._at < len(self._lines) and (item := _ITEM.fullmatch(self._lines[self._at])):
            items.append(item)
            self._at += 1
        boxes = any(item["box"] for item in items)
        taken = [item["text"] for item in items if not boxes or (item["box"] or " ") in "xX"]
        return _distinct(label for text in taken for label in _labels(text))

    def _skip_blank(self) -> None:
        while self._at < len(self._lines) and not self._lines[self._at].strip():
            self._at += 1

    def _labels_below(self, body: range) -> list[int]:
        """Looks for labels in the text; returns the numbers of the lines that are not theirs.

        They have a section of their own, or a line of their own above the sections or at the end.
        """
        start = body.start
        for line, heading in self._headings.items():
            if line >= start and _LABELS_WORD.fullmatch(plain_line(heading.text)):
                self._at = heading.end
                self._labels = self._section()
                return [*range(start, line), *range(self._at, body.stop)]
        first = next((line for line in self._headings if line >= start), body.stop)
        filled = [line for line in body if self._lines[line].strip()]
        for line in [*range(start, first), *filled[-1:]]:
            field = _FIELD.fullmatch(self._lines[line]) if line not in self._code else None
            if field and field["name"].casefold() != "title":
                self._at = line
                self._field()
                return [*range(start, line), *range(self._at, body.stop)]
        return list(body)


def _title(text: str) -> str:
    shown = plain_line(text)
    return _PREFIX.sub("", shown, count=1) if shown else " ".join(text.split())


def _unquoted(text: str) -> str:
    quoted = _QUOTED.fullmatch(text.strip())
    return (quoted[1] or quoted[2]) if quoted else text


def _labels(text: str) -> list[str]:
    """The labels in ``a, b``, ``[a, b]``, ``"a" "b"``, ```` `a` `b` ````, ``#a #b``."""
    value = text.strip().strip("*_").strip()
    if value.casefold().strip("()[].*_` ") in _NO_LABELS:
        return []
    if value.startswith("[") and value.endswith("]"):
        value = value[1:-1]
    if (found := _CODE.findall(value)) and not _WORD.search(_CODE.sub("", value)):
        return _distinct(part for code in found for part in code.split(","))
    if (found := _QUOTED.findall(value)) and not _WORD.search(_QUOTED.sub("", value)):
        return _distinct(one or other for one, other in found)
    value = plain_line(value)
    words = value.split()
    if len(words) > 1 and all(word.startswith("#") for word in words):
        return _distinct(words)
    return _distinct(re.split(r"[,;|]", value.removesuffix(".")))


def _distinct(parts: Iterable[str]) -> list[str]:
    """The labels that a repository can have, each once."""
    labels: dict[str, str] = {}
    for part in parts:
        label = part.strip().strip("`*\"'“”").lstrip("#").strip()
        if label.casefold() not in _NO_LABELS and len(label) <= LABEL_LIMIT:
            labels.setdefault(label.casefold(), label)
    return list(labels.values())[:MAX_LABELS]


def split_labels(wanted: Sequence[str], existing: Iterable[str]) -> tuple[list[str], list[str]]:
    """The labels that the repository has, in its spelling, and those that it does not have."""
    names = {name.lower(): name for name in existing}
    return (
        [names[label.lower()] for label in wanted if label.lower() in names],
        [label for label in wanted if label.lower() not in names],
    )
