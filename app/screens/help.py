"""Every key and every state on one screen."""

from __future__ import annotations

from itertools import groupby
from textwrap import wrap
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from assemblyzero_tui.app.ui.keymap import listed
from assemblyzero_tui.runner.model.pool_text import CREDENTIAL_WORDS
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.widgets.credentials.strip import CREDENTIAL_STYLES
from assemblyzero_tui.widgets.credentials.table import CREDENTIAL_GLYPHS
from assemblyzero_tui.widgets.format import STATE_STYLES
from assemblyzero_tui.widgets.glyphs import UNICODE, Glyphs
from assemblyzero_tui.widgets.steady_screen import SteadyScreen

MEANINGS: dict[State, str] = {
    State.ASKING: "waiting for your answer",
    State.FAILED: "failed; r retries it",
    State.LOST: "its processes died repeatedly; r retries it",
    State.QUOTA: "saved and waiting for quota; resumes automatically",
    State.RETRYING: "saved; tried again automatically, as its process or GitHub failed",
    State.CANCELLING: "is being cancelled",
    State.PAUSING: "pauses after its current node",
    State.RUNNING: "a node is running",
    State.STARTING: "its process is starting",
    State.PAUSED: "saved; p resumes it",
    State.QUEUED: "waiting for a free slot",
    State.CANCELLED: "cancelled by you; r retries it",
    State.SKIPPED: "done by another run",
    State.DONE: "finished and succeeded",
}
CREDENTIAL_MEANINGS = {
    "ready": "can be used",
    "probing": "is tried with one call before others",
    "cooling": "has reached its limit per minute; ready again automatically",
    "exhausted": "has reached its daily limit; ready again when the service's day ends",
    "no_tier": "has no quota at all for this model",
    "invalid": "its API key was refused: correct it, then reset the credential",
    "disabled": "disabled by you",
}
_KEYS = 14
_WIDTH = 84
_PLAIN_ARROWS = str.maketrans({"↓": "v", "↑": "^", "←": "<", "→": ">"})


class HelpScreen(SteadyScreen[None], ModalScreen[None]):
    """The keys by group, and the meaning of each state."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,enter", "dismiss", "Back", show=False),
        Binding("d", "app.detach", show=False),
        Binding("j,down", "scroll(1)", show=False),
        Binding("k,up", "scroll(-1)", show=False),
        Binding("pagedown,space", "scroll(10)", show=False),
        Binding("pageup", "scroll(-10)", show=False),
    ]
    DEFAULT_CSS = """
    HelpScreen {
        align: center middle;
        background: $background 70%;
        & > #help {
            width: 84; max-width: 100%; height: auto; max-height: 100%;
            background: $surface;
            border: round $primary;
            border-title-color: $background;
            border-title-background: $primary;
            border-title-style: bold;
            border-subtitle-color: $text-muted;
            padding: 1 2;
            scrollbar-size-vertical: 1;
        }
        &.-plain > #help { border: ascii $primary; scrollbar-size-vertical: 0; }
        & Static { height: auto; }
    }
    """

    def __init__(self, glyphs: Glyphs = UNICODE) -> None:
        super().__init__(classes="-plain" if glyphs.plain else "")
        self.glyphs = glyphs

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help") as box:
            box.border_title = Content("Keys and states")
            box.border_subtitle = Content("esc back")
            yield Static(self._text())

    def _text(self) -> Content:
        rows: list[Content] = []
        for group, commands in groupby(listed(), key=lambda row: row[0]):
            rows.append(Content.assemble((group, "bold $secondary")))
            rows += [self._row(keys, text, "bold $primary") for _, keys, text in commands]
            rows.append(Content(""))
        rows.append(Content.assemble(("States", "bold $secondary")))
        for state in sorted(State, key=lambda state: state.look.order):
            word = f"{self.glyphs.of(state)} {self.glyphs.word(state)}"
            rows.append(self._row(word, MEANINGS[state], f"bold {STATE_STYLES[state]}"))
        rows += [Content(""), Content.assemble(("Credentials", "bold $secondary"))]
        for name, meaning in CREDENTIAL_MEANINGS.items():
            word = f"{CREDENTIAL_GLYPHS[name][self.glyphs.plain]} {CREDENTIAL_WORDS[name]}"
            rows.append(self._row(word, meaning, f"bold {CREDENTIAL_STYLES[name]}"))
        return Content("\n").join(rows)

    def _row(self, keys: str, text: str, style: str) -> Content:
        if self.glyphs.plain:
            keys = keys.translate(_PLAIN_ARROWS)
        room = min(_WIDTH, self.app.size.width) - _KEYS - 9
        first, *rest = wrap(text, max(20, room)) or [""]
        row = Content.assemble("  ", (keys.ljust(_KEYS), style), first)
        return Content("\n").join([row, *(Content(" " * (_KEYS + 2) + line) for line in rest)])

    def action_scroll(self, rows: int) -> None:
        """Scrolls by rows."""
        self.query_one("#help").scroll_relative(y=rows, animate=False)
