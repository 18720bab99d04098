"""The title of a Markdown text: its front matter's, or its first heading as GitHub shows it."""

from __future__ import annotations

import html
import re
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

LIMIT = 256
"""Characters of a title; GitHub takes no more."""
_FRONT_MATTER = re.compile(r"---[ \t]*\n(.*?\n)??(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_MEMBER = re.compile(r"^([A-Za-z][\w -]*):(?:[ \t]+(.*))?$", re.MULTILINE)
_FRONT_LIMIT = 20_000
"""Characters of front matter that are looked at."""
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_HTML_HEADING = re.compile(r"<h([1-6])\b[^>]*>(.*?)</h\1\s*>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_NUMBER = r"(?:\b(?:issue|lld|gh|bug|feature|ticket)[ \t]*[-_#]?[ \t]*#?|#)?[ \t]*0*{number}"
_AT_START = (
    r"(?:[\[(]{issue}[\])]|{issue})(?:[ \t]*[:.)\u2013\u2014][ \t]+|[ \t]+[-|][ \t]+|[ \t]*$)"
)
_HASH_AT_START = r"[\[(]?(?:issue|lld|gh)?[ \t]*#0*{number}[\])]?[ \t]+"
_BRACKETS_AT_START = r"[\[(]{issue}[\])][ \t]*"
_AT_END = r"[ \t]*[\[(](?:{word}[ \t]*)?#0*{number}[\])]$"


class _Heading(NamedTuple):
    """A heading that GitHub shows."""

    level: int
    text: str
    lines: tuple[int, int]
    """The first of its lines, and the one behind the last."""
    nested: bool
    """In a quotation, a list, or HTML with other things in it: it cannot be taken out."""


def split_title(text: str, fallback: str) -> tuple[str, str]:
    """Title and body of a Markdown text.

    The title of the front matter goes first, then the first heading of level 1 that GitHub would
    show, then the first of any other level; without one it is ``fallback``. The heading is taken
    out of the body, unless it begins one section of several; front matter is if it says no more.
    """
    lines = "\n".join(text.removeprefix("\ufeff").splitlines())
    title, matter, body = _split_front_matter(lines)
    found = _headings(body)
    heading = min(found, key=lambda h: (h.nested, h.level != 1), default=None)
    if heading is not None and not heading.nested and (not title or heading.text == title):
        alike = sum(other.level <= heading.level for other in found)
        if heading.level == 1 or alike == 1:
            rest = body.split("\n")
            del rest[slice(*heading.lines)]
            body = "\n".join(rest)
    chosen = title or (heading.text if heading is not None else "") or fallback
    return capped(chosen), (matter + body).strip()


def capped(title: str) -> str:
    """A title on one line and of a length that GitHub takes."""
    plain = " ".join(title.split())
    return plain if len(plain) <= LIMIT else plain[: LIMIT - 1].rstrip() + "…"


def without_number(title: str, number: int) -> str:
    """A title without the number of its own issue: ``Lamps`` of ``Issue #6: Lamps``.

    Empty if nothing else is there.
    """
    issue = _NUMBER.format(number=number)
    for form in (_AT_START, _HASH_AT_START, _BRACKETS_AT_START):
        pattern = form.format(issue=issue, number=number)
        shorter = re.sub(rf"^[ \t]*{pattern}", "", title, count=1, flags=re.IGNORECASE)
        if shorter != title:
            break
    word = "(?:issue|lld|gh|closes|fixes|resolves)"
    shorter = re.sub(_AT_END.format(word=word, number=number), "", shorter, flags=re.IGNORECASE)
    return shorter.strip()


def _split_front_matter(text: str) -> tuple[str, str, str]:
    """The title in the front matter, the front matter if it says more than that, and the rest.

    What is no YAML, as ``title: Lamps: a sequel``, is read line by line.
    """
    match = _FRONT_MATTER.match(text)
    if match is None or len(match[0]) > _FRONT_LIMIT:
        return "", "", text
    matter = match[1] or ""
    import yaml

    try:
        found: Any = yaml.safe_load(matter)
    except (yaml.YAMLError, ValueError, RecursionError):
        found = {key: value.strip().strip("\"'") for key, value in _MEMBER.findall(matter)}
    if found and not isinstance(found, dict):  # two rulers with text between them
        return "", "", text
    members = dict(found or {})
    if not members and matter.strip():
        return "", "", text
    title = members.pop("title", None)
    known = isinstance(title, str | int | float) and not isinstance(title, bool)
    return (
        str(title).strip() if known else "", match[0] if members else "", text[match.end() :]
    )  # fmt: skip


def _headings(text: str) -> list[_Heading]:
    blocks, inline = _parsers()
    environment: dict[str, Any] = {}
    found: list[_Heading] = []
    tokens = blocks.parse(text, environment)
    for index, token in enumerate(tokens):
        if token.type == "heading_open" and token.map is not None:
            shown = _shown(inline, tokens[index + 1].content, environment)
            if shown:
                lines = (token.map[0], token.map[1])
                found.append(_Heading(int(token.tag[1]), shown, lines, token.level > 0))
        elif token.type == "html_block" and token.map is not None:
            found += _of_html(token, (token.map[0], token.map[1]))
    return found


@cache
def _parsers() -> tuple[MarkdownIt, MarkdownIt]:
    """One for blocks alone, and one for what stands in a line: few lines are headings."""
    from markdown_it import MarkdownIt

    blocks, inline = MarkdownIt("commonmark").enable("table"), MarkdownIt("commonmark")
    blocks.core.ruler.disable("inline")
    return blocks, inline


def _shown(parser: MarkdownIt, content: str, environment: dict[str, Any]) -> str:
    """What a reader sees of a heading: no markup but the marks of code, which titles show too."""
    parts: list[str] = []
    for line in parser.parseInline(content, environment):
        for token in line.children or ():
            if token.type == "code_inline":
                parts.append(f"`{token.content}`")
            elif token.type in ("softbreak", "hardbreak"):
                parts.append(" ")
            elif token.type in ("text", "image"):
                parts.append(token.content)
    return " ".join("".join(parts).split())


def _of_html(token: Token, lines: tuple[int, int]) -> list[_Heading]:
    content = _COMMENT.sub("", token.content)
    found = []
    for match in _HTML_HEADING.finditer(content):
        shown = " ".join(html.unescape(_TAG.sub(" ", match[2])).split())
        if shown:
            alone = match[0].strip() == token.content.strip() and token.level == 0
            found.append(_Heading(int(match[1]), shown, lines, not alone))
    return found
