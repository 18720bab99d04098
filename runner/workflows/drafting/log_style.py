"""The style of the nodes' log lines: indented, few colours, nothing that could move a cursor."""

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
    """Green, for success."""
    return _sgr("1;32", text)


def bad(text: str) -> str:
    """Red, for failure."""
    return _sgr("1;31", text)


def caution(text: str) -> str:
    """Yellow, for warnings."""
    return _sgr("33", text)


def strong(text: str) -> str:
    """Bold, for the subject of the line."""
    return _sgr("1", text)


def accent(text: str) -> str:
    """Cyan, for headings of a document."""
    return _sgr("36", text)


def faint(text: str) -> str:
    """Dim, for paths and figures."""
    return _sgr("2", text)


def plain(text: str) -> str:
    """Text from outside on one line, without control characters."""
    return _CONTROL.sub("", " ".join(text.split()))


def wrapped(text: str, *, lead: str = "", max_lines: int = 6) -> list[str]:
    """The text in at most ``max_lines`` indented lines, the first one after ``lead``."""
    pad = INDENT + " " * len(lead)
    return textwrap.wrap(
        plain(text), WIDTH, initial_indent=INDENT + lead, subsequent_indent=pad,
        max_lines=max_lines, placeholder=" …", break_long_words=True,
    )  # fmt: skip


def count(number: int, thing: str) -> str:
    """``1 issue``, ``1,234 characters``."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"
