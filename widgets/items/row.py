"""One row of the table of items: the columns that fit, and their texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assemblyzero_tui.runner.base.durations import clock
from assemblyzero_tui.runner.base.text import one_line
from assemblyzero_tui.runner.model.run_state import ItemState
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.widgets.format import fit, node_name
from assemblyzero_tui.widgets.glyphs import Glyphs
from assemblyzero_tui.widgets.items.status_line import reason_text, state_text

Cells = list[tuple[str, str]]
"""Text and tone of each piece of a row."""

TONES: dict[State, str] = {
    State.QUEUED: "muted",
    State.STARTING: "work",
    State.RUNNING: "work",
    State.PAUSING: "pause",
    State.PAUSED: "pause",
    State.QUOTA: "wait",
    State.RETRYING: "wait",
    State.ASKING: "ask",
    State.CANCELLING: "wait",
    State.DONE: "good",
    State.FAILED: "bad",
    State.CANCELLED: "muted",
    State.LOST: "bad",
    State.SKIPPED: "muted",
}
"""The tone, a name for a style, of each state."""
TONE_NAMES = (
    "muted", "work", "pause", "wait", "ask", "good", "bad", "text", "head", "cursor", "mark",
)  # fmt: skip

_LONGEST_ID = 18
"""Most cells for an id in a narrow table; in a wide one, three tenths of the width."""
_NODE = 14
_TIME = 7
_ROOMY = 90
"""Width from which a countdown with hours fits."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Width of each column in cells; 0 if it does not fit."""

    number: int
    id: int
    state: int
    node: int
    title: int
    note: int

    @classmethod
    def fitting(cls, width: int, ids: Sequence[str]) -> Columns:
        """The columns of a table of these items that is ``width`` cells wide."""
        number = len(str(len(ids)))
        widest = min(max(_LONGEST_ID, width * 3 // 10), max([7, *map(len, ids)]))
        state = 15 if width >= _ROOMY else 13
        room = width - (2 + number + 1 + widest + 1 + state + 1 + _TIME + 1)
        node = _NODE if room > _NODE else 0
        room -= node + 1 if node else 0
        title = note = 0
        if room >= 46:
            title = room // 2
            note = room - title - 2
        elif room >= 12:
            note = room - 1
        return cls(number, widest, state, node, title, note)


def head(columns: Columns) -> Cells:
    """The names of the columns."""
    text = "  " + "#".rjust(columns.number) + " "
    text += fit("item", columns.id + 1) + fit("state", columns.state + 1)
    if columns.node:
        text += fit("node", columns.node + 1)
    text += "time".rjust(_TIME) + " "
    if columns.title:
        text += " " + fit("title", columns.title)
    if columns.note:
        text += " " + fit("note" if columns.title else "note or title", columns.note)
    return [(text, "head")]


def row_cells(
    item: ItemState, columns: Columns, now: float, glyphs: Glyphs, *, marked: bool = False
) -> Cells:
    """The row of an item."""
    tone = TONES[item.state]
    cut = glyphs.ellipsis
    text = "muted" if item.state.look.border == "dim" else "text"
    word = f"{glyphs.of(item.state)} {state_text(item, now, glyphs)}"
    cells: Cells = [
        (f"{glyphs.mark if marked else ' '} ", "mark"),
        (f"{item.index + 1:>{columns.number}} ", "muted"),
        (fit(item.id, columns.id, cut) + " ", text),
        (fit(word, columns.state, cut) + " ", "wait" if item.waiting is not None else tone),
    ]
    if columns.node:
        name = "" if item.state.terminal else node_name(item.node)
        cells.append((fit(name, columns.node, cut) + " ", text))
    spent = clock(item.active_seconds(now)) if item.started is not None else ""
    cells.append((f"{spent:>{_TIME}} ", "muted"))
    title = one_line(item.info.title)
    if columns.title:
        cells.append((" " + fit(title, columns.title, cut), text))
    if columns.note:
        note = reason_text(item) or ("" if item.state.terminal else one_line(item.note))
        noted = tone if item.state.wants_attention else "muted"
        cells.append(
            (" " + fit(note or ("" if columns.title else title), columns.note, cut), noted)
        )
    return cells
