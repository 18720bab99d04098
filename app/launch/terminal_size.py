"""How large the terminal is, where it may not say so itself."""

from __future__ import annotations

import os

STANDARD = (80, 24)
"""Columns and rows of a terminal of which nothing is known."""


def terminal_size(before: tuple[int, int] | None = None) -> tuple[int, int]:
    """Columns and rows: what the terminal says, each of them where it says none what it had before.

    Pseudo-terminals begin as 0x0 and stay so until somebody sets a size: in containers, over
    ``ssh -tt`` from a job without a terminal, under programs that drive others. Such a terminal
    has what ``COLUMNS`` and ``LINES`` say, else 80x24, until it gets a size of its own.

    Args:
        before: The size that it had.
    """
    columns, rows = before or (_variable("COLUMNS", STANDARD[0]), _variable("LINES", STANDARD[1]))
    for descriptor in (1, 0, 2):
        try:
            said = os.get_terminal_size(descriptor)
        except OSError:
            continue
        return said.columns or columns, said.lines or rows
    return columns, rows


def _variable(name: str, otherwise: int) -> int:
    value = os.environ.get(name, "")
    return int(value) if value.isdecimal() and int(value) > 0 else otherwise
