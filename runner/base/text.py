"""Makes untrusted text safe to show: titles, reasons and notes, one line each."""

from __future__ import annotations

import re
import unicodedata

_ESCAPES = re.compile(
    r"(?:\x1b[P\]X^_]|[\x90\x9d\x98\x9e\x9f]).*?(?:\x1b\\|\x07|\x9c|$)"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|\x1b[ -/]*[0-~]?",
    re.DOTALL,
)
"""Control sequences of terminals, as in ECMA-48, with the payload of strings."""
_JOINERS = "\u200c\u200d"
"""Invisible, and needed to write some languages and many emoji."""


def one_line(text: str, limit: int = 0) -> str:
    """Returns the text on one line, without anything that could fool a terminal or a reader.

    Control sequences, control characters, direction overrides, invisible characters and lone
    surrogates are removed; white space of every kind becomes single spaces.

    Args:
        text: Anything.
        limit: Characters to keep, the last one an ellipsis if the text is longer; 0 keeps all.
    """
    if text.isascii() and text.isprintable():
        line = " ".join(text.split())
    else:
        text = _ESCAPES.sub("", text)
        line = " ".join("".join(_shown(character) for character in text).split())
    return f"{line[: limit - 1].rstrip()}…" if 0 < limit < len(line) else line


def _shown(character: str) -> str:
    if character.isspace():
        return " "
    match unicodedata.category(character):
        case "Cc":
            return " "
        case "Cs":
            return ""
        case "Cf":
            return character if character in _JOINERS else ""
        case _:
            return character
