"""Markdown as GitHub reads it: headings, code, front matter, a fence around a text."""

from __future__ import annotations

import functools
import itertools
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*([^\s`]*)[^`]*")
_BARE_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*")
_PLAIN_TEXT = frozenset(("", "markdown", "md", "mdx", "gfm", "commonmark", "text", "txt", "plain"))
_FRONT_MATTER = re.compile(r"---[ \t]*\n(.*?\n)?(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_LINE_LIMIT = 2_000
"""Characters of a line that is taken apart."""
_KEY = re.compile(r"[\w .-]+:(?:\s|$)")
_MEMBER = re.compile(rf"(?:{_KEY.pattern}.*|\s+\S.*|-\s.*|#.*)", re.DOTALL)


class Heading(NamedTuple):
    """A heading that is in no list, quotation or code."""

    level: int
    """1 to 6."""
    text: str
    """On one line, as it was written."""
    start: int
    """Number of its first line, from 0."""
    end: int
    """Number of the line behind it."""


@functools.lru_cache(maxsize=8)
def blocks(text: str) -> tuple[Token, ...]:
    """The blocks of a text as ``markdown-it`` takes it apart; what is in a line is left as it is.

    Inside of lines, odd texts take it minutes.
    """
    return tuple(_parser().parse(text))


@functools.cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt  # 40 ms, and most commands need none

    parser = MarkdownIt("commonmark").enable("table")
    parser.core.ruler.disable(["inline", "text_join"])
    return parser


def headings(text: str) -> list[Heading]:
    """The headings of a text without front matter, in their order."""
    return [
        Heading(int(token.tag[1]), " ".join(inline.content.split()), *token.map)
        for token, inline in itertools.pairwise(blocks(text))
        if token.type == "heading_open" and token.level == 0 and token.map
    ]


def plain_line(text: str) -> str:
    """What is shown of one line of Markdown; code keeps its backticks.

    Emphasis, links and comments leave their text, and entities their character.
    """
    line = " ".join(text.split())
    if len(line) > _LINE_LIMIT:
        return line
    shown = (
        _shown(part)
        for inline in _line_parser().parseInline(line)
        for part in inline.children or ()
    )
    return " ".join("".join(shown).split())


def _shown(token: Token) -> str:
    match token.type:
        case "code_inline":
            return f"{token.markup}{token.content}{token.markup}"
        case "softbreak" | "hardbreak":
            return " "
        case "text" | "text_special" | "image":
            return token.content
        case _:
            return ""


@functools.cache
def _line_parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").enable("strikethrough")


def code_lines(text: str) -> frozenset[int]:
    """The numbers of the lines that are code."""
    code = (token.map for token in blocks(text) if token.type in ("fence", "code_block"))
    return frozenset(line for start, end in filter(None, code) for line in range(start, end))


def split_front_matter(text: str) -> tuple[str, str]:
    """The YAML between two lines ``---`` with which a text begins, and the rest of it."""
    if (match := _FRONT_MATTER.match(text)) is None:
        return "", text
    inside = match[1] or ""
    members = [line for line in inside.split("\n") if line.strip() and not line.startswith("#")]
    if not members or not _KEY.match(members[0]) or not all(map(_MEMBER.fullmatch, members)):
        return "", text
    return inside, text[match.end() :]


def without_fence(text: str) -> str:
    """The text in a fence around the whole of it; any other text as it is.

    The fence ends at the last line if all fences between are in pairs. If they are not, the last
    line ends one of them, and only the first line is left over. By the rules of CommonMark, a fence
    around a text with fences in it would end at the first of these.
    """
    lines = text.strip().split("\n")
    opening = _FENCE.fullmatch(lines[0])
    if opening is None or opening[2].casefold() not in _PLAIN_TEXT:
        return text
    mark, inside = opening[1], lines[1:]
    closing = _BARE_FENCE.fullmatch(inside[-1]) if inside else None
    if closing and closing[1].startswith(mark) and _in_pairs(inside[:-1]):
        return "\n".join(inside[:-1])
    return "\n".join(inside) if _in_pairs(inside) else text


def _in_pairs(lines: list[str]) -> bool:
    """Whether every fence is closed, by CommonMark's rules or as people nest them."""
    return not _left_open(lines, nested=False) or not _left_open(lines, nested=True)


def _left_open(lines: list[str], *, nested: bool) -> list[str]:
    """The fences that are open at the end; where they nest, one with a language opens another."""
    marks: list[str] = []
    for line in lines:
        if (fence := _FENCE.fullmatch(line)) is None:
            continue
        if marks and not fence[2] and fence[1].startswith(marks[-1]):
            marks.pop()
        elif not marks or (nested and fence[2]):
            marks.append(fence[1])
    return marks
