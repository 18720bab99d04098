"""The characters that the dashboard draws with: a Unicode set and an ASCII set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from assemblyzero_tui.runner.model.states import State

BorderKind = Literal["round", "dashed", "heavy", "ascii"]


@dataclass(frozen=True, slots=True)
class Glyphs:
    """A set of characters, each one cell wide."""

    plain: bool
    """Whether all are ASCII."""
    dot: str
    """Between two figures."""
    ellipsis: str
    """Where text was cut."""
    bar: str
    """The filled part of a progress bar."""
    rest: str
    """The remaining part of a progress bar."""
    mark: str
    """Beside a chosen row."""
    cursor: str
    """Beside the row of the cursor."""
    rule: str
    """A vertical line."""
    link: str
    """A horizontal line between two steps."""
    down: str
    """More below."""
    done: str
    """A finished step."""
    now: str
    """The current step."""
    ahead: str
    """A future step."""
    about: str
    """Before an estimate."""
    times: str
    """Between columns and rows."""
    flag: str
    """Something needs attention."""

    def of(self, state: State) -> str:
        """The glyph of a state."""
        return state.look.ascii if self.plain else state.look.glyph

    def word(self, state: State) -> str:
        """The word of a state."""
        return state.look.word.replace("…", "..") if self.plain else state.look.word

    def border(self, state: State) -> BorderKind:
        """The kind of border of a state's pane."""
        if self.plain:
            return "ascii"
        kind = state.look.border
        return kind if kind in ("dashed", "heavy") else "round"  # type: ignore[return-value]


UNICODE = Glyphs(
    plain=False, dot="·", ellipsis="…", bar="━", rest="─", mark="◆", cursor="▌", rule="│",
    link="─", down="↓", done="✓", now="▸", ahead="·", about="~", times="×", flag="!",
)  # fmt: skip
ASCII = Glyphs(
    plain=True, dot="-", ellipsis="~", bar="#", rest=".", mark="*", cursor=">", rule="|",
    link="-", down="v", done="+", now=">", ahead=".", about="~", times="x", flag="!",
)  # fmt: skip
