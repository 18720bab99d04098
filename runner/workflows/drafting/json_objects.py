"""Finding the JSON objects in what a model wrote, whatever it wrote around them.

Models put JSON into a fence, say something before and after it, and write it as they would write
Python or JavaScript. What is JSON is read by ``json``; what only resembles it by ``json-repair``.
That reads nearly anything: it completes an answer that was cut off, and leaves out what it cannot
place. So it is given only what lies between matching braces, in bounds, and what is then read has
to agree with a plain look at the text (see ``reviews``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

DAMAGED_LIMIT = 60_000
"""Characters of an object that is not quite JSON, above which it is not read."""
DEPTH_LIMIT = 20
"""Brackets within one another, above which an object that is not quite JSON is not read."""
TRIED_AT_MOST = 200
"""Opening braces that are tried, so that a text of little else takes no minutes."""

_PARTS = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]', re.DOTALL)
_BRACKETS = re.compile(r"[{}\[\]]")
_LEFT_OUT = re.compile(r"[\[{]\s*(?:\.{3}|…)\s*[\]}]")
_CURLY = str.maketrans("“”„‟", '""""')


class Found(NamedTuple):
    """An object of a text."""

    start: int
    end: int
    members: dict[str, Any]
    is_json: bool
    """Whether it was read by the rules, not by guessing."""


def combined(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """The members of an object; what has a name that occurs again is put into one list."""
    found: dict[str, Any] = {}
    for name, value in members:
        if name not in found or found[name] == value:
            found[name] = value
        else:
            both = [value if isinstance(value, list) else [value] for value in (found[name], value)]
            found[name] = [*both[0], *both[1]]
    return found


_DECODER = json.JSONDecoder(strict=False, object_pairs_hook=combined)


def objects_in(text: str) -> Iterator[Found]:
    """The complete objects of a text that lie in no other one, in their order."""
    at = 0
    for _ in range(TRIED_AT_MOST):
        at = text.find("{", at)
        if at < 0:
            return
        if (found := _object_at(text, at)) is None:
            at += 1
        else:
            yield found
            at = found.end


def _object_at(text: str, start: int) -> Found | None:
    try:
        members, end = _DECODER.raw_decode(text, start)
        return Found(start, end, members, True)
    except (ValueError, RecursionError):
        pass
    for parts in (_PARTS, _BRACKETS):  # a quotation mark too many hides the end from the first
        end = _end(parts, text, start)
        if end and (damaged := _read_damaged(text[start:end])) is not None:
            return Found(start, end, damaged, False)
    return None


def _end(parts: re.Pattern[str], text: str, start: int) -> int:
    """Where the object that begins here ends; 0 if it does not, or is out of bounds."""
    depth = braces = 0
    for part in parts.finditer(text, start, start + DAMAGED_LIMIT):
        match part[0]:
            case "{":
                depth, braces = depth + 1, braces + 1
            case "}":
                depth, braces = depth - 1, braces - 1
            case "[":
                depth += 1
            case "]":
                depth -= 1
        if depth > DEPTH_LIMIT:
            return 0
        if braces == 0:
            return part.end()
    return 0


def _read_damaged(text: str) -> dict[str, Any] | None:
    if '"' not in text:
        text = text.translate(_CURLY)
        try:
            found = _DECODER.decode(text)
        except (ValueError, RecursionError):
            pass
        else:
            return found if isinstance(found, dict) else None
    if _LEFT_OUT.search(text):
        return None
    import json_repair  # 60 ms, and few answers need it

    try:
        found = json_repair.loads(text, skip_json_loads=True, strict=True)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
