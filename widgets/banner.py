"""One row over the whole width when the run does not go on by itself, with what can be done."""

from __future__ import annotations

from dataclasses import dataclass

from textual.content import Content

from assemblyzero_tui.widgets.glyphs import Glyphs
from assemblyzero_tui.widgets.text_line import Part, TextLine, spread


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is the matter."""

    text: str
    buttons: tuple[tuple[str, str, str], ...] = ()
    """Key, label and action of each thing that can be done."""
    severe: bool = False


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
        flag = f" {glyphs.flag} "
        left: list[Part] = [(flag, "bold reverse"), " ", (trouble.text, "bold")]
        right: list[Part] = []
        width = max(1, self.size.width)
        buttons = [
            Content.assemble(
                (f" {key} ", "bold $background on $foreground"),
                (f" {label} ", "bold on $foreground 15%"),
            )
            for key, label, _ in trouble.buttons
        ]
        at = width - sum(button.cell_length + 1 for button in buttons)
        actions = []
        for button, (_, _, action) in zip(buttons, trouble.buttons, strict=True):
            actions.append((at, at + button.cell_length, action))
            at += button.cell_length + 1
            right += [button, " "]
        self.show(spread(left, right, width, glyphs.ellipsis), actions)
