"""The second row of the screen: who answers the calls, and how busy that is."""

from __future__ import annotations

from textual.content import Content

from assemblyzero_tui.runner.durations import clock, duration
from assemblyzero_tui.runner.run_state import RunState
from assemblyzero_tui.widgets.glyphs import Glyphs
from assemblyzero_tui.widgets.text_line import Part, TextLine, spread
from assemblyzero_tui.widgets.wording import brief, count


def pool_parts(run: RunState, glyphs: Glyphs) -> list[Part]:
    """The provider, calls out and calls that came back."""
    dot: Part = (f" {glyphs.dot} ", "$text-disabled")
    name = "offline model, no keys" if run.provider == "offline" else run.provider or "no provider"
    out = run.calls_in_flight()
    parts: list[Part] = [(name, "$text-muted"), dot]
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
    return spread([" ", *pool_parts(run, glyphs)], right, width, glyphs.ellipsis)


class PoolStrip(TextLine):
    """The state of the credential pool, or that there is none."""

    DEFAULT_CSS = """
    PoolStrip { background: $panel; }
    """

    def tell(self, run: RunState, now: float, glyphs: Glyphs) -> None:
        """Shows how the calls are doing."""
        self.fill(lambda width: strip_content(run, now, glyphs, width))
