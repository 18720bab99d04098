"""How the nodes print: indented lines, few colours, nothing that could move a cursor."""

from __future__ import annotations

import re
import textwrap

INDENT = "    "
WIDTH = 100
"""Columns of a printed line, indent included."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def _sgr(code: str, text: str) -> str:
    shown = text.lstrip()
    return f"{text[: len(text) - len(shown)]}\x1b[{code}m{shown}\x1b[0m"


def good(text: str) -> str:
    """Green: it worked."""
    return _sgr("1;32", text)


def bad(text: str) -> str:
    """Red: it did not."""
    return _sgr("1;31", text)


def caution(text: str) -> str:
    """Yellow: worth a look."""
    return _sgr("33", text)


def strong(text: str) -> str:
    """Bold: what the line is about."""
    return _sgr("1", text)


def accent(text: str) -> str:
    """Cyan: a heading of somebody's document."""
    return _sgr("36", text)


def faint(text: str) -> str:
    """Dim: paths and figures."""
    return _sgr("2", text)


def plain(text: str) -> str:
    """The text without control characters, on one line: it comes from outside."""
    return _CONTROL.sub("", " ".join(text.split()))


def wrapped(text: str, *, lead: str = "", most: int = 6) -> list[str]:
    """The text in indented lines, the first behind ``lead``; at most ``most`` of them."""
    pad = INDENT + " " * len(lead)
    return textwrap.wrap(
        plain(text), WIDTH, initial_indent=INDENT + lead, subsequent_indent=pad,
        max_lines=most, placeholder=" …", break_long_words=True,
    )  # fmt: skip


def count(number: int, thing: str) -> str:
    """``1 issue``, ``1,234 characters``."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"
