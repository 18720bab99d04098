"""Determines the size of the terminal, which may not report one."""

from __future__ import annotations

import os

STANDARD = (80, 24)
"""Columns and rows of a terminal of unknown size."""


def terminal_size(before: tuple[int, int] | None = None) -> tuple[int, int]:
    """The columns and rows that the terminal reports; its previous ones where it reports none.

    Pseudo-terminals begin as 0x0 and stay so until a size is set: in containers, over ``ssh -tt``
    from a job without a terminal, under programs that drive others. Such a terminal counts as
    ``COLUMNS`` by ``LINES``, else 80x24, until it gets a size of its own.

    Args:
        before: The previous size.
    """
    columns, rows = before or (_variable("COLUMNS", STANDARD[0]), _variable("LINES", STANDARD[1]))
    for descriptor in (1, 0, 2):
        try:
            reported = os.get_terminal_size(descriptor)
        except OSError:
            continue
        return reported.columns or columns, reported.lines or rows
    return columns, rows


def _variable(name: str, otherwise: int) -> int:
    value = os.environ.get(name, "")
    return int(value) if value.isdecimal() and int(value) > 0 else otherwise
