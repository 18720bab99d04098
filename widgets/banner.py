"""A row over the whole width while the run does not proceed, with buttons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.cells import cell_len
from textual.content import Content

from assemblyzero_tui.widgets.format import cut
from assemblyzero_tui.widgets.glyphs import Glyphs
from assemblyzero_tui.widgets.text_line import Action, Part, TextLine, spread

SHORTEST_WHY = 40
"""Least cells in which a shortened reason is still understandable."""


@dataclass(frozen=True, slots=True)
class Button:
    """A key and the action that it triggers."""

    key: str
    label: str
    action: str
    short: str = ""
    """The label if space is short."""
    rank: int = 0
    """The button with the greatest rank is left out first if space is short."""


@dataclass(frozen=True, slots=True)
class BannerText:
    """The text of the banner; parts that change over time are ignored in comparisons."""

    what: str
    """A sentence without its full stop, or whole sentences if nothing follows."""
    buttons: tuple[Button, ...] = ()
    severe: bool = False
    why: str = field(default="", compare=False)
    """The reason; shortened, or left out, if space is short."""
    then: str = field(default="", compare=False)
    """What happens next: a sentence without its full stop."""
    brief: str = field(default="", compare=False)
    """The whole text in a few words."""

    def texts(self) -> list[str]:
        """The texts without the reason, from the shortest to the longest."""
        whole = f"{self.what}. {self.then}." if self.then else self.what
        return [self.brief, whole] if self.brief else [whole]

    def text(self, room: int, ellipsis: str) -> str:
        """The text that fits into ``room`` cells."""
        short, whole = self.texts()[0], self.texts()[-1]
        if cell_len(whole) > room:
            return cut(short, room, ellipsis)
        if not self.why:
            return whole
        end = f". {self.then}." if self.then else "."
        room_for_why = room - cell_len(self.what) - cell_len(end) - 2
        if room_for_why < min(SHORTEST_WHY, cell_len(self.why)):
            return whole
        return f"{self.what}: {cut(self.why, room_for_why, ellipsis)}{end}"


def _labelled(buttons: Sequence[Button], *, short: bool) -> list[tuple[Button, str]]:
    return [(button, (short and button.short) or button.label) for button in buttons]


def _width(labelled: Sequence[tuple[Button, str]]) -> int:
    return sum(cell_len(button.key) + cell_len(label) + 5 for button, label in labelled)


def fitting(banner_text: BannerText, room: int) -> list[tuple[Button, str]]:
    """The buttons with their labels that fit into ``room`` cells together with the text.

    The labels are long if the whole text fits beside them, else short; if not even the shortest
    text fits, buttons are left out.
    """
    texts = [cell_len(text) for text in banner_text.texts()]
    long = _labelled(banner_text.buttons, short=False)
    if _width(long) + texts[-1] <= room:
        return long
    short = _labelled(banner_text.buttons, short=True)
    while short and _width(short) + texts[0] > room:
        short.remove(max(short, key=lambda each: each[0].rank))
    return short


def banner_content(
    banner_text: BannerText, glyphs: Glyphs, width: int
) -> tuple[Content, list[Action]]:
    """The row for a width, and the actions of clicks."""
    flag = f" {glyphs.flag} "
    room = width - len(flag) - 2
    labelled = fitting(banner_text, room)
    text = banner_text.text(max(0, room - _width(labelled)), glyphs.ellipsis)
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
    """The banner; hidden while it has no text."""

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
        self._current: tuple[BannerText | None, Glyphs] | None = None

    def on_resize(self) -> None:
        """Fits text and buttons to the width."""
        if self._current is not None:
            self.update(*self._current)

    def update(self, banner_text: BannerText | None, glyphs: Glyphs) -> None:
        """Shows the text, or hides the banner for ``None``."""
        self._current = (banner_text, glyphs)
        self.set_class(banner_text is not None, "-shown")
        if banner_text is None:
            return
        self.set_class(banner_text.severe, "-severe")
        self.show(*banner_content(banner_text, glyphs, max(1, self.size.width)))
