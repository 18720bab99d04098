"""The table of a run's summary: state, result, times and timeline of each item."""

from __future__ import annotations

from dataclasses import dataclass

from textual.content import Content

from assemblyzero_tui.runner.base.durations import duration
from assemblyzero_tui.runner.model.pool_text import CREDENTIAL_WORDS
from assemblyzero_tui.runner.model.summary import ItemLine, Summary
from assemblyzero_tui.runner.model.timeline import bar
from assemblyzero_tui.widgets.format import STATE_STYLES, counted, fit
from assemblyzero_tui.widgets.glyphs import Glyphs
from assemblyzero_tui.widgets.timeline import axis, strip

_STATE = 8
_GAP = 2


@dataclass(frozen=True, slots=True)
class Columns:
    """Widths in cells; a column of width 0 is left out."""

    id: int
    title: int
    outcome: int
    reviews: int
    active: int
    paused: int
    tries: int
    strip: int

    def used(self) -> int:
        """Cells of all columns with the gaps between them."""
        widths = (
            self.id, self.title, self.outcome, self.reviews, self.active, self.paused, self.tries,
            self.strip,
        )  # fmt: skip
        return _STATE + sum(width + _GAP for width in widths if width)


def columns(summary: Summary, width: int) -> Columns:
    """The widths for a table of ``width`` cells.

    The outcome and the strip share the width that the figures leave. Titles are shown from 110
    cells on; narrow tables have no reviews, paused times and tries, the narrowest no strip.
    """
    items = summary.items
    ids = min(max((len(item.id) for item in items), default=4), max(16, width // 5))
    roomy = width >= 76
    figures = Columns(
        id=ids,
        title=0,
        outcome=0,
        reviews=7 if roomy and width >= 90 else 0,
        active=7,
        paused=7 if roomy and any(item.paused or item.quota for item in items) else 0,
        tries=5 if roomy and summary.retries else 0,
        strip=0,
    )
    rest = width - figures.used() - _GAP
    if rest < 24:
        return _with(figures, outcome=max(8, rest))
    strip_width = min(rest * 45 // 100, 64)
    rest -= strip_width + _GAP
    longest = max((len(item.outcome) for item in items), default=0)
    if width >= 110:
        outcome = min(max(longest, 12), rest // 2)
        return _with(figures, strip=strip_width, outcome=outcome, title=rest - outcome - _GAP)
    return _with(figures, strip=strip_width, outcome=rest)


def _with(base: Columns, *, outcome: int, strip: int = 0, title: int = 0) -> Columns:
    return Columns(
        id=base.id,
        title=title,
        outcome=outcome,
        reviews=base.reviews,
        active=base.active,
        paused=base.paused,
        tries=base.tries,
        strip=strip,
    )


def header(summary: Summary, width: int) -> Content:
    """The names of the columns, and the times above the strips."""
    widths = columns(summary, width)
    start, end = span(summary)
    cells = [
        (widths.id, "item", ""),
        (widths.title, "title", ""),
        (widths.outcome, "result", ""),
        (widths.reviews, "reviews", ">"),
        (widths.active, "active", ">"),
        (widths.paused, "waited", ">"),
        (widths.tries, "tries", ">"),
    ]
    names = [f"{name:{align}{cell}}" for cell, name, align in cells if cell]
    line = (" " * _GAP).join([f"{'state':{_STATE}}", *names])
    if widths.strip:
        line += " " * _GAP + axis(start, end, widths.strip)
    return Content.styled(line, "$text-muted")


def row(summary: Summary, index: int, width: int, glyphs: Glyphs) -> Content:
    """The row of one item."""
    item = summary.items[index]
    widths = columns(summary, width)
    style = STATE_STYLES[item.state]
    parts: list[Content | str | tuple[str, str]] = [
        (fit(f"{glyphs.of(item.state)} {glyphs.word(item.state)}", _STATE), f"{style} bold")
    ]

    def add(width: int, text: str, style: str = "", right: bool = False) -> None:
        if width:
            shown = text.rjust(width) if right else fit(text, width, glyphs.ellipsis)
            parts.extend([" " * _GAP, (shown, style)])

    attention = item.state.wants_attention
    add(widths.id, item.id, "bold")
    add(widths.title, item.title)
    add(widths.outcome, _outcome(item, widths), style if attention else "$foreground 80%")
    add(widths.reviews, str(item.reviews or ""), right=True)
    add(widths.active, duration(item.active) if item.attempts else "", right=True)
    waited = item.paused + item.quota
    add(widths.paused, duration(waited) if waited else "", "$secondary", right=True)
    add(widths.tries, str(item.tries or ""), right=True)
    if widths.strip:
        start, end = span(summary)
        parts += [" " * _GAP, strip(bar(item.spans, start, end, widths.strip), glyphs)]
    return Content.assemble(*parts)


def _outcome(item: ItemLine, widths: Columns) -> str:
    return item.outcome or ("" if widths.title else item.title)


def span(summary: Summary) -> tuple[float, float]:
    """Start and end of the strips."""
    start = summary.started if summary.started is not None else summary.time
    return start, max(summary.time, start + 1e-3)


def credential_facts(summary: Summary, glyphs: Glyphs) -> Content:
    """The calls and the state of each credential, and the times without quota."""
    gap = f" {glyphs.dot} "
    parts = []
    for line in summary.pool:
        if not line.state:
            continue
        name = line.name.removeprefix(f"{summary.provider}: ")
        text = f"{name} {line.answered}"
        text += f", {line.refused} refused" if line.refused else ""
        text += f", without quota {duration(line.unavailable)}" if line.unavailable >= 1 else ""
        text += f", {CREDENTIAL_WORDS[line.state]}" if line.state not in ("ready", "absent") else ""
        parts.append(text)
    text = gap.join(parts)
    if summary.outages:
        total = sum(outage.end - outage.start for outage in summary.outages)
        text += f"{gap}no quota {counted(len(summary.outages), 'time')}, for {duration(total)}"
    return Content.styled(f"credentials: {text}" if text else "", "$text-muted")
