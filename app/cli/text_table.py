"""Plain-text tables."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

from assemblyzero_tui.runner.base.durations import duration
from assemblyzero_tui.runner.model.pool_text import CREDENTIAL_WORDS
from assemblyzero_tui.runner.model.summary import Summary


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


def summary_lines(summary: Summary) -> Iterator[str]:
    """The summary of a run as plain text."""
    yield ""
    yield from table(
        ("item", "state", "reviews", "active", "tries", "outcome"),
        [
            (
                line.id,
                line.state.look.word,
                str(line.reviews),
                duration(line.active),
                str(line.tries),
                cut(line.outcome or line.title, 80),
            )
            for line in summary.items
        ],
        right="reviews active tries",
    )
    yield ""
    times, calls = summary.times, summary.calls
    waited = f"{duration(times.quota)} waiting for quota, " if times.quota >= 1 else ""
    yield (
        f"{summary.headline}. {duration(times.wall)} in total, {duration(times.active)} of work, "
        f"{waited}{calls.answered} call{'' if calls.answered == 1 else 's'} answered."
    )
    for line in summary.pool:
        if line.state:
            without_quota = (
                f", without quota {duration(line.unavailable)}" if line.unavailable >= 1 else ""
            )
            yield (
                f"{line.name}: {line.answered} answered, {line.refused} refused{without_quota}, "
                f"{CREDENTIAL_WORDS.get(line.state, line.state)}"
            )
    for failure in summary.failures[:10]:
        yield f"{failure.id}: {failure.reason or failure.state.value}  (log: {failure.log})"
    for step in summary.next_steps:
        yield f"{step.what}: {step.command}"
