"""One row over the whole width when the run does not go on by itself, with what can be done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.cells import cell_len
from textual.content import Content

from assemblyzero_tui.widgets.format import cut
from assemblyzero_tui.widgets.glyphs import Glyphs
from assemblyzero_tui.widgets.text_line import Action, Part, TextLine, spread

SHORTEST_WHY = 40
"""Cells in which a reason says something."""


@dataclass(frozen=True, slots=True)
class Button:
    """One thing that can be done."""

    key: str
    label: str
    action: str
    short: str = ""
    """The label where room is short."""
    rank: int = 0
    """The button with the greatest one goes first where there is no room for all."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is the matter. The parts that change by themselves do not make it another trouble."""

    what: str
    """A sentence without its full stop, or whole sentences if nothing follows."""
    buttons: tuple[Button, ...] = ()
    severe: bool = False
    why: str = field(default="", compare=False)
    """Cut, or left out, where room is short."""
    then: str = field(default="", compare=False)
    """What happens next: a sentence without its full stop."""
    brief: str = field(default="", compare=False)
    """All of it in few words."""

    def texts(self) -> list[str]:
        """From the fewest words to the most, without the reason."""
        whole = f"{self.what}. {self.then}." if self.then else self.what
        return [self.brief, whole] if self.brief else [whole]

    def said(self, room: int, ellipsis: str) -> str:
        """The text for so many cells."""
        short, whole = self.texts()[0], self.texts()[-1]
        if cell_len(whole) > room:
            return cut(short, room, ellipsis)
        if not self.why:
            return whole
        end = f". {self.then}." if self.then else "."
        left = room - cell_len(self.what) - cell_len(end) - 2
        if left < min(SHORTEST_WHY, cell_len(self.why)):
            return whole
        return f"{self.what}: {cut(self.why, left, ellipsis)}{end}"


def _labelled(buttons: Sequence[Button], *, short: bool) -> list[tuple[Button, str]]:
    return [(button, (short and button.short) or button.label) for button in buttons]


def _width(labelled: Sequence[tuple[Button, str]]) -> int:
    return sum(cell_len(button.key) + cell_len(label) + 5 for button, label in labelled)


def fitting(trouble: Trouble, room: int) -> list[tuple[Button, str]]:
    """The buttons with their labels, for so many cells of text and buttons.

    Long labels if the whole text fits beside them, else short ones; where not even the shortest
    text has room, buttons are left out.
    """
    texts = [cell_len(text) for text in trouble.texts()]
    long = _labelled(trouble.buttons, short=False)
    if _width(long) + texts[-1] <= room:
        return long
    short = _labelled(trouble.buttons, short=True)
    while short and _width(short) + texts[0] > room:
        short.remove(max(short, key=lambda each: each[0].rank))
    return short


def banner_content(trouble: Trouble, glyphs: Glyphs, width: int) -> tuple[Content, list[Action]]:
    """The row for a width, and what a click does where."""
    flag = f" {glyphs.flag} "
    room = width - len(flag) - 2
    labelled = fitting(trouble, room)
    text = trouble.said(max(0, room - _width(labelled)), glyphs.ellipsis)
    left: list[Part] = [(flag, "bold reverse"), " ", (text, "bold")]
    right: list[Part] = []
    actions: list[Action] = []
    at = width - _width(labelled)
    for button, label in labelled:
        cells = cell_len(button.key) + cell_len(label) + 4
        actions.append((at, at + cells, button.action))
        at += cells + 1
        right += [
            (f" {button.key} ", "bold $background on $foreground"),
            (f" {label} ", "bold on $foreground 15%"),
            " ",
        ]
    return spread(left, right, width, glyphs.ellipsis), actions


class Banner(TextLine):
    """Hidden while all is well."""

    DEFAULT_CSS = """
    Banner {
        display: none;
        background: $warning 22%;
        color: $foreground;
        &.-shown { display: block; }
        &.-severe { background: $error 28%; }
    }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._said: tuple[Trouble | None, Glyphs] | None = None

    def on_resize(self) -> None:
        """Puts the buttons where they belong now."""
        if self._said is not None:
            self.tell(*self._said)

    def tell(self, trouble: Trouble | None, glyphs: Glyphs) -> None:
        """Shows the trouble, or hides."""
        self._said = (trouble, glyphs)
        self.set_class(trouble is not None, "-shown")
        if trouble is None:
            return
        self.set_class(trouble.severe, "-severe")
        self.show(*banner_content(trouble, glyphs, max(1, self.size.width)))
