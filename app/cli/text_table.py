"""Tables of plain text."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

from assemblyzero_tui.runner.base.durations import duration
from assemblyzero_tui.runner.model.pool_text import CREDENTIAL_WORDS
from assemblyzero_tui.runner.model.summary import Summary


def table(header: Sequence[str], rows: Sequence[Sequence[str]], right: str = "") -> Iterator[str]:
    """The lines of a table; ``right`` names the columns to align so, blank-separated."""
    widths = [max(width(row[i]) for row in (header, *rows)) for i in range(len(header))]
    to_the_right = {i for i, name in enumerate(header) if name in right.split()}
    for row in (header, *rows):
        cells = [
            " " * (w - width(cell)) + cell if i in to_the_right else cell + " " * (w - width(cell))
            for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def width(text: str) -> int:
    """Cells of a terminal that a text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def cut(text: str, cells: int) -> str:
    """The text, with an ellipsis in place of what does not fit."""
    if width(text) <= cells:
        return text
    kept = ""
    for character in text:
        if width(kept) + width(character) > cells - 1:
            break
        kept += character
    return f"{kept.rstrip()}…"


def summary_lines(summary: Summary) -> Iterator[str]:
    """The summary of a run, for people."""
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
    for key in summary.pool:
        if key.state:
            rested = f", without quota {duration(key.unavailable)}" if key.unavailable >= 1 else ""
            yield (
                f"{key.name}: {key.answered} answered, {key.refused} refused{rested}, "
                f"{CREDENTIAL_WORDS.get(key.state, key.state)}"
            )
    for failure in summary.failures[:10]:
        yield f"{failure.id}: {failure.reason or failure.state.value}  (log: {failure.log})"
    for step in summary.next_steps:
        yield f"{step.what}: {step.command}"
