"""The last row of a pane: as many of state, node, times, tries, tokens and lines as fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.cells import cell_len
from textual.content import Content

from assemblyzero_tui.runner.base.durations import clock, countdown
from assemblyzero_tui.runner.base.text import one_line
from assemblyzero_tui.runner.model.pool_text import begins
from assemblyzero_tui.runner.model.run_state import ItemState, RunState
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.widgets.format import (
    STATE_STYLES,
    brief,
    counted,
    cut,
    node_name,
    roughly,
)
from assemblyzero_tui.widgets.glyphs import Glyphs
from assemblyzero_tui.widgets.text_line import TextLine

QUIET_AFTER = 120.0
"""Seconds without output after which a running workflow is shown as quiet."""


@dataclass(frozen=True, slots=True)
class LogFigures:
    """The figures of a log that the status line shows."""

    lines: int = 0
    new: int = 0
    """Lines added since the user scrolled away from the end."""
    last_write: float | None = None
    """Seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of the line; the one with the greatest ``drop`` is left out first."""

    text: str
    style: str
    drop: int


def state_text(item: ItemState, now: float, glyphs: Glyphs) -> str:
    """The state with its countdown or try: ``QUOTA 04:12``, ``RETRY 2``, ``RUN ◷ 00:37``.

    The last is an item at work whose call waits in the queue for quota.
    """
    word = glyphs.word(item.state)
    if item.state is State.RETRYING and item.tries:
        word = f"{word} {item.tries}"
    if item.waiting is not None:
        remaining = "" if item.waiting.until is None else countdown(item.waiting.until - now)
        return f"{word} {glyphs.of(State.QUOTA)} {remaining}".rstrip()
    if item.until is not None and item.until > now:
        word = f"{word} {countdown(item.until - now)}"
    return word


def resume_text(item: ItemState, run: RunState, now: float) -> str:
    """When an item without quota resumes, or what it waits for then."""
    if item.state is not State.QUOTA:
        return ""
    if item.until is None:
        return "no time known"
    if item.until <= now:
        return "" if run.pool.auto_resume else "waits for you"
    when = begins(item.until, now, run.clock.set_back)
    return f"resume {when.removeprefix('in ')}" if run.pool.auto_resume else f"quota {when}"


def line_text(item: ItemState, now: float, glyphs: Glyphs) -> str:
    """What a queued call waits for, and until when or since when."""
    if (waiting := item.waiting) is None:
        return ""
    glyph = glyphs.of(State.QUOTA)
    text = (
        f"{glyph} waiting for {one_line(waiting.model)}"
        if waiting.for_model
        else (f"{glyph} waiting for quota")
    )
    if waiting.until is not None and waiting.until > now:
        remaining = countdown(waiting.until - now)
        return f"{glyph} retried in {remaining}" if waiting.for_model else f"{text} {remaining}"
    return f"{text} for {clock(now - waiting.since)}"


def quiet_seconds(item: ItemState, log: LogFigures, now: float) -> float:
    """Seconds for which a running workflow has been quiet; 0 if it is not."""
    if item.state is not State.RUNNING or item.waiting is not None:
        return 0.0
    silent = now - max(item.since, item.node_since, log.last_write or 0.0)
    return silent if silent >= QUIET_AFTER else 0.0


def call_text(item: ItemState, now: float, glyphs: Glyphs) -> str:
    """The time of the call in flight: so far, or at most left if the item waits for its end."""
    if item.call is None:
        return ""
    out = max(0.0, now - item.call.since)
    if item.state in (State.PAUSING, State.CANCELLING) and item.call.timeout:
        return f"after this call, within {roughly(max(0.0, item.call.timeout - out))}"
    return f"call {clock(out)}"


def reason_text(item: ItemState) -> str:
    """The reason for the item's state, or its result, in a few words."""
    if item.result is not None and item.result.summary:
        return one_line(item.result.summary)
    if item.waiting is not None:
        return one_line(item.waiting.why)
    if item.state in (State.QUEUED, State.STARTING, State.RUNNING) and not item.elsewhere:
        return ""
    return one_line(item.reason)


def segments(
    item: ItemState, run: RunState, log: LogFigures, now: float, glyphs: Glyphs
) -> list[Segment]:
    """All segments in the order in which they are shown."""
    every = [
        *_state_segments(item, run, log, now, glyphs),
        *_figure_segments(item, log, now, glyphs),
    ]
    return [segment for segment in every if segment.text]


_MUTED = "$text-muted"


def _state_segments(
    item: ItemState, run: RunState, log: LogFigures, now: float, glyphs: Glyphs
) -> Iterator[Segment]:
    """State, reason and node; their texts may be empty."""
    style = STATE_STYLES[item.state]
    queued, without_quota = item.waiting is not None, item.state is State.QUOTA
    state = glyphs.word(item.state) if queued or without_quota else state_text(item, now, glyphs)
    yield Segment(state, f"{style} bold", 0)
    yield Segment(resume_text(item, run, now), style, 1)
    if item.state is not State.RUNNING and not queued:
        yield Segment(reason_text(item), style if item.state.wants_attention else "$foreground", 5)
    if item.node and not item.state.terminal:
        position = run.position(item)
        step = f" {position}/{len(run.nodes)}" if position else ""
        yield Segment(node_name(item.node) + step, "$foreground", 3)
    if quiet := quiet_seconds(item, log, now):
        yield Segment(f"quiet {roughly(quiet)}", "$warning bold", 1)
    if queued:
        yield Segment(line_text(item, now, glyphs), "$warning", 1)
        yield Segment(reason_text(item), _MUTED, 5)


def _figure_segments(
    item: ItemState, log: LogFigures, now: float, glyphs: Glyphs
) -> Iterator[Segment]:
    """Call, draft, try, times, tokens and lines; their texts may be empty."""
    yield Segment(call_text(item, now, glyphs), _MUTED, 6)
    if item.iteration and not item.state.terminal:
        yield Segment(f"draft {item.iteration}", _MUTED, 7)
    if item.tries and item.state is not State.RETRYING:
        yield Segment(f"try {item.tries}", _MUTED, 8)
    if item.started is not None:
        yield Segment(clock(item.active_seconds(now)), _MUTED, 4)
        paused = item.paused_seconds(now)
        spent = roughly(paused) if item.state is State.PAUSED else clock(paused)
        yield Segment(f"paused {spent}" if paused >= 1 else "", _MUTED, 9)
    if tokens := item.input_tokens + item.output_tokens:
        yield Segment(f"{brief(tokens)} tok", _MUTED, 11)
    if log.new:
        yield Segment(counted(log.new, "new line"), "$accent bold", 2)
    elif log.lines:
        yield Segment(counted(log.lines, "line"), _MUTED, 10)


def status_content(
    item: ItemState, run: RunState, log: LogFigures, now: float, glyphs: Glyphs, width: int
) -> Content:
    """The line for a width; the least important segments are left out first, the state never."""
    kept = segments(item, run, log, now, glyphs)
    gap = f" {glyphs.dot} "
    glyph = glyphs.of(item.state)

    def needed() -> int:
        return len(glyph) + 1 + sum(cell_len(s.text) for s in kept) + len(gap) * (len(kept) - 1)

    while len(kept) > 1 and needed() > width:
        least = max(kept, key=lambda segment: segment.drop)
        if least.drop == 5 and (room := width - needed() + cell_len(least.text)) >= 12:
            kept[kept.index(least)] = Segment(
                cut(least.text, room, glyphs.ellipsis), least.style, least.drop
            )
            break
        kept.remove(least)
    parts: list[str | tuple[str, str]] = [(f"{glyph} ", f"{STATE_STYLES[item.state]} bold")]
    for number, segment in enumerate(kept):
        if number:
            parts.append((gap, "$text-disabled"))
        parts.append((cut(segment.text, max(1, width - 2), glyphs.ellipsis), segment.style))
    return Content.assemble(*parts)


class StatusLine(TextLine):
    """The status of one item."""

    DEFAULT_CSS = """
    StatusLine { background: $panel; padding: 0 1; }
    """

    def update(
        self, item: ItemState, run: RunState, log: LogFigures, now: float, glyphs: Glyphs
    ) -> None:
        """Shows the status of an item."""
        self.fill(lambda width: status_content(item, run, log, now, glyphs, width))
