"""The second row of the screen: who answers the calls, and how busy that is."""

from __future__ import annotations

from textual.content import Content

from assemblyzero_tui.runner.durations import clock, duration
from assemblyzero_tui.runner.run_state import RunState
from assemblyzero_tui.runner.safe_text import one_line
from assemblyzero_tui.widgets.glyphs import Glyphs
from assemblyzero_tui.widgets.text_line import Part, TextLine, spread
from assemblyzero_tui.widgets.wording import brief, count, fit, roughly

KEY_WIDTH = 16
"""Cells of a key's name at most."""


KEY_WORDS = {
    "cooling": ("rests", "$warning"),
    "exhausted": ("used up", "$warning"),
    "no_tier": ("no quota", "$warning"),
    "invalid": ("refused", "$error"),
}
"""What a key that cannot be used is called, and its style."""


def key_parts(run: RunState, now: float, glyphs: Glyphs) -> list[Part]:
    """Every key by its name, with what is the matter with it; those in use are bright."""
    leased = {item.call.credential for item in run.items.values() if item.call is not None}
    parts: list[Part] = []
    for key in run.pool.present:
        parts.append((f" {glyphs.dot} ", "$text-disabled"))
        name = fit(one_line(key.name), KEY_WIDTH, glyphs.ellipsis).rstrip()
        standing = key.strongest(now)
        if (word := KEY_WORDS.get(standing.at(now))) is None:
            parts.append((name, "$primary" if key.name in leased else "$text-muted"))
            continue
        left = "" if standing.until is None else f" {roughly(standing.until - now)}"
        parts.append((f"{name} {word[0]}{left}", word[1]))
    return parts


def pool_parts(run: RunState, glyphs: Glyphs, now: float = 0.0) -> list[Part]:
    """The provider and its keys, calls out and calls that came back."""
    dot: Part = (f" {glyphs.dot} ", "$text-disabled")
    name = "offline model, no keys" if run.provider == "offline" else run.provider or "no provider"
    out = run.calls_in_flight()
    parts: list[Part] = [(name, "$text-muted"), *key_parts(run, now, glyphs), dot]
    parts.append((f"{count(out)} call{'' if out == 1 else 's'} out", "$primary" if out else "dim"))
    parts += [dot, (f"{count(run.calls_ended['ok'])} answered", "$text-muted")]
    if refused := run.calls_refused:
        parts += [dot, (f"{count(refused)} refused", "$warning")]
    if abandoned := run.calls_abandoned:
        parts += [dot, (f"{count(abandoned)} abandoned", "$text-muted")]
    tokens = sum(item.input_tokens + item.output_tokens for item in run.items.values())
    if tokens:
        parts += [dot, (f"{brief(tokens)} tokens", "$text-muted")]
    return parts


def strip_content(run: RunState, now: float, glyphs: Glyphs, width: int) -> Content:
    """The row for a width: the pool on the left, the run on the right."""
    right: list[Part] = []
    if run.started is not None:
        spent = duration(run.wall_seconds(now)) if run.finished else clock(run.wall_seconds(now))
        slots = f"{run.parallel} at once" if run.parallel > 1 else "one at a time"
        dot = f" {glyphs.dot} "
        right = [(f"{run.run}{dot}{slots}{dot}{spent} ", "$text-muted")]
    return spread([" ", *pool_parts(run, glyphs, now)], right, width, glyphs.ellipsis)


class PoolStrip(TextLine):
    """The state of the credential pool, or that there is none."""

    DEFAULT_CSS = """
    PoolStrip { background: $panel; }
    """

    def tell(self, run: RunState, now: float, glyphs: Glyphs) -> None:
        """Shows how the calls are doing."""
        self.fill(lambda width: strip_content(run, now, glyphs, width))
