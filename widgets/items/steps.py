"""The nodes of an item's graph: finished, current and future ones."""

from __future__ import annotations

from rich.cells import cell_len
from textual.content import Content

from assemblyzero_tui.runner.base.durations import clock
from assemblyzero_tui.runner.model.run_state import ItemState, RunState
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.widgets.format import STATE_STYLES, brief, cut, node_name
from assemblyzero_tui.widgets.glyphs import Glyphs
from assemblyzero_tui.widgets.items.status_line import reason_text, state_text
from assemblyzero_tui.widgets.text_line import Part, TextLine


def step_styles(item: ItemState, run: RunState, glyphs: Glyphs) -> list[tuple[str, str, str]]:
    """Glyph, name and style of every node, in order."""
    position = run.position(item)
    steps = []
    for number, node in enumerate(run.nodes, 1):
        if number < position or item.state is State.DONE:
            steps.append((glyphs.done, node_name(node), "$success"))
        elif number == position:
            glyph = glyphs.now if item.state is State.RUNNING else glyphs.of(item.state)
            steps.append((glyph, node_name(node), f"{STATE_STYLES[item.state]} bold"))
        else:
            steps.append((glyphs.ahead, node_name(node), "$text-disabled"))
    return steps


def steps_content(item: ItemState, run: RunState, glyphs: Glyphs, width: int) -> Content:
    """All nodes in one row; with short names if the whole ones do not fit."""
    steps = step_styles(item, run, glyphs)
    link = f" {glyphs.link * 2} "
    whole = sum(cell_len(name) + 2 for _, name, _ in steps) + len(link) * (len(steps) - 1)
    parts: list[Part] = []
    for number, (glyph, name, style) in enumerate(steps):
        if number:
            parts.append((link, "$text-disabled"))
        shown = name if whole <= width else name.split(" ")[0]
        parts.append((f"{glyph} {shown}", style))
    return Content.assemble(*parts)


class StepsLine(TextLine):
    """The nodes in one row, above a large log."""

    DEFAULT_CSS = """
    StepsLine { padding: 0 1; }
    """

    def update(self, item: ItemState, run: RunState, glyphs: Glyphs) -> None:
        """Shows the progress of an item."""
        self.fill(lambda width: steps_content(item, run, glyphs, width))


class SidePanel(TextLine):
    """The details of one item, beside its log."""

    DEFAULT_CSS = """
    SidePanel {
        height: 1fr; width: 1fr;
        border: round $foreground 25%;
        border-title-color: $text-muted;
        padding: 1 2;
        &.-ascii { border: ascii $foreground 25%; }
    }
    """

    def update(self, item: ItemState, run: RunState, now: float, glyphs: Glyphs) -> None:
        """Shows the details of an item."""
        self.border_title = Content(item.id)
        self.fill(lambda width: panel_content(item, run, now, glyphs, width))


def panel_content(
    item: ItemState, run: RunState, now: float, glyphs: Glyphs, width: int
) -> Content:
    """State, nodes and figures of an item in rows of this width."""
    rows: list[list[Part]] = []
    style = STATE_STYLES[item.state]
    rows.append([(f"{glyphs.of(item.state)} {state_text(item, now, glyphs)}", f"{style} bold")])
    if reason := reason_text(item):
        rows.append([(cut(reason, width, glyphs.ellipsis), "$text-muted")])
    rows.append([])
    for glyph, name, step in step_styles(item, run, glyphs):
        row: list[Part] = [(f"{glyph} {name}", step)]
        if name == node_name(item.node) and not item.state.terminal:
            spent = clock(now - item.node_since)
            gap = width - cell_len(f"{glyph} {name}") - len(spent)
            row.append((" " * max(1, gap) + spent, "$text-muted"))
        rows.append(row)
    rows.append([])
    for label, text in _figures(item, now):
        gap = width - len(label) - cell_len(text)
        rows.append([(label, "$text-muted"), " " * max(1, gap) + text])
    if item.result is not None and item.result.output:
        rows += [[], [("written", "$text-muted")]]
        rows.append([cut(item.result.output, width, glyphs.ellipsis)])
    return Content("\n").join([Content.assemble(*row) for row in rows])


def _figures(item: ItemState, now: float) -> list[tuple[str, str]]:
    figures = [
        ("draft", f"{item.iteration} of at most {item.limit}" if item.iteration else "-"),
        ("at work", clock(item.active_seconds(now))),
        ("paused", clock(item.paused_seconds(now))),
        ("waited for quota", clock(item.quota_seconds(now))),
        ("calls", str(item.calls)),
        ("answers reused", str(item.calls_skipped)),
        ("tokens in", brief(item.input_tokens)),
        ("tokens out", brief(item.output_tokens)),
        ("tries", str(item.tries)),
    ]
    if item.call is not None:
        figures.insert(1, ("call in flight", clock(now - item.call.since)))
    return figures
