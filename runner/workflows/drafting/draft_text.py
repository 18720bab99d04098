"""What a model answered when it was asked for a draft: its text, or why it is none."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator

from assemblyzero_tui.runner.workflows.drafting.guards import DRAFT_LIMIT, DRAFT_MINIMUM
from assemblyzero_tui.runner.workflows.drafting.thinking import without_thinking
from assemblyzero_tui.runner.workflows.repository.markdown import (
    Heading,
    blocks,
    headings,
    split_front_matter,
    without_fence,
)

_NAMED_AT_MOST = 5
"""Sections that a reason names."""
_BELOW_HEADINGS = 80
"""Characters that a draft has besides its headings, at least."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufeff]")
_END_MARK = re.compile(r"(?:<\|[\w ]{1,40}\|>|</s>|<eos>|<end_of_turn>)\Z")
_RULES = re.compile(r"\A(?: {0,3}-{3,}[ \t]*\n\s*)+")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_HTML = re.compile(
    r"<(?:!doctype|html|head|body|main|div|section|article|h[1-6]|p|table|ul|ol)\b", re.IGNORECASE
)
_CLOSING_REMARK = re.compile(
    r"(?:please )?(?:let me know|feel free to|would you like|do you want me to|shall i|"
    r"i hope (?:this|that|it)|hope (?:this|that) helps|is there anything|"
    r"if you(?:'d| would)? (?:like|want|need|have) (?:me|any|further|more|additional)\b)",
    re.IGNORECASE,
)
_REFUSAL = re.compile(
    r"(?:(?:i'm |i am |we are )?(?:very |so |really )?(?:sorry|afraid|unfortunately|regrettably|"
    r"(?:my |our )?apologies|i apologi[sz]e)\b[^.!?]{0,30}?[,;:.!–—-]?\s+(?:but |that )?)?(?:"
    r"as an? (?:ai|artificial intelligence|(?:large )?language model)\b|"
    r"(?:i|we)(?:'m|'re| am| are)? (?:can't|cannot|can not|could not|couldn't|won't be able to|"
    r"won't|will not|unable to|not able to|not allowed to|(?:must|have to) decline to|decline to|"
    r"refuse to) (?:\w+ly )?(?:(?:help|assist|comply|engage|participate)\b|"
    r"(?:do|answer|discuss|support|continue with|proceed with) (?:this|that)\b|"
    r"(?:write|create|generate|provide|produce|design|draft|complete|process|answer|fulfil|fulfill|"
    r"support|continue)\b[^.!?]{0,60}\b(?:request|design|document|issue|content|text|material|"
    r"topic|task|answer|response|information|question|prompt)s?\b)|"
    r"(?:i|we) (?:must|have to|need to) (?:\w+ly )?decline\b|"
    r"(?:this|that|your|the) request (?:violates|goes against|cannot be|can't be|is against))",
    re.IGNORECASE,
)
"""At the beginning of a paragraph. Where it is not recognised, such a text is still no draft: it
has no headings, or is too short."""
_HOLLOW = re.compile(
    r"(?:tbd|tba|todo|n/?a|none|nothing|placeholder|to be (?:done|defined|determined|written|"
    r"filled(?: in)?|completed|decided)|fill (?:this|me) in|content (?:goes )?here|"
    r"your (?:text|content) here|lorem ipsum\b.*)?",
    re.IGNORECASE | re.DOTALL,
)


_WORDS = re.compile(r"[^\W_](?:.*[^\W_])?", re.DOTALL)
"""A text from its first letter or digit to its last."""


def text_of(answer: str) -> str:
    """The text of an answer, without what only surrounds it.

    That is a byte order mark, the end marks of a model, a remark to the reader at the end, a fence
    around the whole, and a rule above it.

    Raises:
        ValueError: the answer begins with the model's thoughts.
    """
    text = _CONTROL.sub("", answer.replace("\r\n", "\n").replace("\r", "\n"))
    if without_thinking(text) is not None:
        raise ValueError("it contains the model's thoughts, not only the text")
    text = text.rstrip()
    while (shorter := _END_MARK.sub("", text)) != text:
        text = shorter.rstrip()
    text = text.strip("\n")
    before, _, last = text.rpartition("\n\n")
    if _is_remark(last) and (inside := without_fence(before)) != before:
        return inside.strip("\n").rstrip()
    text = _without_remark(without_fence(text)).strip("\n").rstrip()
    return text if split_front_matter(text)[0] else _RULES.sub("", text)


def check(text: str) -> None:
    """Refuses a text that is no draft, of a design or of an issue.

    Raises:
        ValueError: it is another format, a refusal, too short, too long, or has little but
            headings.
    """
    if not text.strip():
        raise ValueError("it is empty")
    if _is_json(text):
        raise ValueError("it is JSON, not Markdown")
    if _is_html(text):
        raise ValueError("it is HTML, not Markdown")
    if refusal := next(filter(_REFUSAL.match, _opening(text)), ""):
        raise ValueError(f"it is a refusal: {_shortened(refusal)}")
    if len(text) > DRAFT_LIMIT:
        raise ValueError(f"it has {len(text):,} characters, the limit is {DRAFT_LIMIT:,}")
    if len(text) < DRAFT_MINIMUM:
        raise ValueError(
            f"it has only {len(text):,} characters; it needs at least {DRAFT_MINIMUM:,}"
        )
    _check_sections(text)


def check_design(text: str) -> None:
    """Refuses a text that is no design.

    Raises:
        ValueError: it is no draft, or does not begin with a heading, or has no sections.
    """
    body = split_front_matter(text)[1]
    found = headings(body)
    before = "\n".join(body.split("\n")[: found[0].start if found else None])
    before = _COMMENT.sub("", before).strip()
    if found and before and not _is_html(before):
        raise ValueError(f"there is text before its first heading: {_shortened(before)}")
    check(text)
    if not found:
        raise ValueError(f"it has no headings; it begins with: {_shortened(before)}")
    if len(found) == 1:
        raise ValueError("it has no sections below its title")


def _check_sections(text: str) -> None:
    body = split_front_matter(text)[1]
    lines = body.split("\n")
    found = headings(body)
    if not found:
        return
    leaves = list(_leaves(found, lines))
    hollow = [heading.text for heading, content in leaves if _is_hollow(content)]
    if len(hollow) > 1 and len(hollow) * 2 >= len(leaves):
        named = ", ".join(hollow[:_NAMED_AT_MOST]) + (", …" if hollow[_NAMED_AT_MOST:] else "")
        raise ValueError(f"{len(hollow)} of its {len(leaves)} sections are empty: {named}")
    in_headings = {line for heading in found for line in range(heading.start, heading.end)}
    below = " ".join(line for number, line in enumerate(lines) if number not in in_headings)
    if len(" ".join(below.split())) < _BELOW_HEADINGS:
        raise ValueError("it has hardly any text below its headings")


def _leaves(found: list[Heading], lines: list[str]) -> Iterator[tuple[Heading, str]]:
    """The sections without sections in them, and what is below their headings; not the title."""
    ends = [*(heading.start for heading in found[1:]), len(lines)]
    levels = [*(heading.level for heading in found[1:]), 0]
    for heading, end, following in zip(found, ends, levels, strict=True):
        if following <= heading.level and heading is not found[0]:
            yield heading, "\n".join(lines[heading.end : end])


def _is_hollow(content: str) -> bool:
    words = _WORDS.search(_COMMENT.sub("", content))
    return _HOLLOW.fullmatch(words[0] if words else "") is not None


def _is_json(text: str) -> bool:
    inside = without_json_fence(text).strip()
    if not inside.startswith(("{", "[", '"')):
        return False
    try:
        json.loads(inside)
    except (ValueError, RecursionError):
        return re.match(r'[{\[]\s*(?:[{\["]|\w+["\']?\s*:)', inside) is not None
    return True


def without_json_fence(text: str) -> str:
    """The text without a first line that opens a block of code in JSON."""
    return re.sub(r"\A\s*(?:`{3,}|~{3,})[ \t]*json\w*[ \t]*\n", "", text, flags=re.IGNORECASE)


def _is_html(text: str) -> bool:
    bare = re.sub(r"\A(?:`{3,}|~{3,})[ \t]*html[ \t]*\n", "", text.lstrip(), flags=re.IGNORECASE)
    if _HTML.match(bare):
        return True
    html = (token.content for token in blocks(text) if token.type == "html_block")
    return sum(len(_COMMENT.sub("", block)) for block in html) * 2 > len(text)


def _opening(text: str) -> list[str]:
    """The first two paragraphs."""
    paragraphs = (
        " ".join(inline.content.replace("’", "'").split())
        for token, inline in itertools.pairwise(blocks(split_front_matter(text)[1]))
        if token.type == "paragraph_open"
    )
    return list(itertools.islice(paragraphs, 2))


def _without_remark(text: str) -> str:
    """Without a last paragraph that speaks to the reader, and the rule above it."""
    top = [(token.type, token.map[0]) for token in blocks(text) if not token.level and token.map]
    if not top or top[-1][0] != "paragraph_open":
        return text
    lines = text.split("\n")
    start = top[-1][1]
    if not _is_remark(lines[start]):
        return text
    if len(top) > 1 and top[-2][0] == "hr":
        start = top[-2][1]
    return "\n".join(lines[:start]).rstrip()


def _is_remark(text: str) -> bool:
    return _CLOSING_REMARK.match(text.replace("’", "'").lstrip("*_> ")) is not None


def _shortened(text: str, limit: int = 80) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"
