"""Taking the effect out of what a model wrote: nobody is notified, no issue is closed.

GitHub notifies whom a text mentions outside code and links (``@name``, ``@organisation/team``; see
its html-pipeline), and closes what stands behind a closing word (``Closes #1``; docs.github.com,
"Linking a pull request to an issue using a keyword"). A zero-width space between ends both, and
shows nothing; as an entity it can be seen in the source. Renovate does the same to changelogs that
it quotes (renovatebot/renovate, ``lib/util/markdown.ts``).

What the brief says itself stays as it is: its author meant it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from assemblyzero_tui.runner.workflows.repository.markdown import blocks

BREAK = "&#8203;"
"""A zero-width space."""

_CODE = r"(?<![`\\])(?P<ticks>`+)(?!`).*?(?<!`)(?P=ticks)(?!`)"
_CLOSING = (
    r"(?<![A-Za-z0-9_])(?P<word>close[sd]?|fix(?:es|ed)?|resolve[sd]?)"
    r"(?P<space>[*_]{0,2}:?[*_]{0,2}\s+)[*_\[]*"
    r"(?P<issue>(?:[\w.-]+/[\w.-]+)?\#\d+|GH-\d+|"
    r"https?://[^\s/]+/[\w.-]+/[\w.-]+/(?:issues|pull)/\d+)"
)
_LINK = r"(?:https?://|www\.|mailto:|(?<=\]\())[^\s<>)\]]+"
_MENTION = r"(?<![A-Za-z0-9_])@(?P<name>[a-z0-9][a-z0-9_-]*(?:/[a-z0-9][\w.-]*)?)"
_EFFECTS = rf"(?P<closing>{_CLOSING})|(?P<link>{_LINK})|(?P<mention>{_MENTION})"
_IN_HTML = re.compile(_EFFECTS, re.IGNORECASE)
_IN_TEXT = re.compile(rf"(?P<code>{_CODE})|{_EFFECTS}", re.IGNORECASE | re.DOTALL)


class Inert(NamedTuple):
    """A text without effects."""

    text: str
    changed: tuple[str, ...]
    """What would have had one: ``@octo``, ``Closes #1``."""


def make_inert(text: str, brief: str) -> Inert:
    """Makes the mentions and closing words of a text inert, unless they are in the brief."""
    allowed = {_effect(match) for match in _IN_HTML.finditer(brief)}
    changed: dict[str, None] = {}

    def replaced(match: re.Match[str]) -> str:
        effect = _effect(match)
        if not effect or effect in allowed:
            return match[0]
        changed[" ".join(match[0].split())] = None
        if match["mention"]:
            return f"@{BREAK}{match['name']}"
        word = match["word"]
        return f"{word}{BREAK}{match[0][len(word) :]}"

    return Inert(_replaced(text, replaced), tuple(changed))


def _effect(match: re.Match[str]) -> str:
    """What a match would do: two that do the same give the same; empty for none."""
    if match["mention"]:
        return f"mentions {match['name'].casefold()}"
    return f"closes {match['issue'].casefold()}" if match["closing"] else ""


def _replaced(text: str, replace: Callable[[re.Match[str]], str]) -> str:
    """The text with its parts replaced, block by block, as code begins and ends in one block."""
    lines = text.split("\n")
    done = [0] * len(lines)  # how much of a line is: the cells of a row have the same one
    for block in blocks(text):
        if block.map is None or block.type not in ("inline", "html_block"):
            continue
        pattern = _IN_HTML if block.type == "html_block" else _IN_TEXT
        old = block.content.split("\n")
        new = pattern.sub(replace, block.content).split("\n")
        for number, before, after in zip(range(block.map[0], len(lines)), old, new, strict=False):
            if before == after:
                continue
            at = lines[number].find(before, done[number])
            if at < 0:  # it is written otherwise than it is read: in a row, with escapes
                lines[number] = _IN_HTML.sub(replace, lines[number])
                continue
            lines[number] = lines[number][:at] + after + lines[number][at + len(before) :]
            done[number] = at + len(after)
    return "\n".join(lines)
