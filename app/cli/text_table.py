"""Plain-text tables."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence


def table(header: Sequence[str], rows: Sequence[Sequence[str]], right: str = "") -> Iterator[str]:
    """The lines of a table; ``right`` lists the right-aligned columns, separated by spaces."""
    widths = [max(width(row[i]) for row in (header, *rows)) for i in range(len(header))]
    right_aligned = {i for i, name in enumerate(header) if name in right.split()}
    for row in (header, *rows):
        cells = [
            " " * (w - width(cell)) + cell if i in right_aligned else cell + " " * (w - width(cell))
            for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def width(text: str) -> int:
    """The number of terminal cells that a text occupies."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def cut(text: str, cells: int) -> str:
    """The text, shortened with an ellipsis if it does not fit."""
    if width(text) <= cells:
        return text
    kept = ""
    for character in text:
        if width(kept) + width(character) > cells - 1:
            break
        kept += character
    return f"{kept.rstrip()}…"
