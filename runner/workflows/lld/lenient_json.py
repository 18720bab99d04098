"""Reads damaged JSON as far as possible; nothing is refused.

For a file that was damaged by a merge, a full disk or an editor. Missing and superfluous commas,
comments, single quotes, keys without quotes, ``NaN``, brackets that do not match and a truncated
end are all tolerated. Time is linear in the length of the text, and the depth is limited.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any

MAX_DEPTH = 60
"""Levels of nested objects and lists; deeper ones are skipped."""

_SPACE = re.compile(r"(?:[\s,]+|//[^\n]*|#(?![0-9])[^\n]*|/\*.*?(?:\*/|\Z))*", re.DOTALL)
_STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)("?)')
_QUOTED = re.compile(r"'((?:[^'\\\n]|\\.)*)('?)")
_WORD = re.compile(r"""[^\s,:\[\]{}"']+""")
_CONSTANTS: dict[str, Any] = {"true": True, "false": False, "null": None}

Combine = Callable[[Any, Any], Any]


def read(text: str, combine: Combine) -> list[tuple[str, Any]]:
    """Reads a text as keys and values; a value without a key has the key ``""``.

    Valid JSON gives one value without a key. A text with a missing or superfluous bracket can give
    several.

    Args:
        text: The text.
        combine: Merges two values with the same key in one object; the later one is second.
    """
    reader = _Reader(text, combine)
    members: list[tuple[str, Any]] = []
    while (member := reader.member(0)) is not None:
        members.append(member)
    return members


class _Reader:
    def __init__(self, text: str, combine: Combine) -> None:
        self._text = text
        self._at = 0
        self._combine = combine

    def member(self, depth: int, closing: str = "") -> tuple[str, Any] | None:
        """The next member of an object, or element of a list; ``None`` at its end."""
        while (char := self._peek()) and char != closing:
            if char in "{[":
                return "", self._value(depth)
            if char in "}]:":
                if closing == "]":  # the list was not closed: this belongs to its container
                    return None
                self._at += 1
                continue
            key = self._value(depth)
            if self._peek() == ":":
                self._at += 1
            elif self._peek() != "{" or closing == "]":
                return ("", key) if closing == "]" else (str(key), None)
            return str(key), self._value(depth)
        self._at += bool(char)
        return None

    def _peek(self) -> str:
        """The next significant character; empty at the end."""
        if (match := _SPACE.match(self._text, self._at)) is not None:
            self._at = match.end()
        return self._text[self._at : self._at + 1]

    def _value(self, depth: int) -> Any:
        char = self._peek()
        if char in ("{", "["):
            self._at += 1
            if depth == MAX_DEPTH:
                return None
            return self._container(depth + 1, "}" if char == "{" else "]")
        if char in ('"', "'"):
            return self._string(_STRING if char == '"' else _QUOTED)
        if (match := _WORD.match(self._text, self._at)) is None:
            return None  # a bracket or the end, where a value should be
        self._at = match.end()
        return _constant(match[0])

    def _container(self, depth: int, closing: str) -> Any:
        members: dict[str, Any] = {}
        elements: list[Any] = []
        while (member := self.member(depth, closing)) is not None:
            key, value = member
            if closing == "]" or not key:
                elements.append({key: value} if key else value)
            else:
                members[key] = self._combine(members[key], value) if key in members else value
        if closing == "]":
            return elements
        if elements:  # an object without a key is kept, so that its members can be found
            members[""] = elements
        return members

    def _string(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        assert match is not None
        self._at = match.end()
        try:
            return str(json.loads(f'"{match[1]}"'))
        except ValueError:
            return match[1]


def _constant(word: str) -> Any:
    if word in _CONSTANTS:
        return _CONSTANTS[word]
    try:
        value = json.loads(word, parse_constant=str)
    except ValueError:
        return word
    if isinstance(value, float) and not math.isfinite(value):  # 1e999 cannot be written as JSON
        return word
    return value if isinstance(value, int | float) else word
