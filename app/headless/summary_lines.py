"""The summary of a run in the plain output."""

from __future__ import annotations

from collections.abc import Iterator

from assemblyzero_tui.app.cli.text_table import cut, table
from assemblyzero_tui.runner.base.durations import duration
from assemblyzero_tui.runner.model.pool_text import CREDENTIAL_WORDS
from assemblyzero_tui.runner.model.summary import Summary


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
    if summary.blocked is not None:  # its words were printed when it was found out
        yield f"{summary.blocked.what}. {summary.blocked.hint}"
    for failure in summary.failures[:10]:
        yield f"{failure.id}: {failure.reason or failure.state.value}  (log: {failure.log})"
    for step in summary.next_steps:
        yield f"{step.what}: {step.command}"
