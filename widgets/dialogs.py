"""Modal dialogs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, Literal, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.visual import VisualType
from textual.widget import Widget
from textual.widgets import Static

from assemblyzero_tui.runner.base.text import one_line
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.widgets.format import STATE_STYLES
from assemblyzero_tui.widgets.glyphs import UNICODE, Glyphs
from assemblyzero_tui.widgets.steady_screen import SteadyScreen
from assemblyzero_tui.widgets.text_line import Part

Answer = TypeVar("Answer")
QuitChoice = Literal["detach", "stop", "cancel"]


@dataclass(frozen=True)
class Choice(Generic[Answer]):
    """One answer of a dialog."""

    value: Answer
    """The value that the dialog returns."""
    key: str
    """The letter that picks the choice."""
    label: str
    meaning: str = ""
    """A description of its effect, one or two lines."""
    grave: bool = False
    """Whether its effect cannot be undone at once."""


class ChoiceButton(Widget, can_focus=True):
    """A choice that can be focused, clicked or picked by its letter."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "pick", "Pick", show=False),
        Binding("left,up,h,k", "app.focus_previous", "Previous", show=False),
        Binding("right,down,l,j", "app.focus_next", "Next", show=False),
    ]

    class Picked(Message):
        """The user chose."""

        def __init__(self, choice: Choice[Any]) -> None:
            super().__init__()
            self.choice = choice

    def __init__(self, choice: Choice[Any], glyphs: Glyphs = UNICODE) -> None:
        super().__init__(id=f"choice-{choice.key}")
        self._glyphs = glyphs
        self.set_class(choice.grave, "-grave")
        self.set_class(not choice.meaning, "-button")
        self.choice = choice

    def render(self) -> VisualType:
        choice = self.choice
        mark = self._glyphs.cursor if self.has_focus else " "
        parts: list[Part] = [mark, (choice.label, "bold"), f" ({choice.key})"]
        if choice.meaning:
            parts += ["\n ", (choice.meaning, "$foreground 75%")]
        return Content.assemble(*parts)

    def action_pick(self) -> None:
        """Answers with this choice."""
        self.post_message(self.Picked(self.choice))

    def on_click(self, event: events.Click) -> None:
        """A click answers."""
        event.stop()
        self.action_pick()


class Dialog(SteadyScreen[Answer], ModalScreen[Answer], Generic[Answer]):
    """A box in the middle with a title, a text and choices.

    The letter of a choice picks it; arrows, ``h j k l`` and tab move between the choices; enter
    picks the focused one; escape closes the dialog without a choice.
    """

    CSS_PATH = Path(__file__).with_name("dialogs.tcss")  # dialogs of other folders inherit it
    AUTO_FOCUS = None
    VERTICAL_BREAKPOINTS = [(0, "-low"), (18, "-high")]  # noqa: RUF012 - as its base has it
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "escape", "Back", show=False)]

    def __init__(
        self,
        title: str,
        text: Content,
        choices: Sequence[Choice[Answer]],
        *,
        escape: Answer,
        focus: str,
        below: str = "",
        glyphs: Glyphs = UNICODE,
    ) -> None:
        super().__init__(classes="-plain" if glyphs.plain else "")
        self._title = one_line(title)
        self._below = one_line(below)
        self._text = text
        self._choices = choices
        self._escape = escape
        self._glyphs = glyphs
        self._first = f"#choice-{focus}"

    def compose(self) -> ComposeResult:
        buttons = [ChoiceButton(choice, self._glyphs) for choice in self._choices]
        rows = any(choice.meaning for choice in self._choices)
        with VerticalScroll(id="dialog", can_focus=False) as box:
            box.border_title = Content(self._title)
            box.border_subtitle = Content(self._below)
            yield Static(self._text, id="dialog-text")
            if rows:
                yield Vertical(*buttons, id="dialog-rows")
            else:
                yield Horizontal(*buttons, id="dialog-buttons")

    def on_mount(self) -> None:
        self.query_one(self._first).focus()

    def on_key(self, event: events.Key) -> None:
        """Picks a choice by its letter."""
        for choice in self._choices:
            if event.key == choice.key:
                event.stop()
                self.answer(choice)
                return

    def on_choice_button_picked(self, event: ChoiceButton.Picked) -> None:
        """A choice was clicked, or chosen with enter."""
        event.stop()
        self.answer(event.choice)

    def answer(self, choice: Choice[Answer]) -> None:
        """Closes the dialog with the value of the choice."""
        self.dismiss(choice.value)

    def action_escape(self) -> None:
        """Closes the dialog without a choice."""
        self.dismiss(self._escape)


class Confirm(Dialog[bool]):
    """Asks for confirmation; No has the focus.

    Args:
        question: Names the item: ``Cancel LLD-42?``
        detail: What will happen, and what will not.
        yes_label: Label of yes: ``Yes, cancel it``.
        no_label: Label of no.
        grave: Whether yes cannot be undone at once.
        glyphs: The characters to draw with.
    """

    def __init__(
        self,
        question: str,
        detail: str = "",
        yes_label: str = "Yes",
        *,
        no_label: str = "No",
        grave: bool = True,
        glyphs: Glyphs = UNICODE,
    ) -> None:
        super().__init__(
            question,
            Content("\n".join(one_line(line) for line in detail.splitlines())),
            [Choice(False, "n", no_label), Choice(True, "y", yes_label, grave=grave)],
            escape=False,
            focus="n",
            glyphs=glyphs,
        )


class QuitDialog(Dialog[QuitChoice | None]):
    """Asks what to do with the run.

    Escape and ``n`` stay in the dashboard, ctrl+c detaches, and so does ``l``.

    Args:
        counts: The number of items in each state.
        run: The name of the run.
        glyphs: The characters to draw with.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c,l", "detach", "Detach", show=False, priority=True)
    ]

    def __init__(self, counts: Counter[State], run: str = "", *, glyphs: Glyphs = UNICODE) -> None:
        super().__init__(
            "The run is not finished yet",
            live_counts(counts, glyphs),
            [
                Choice[QuitChoice | None](
                    "detach",
                    "d",
                    "Detach",
                    "It continues; return with: assemblyzero-tui attach",
                ),
                Choice(
                    "stop", "s", "Stop", "Every item saves within 5 s; resume continues from there."
                ),
                Choice("cancel", "c", "Cancel", "Cancel every unfinished item.", grave=True),
                Choice(None, "n", "Stay", "Back to the dashboard."),
            ],
            escape=None,
            focus="d",
            below=run,
            glyphs=glyphs,
        )

    def action_detach(self) -> None:
        """Detaches: a user who presses ctrl+c twice wants the terminal back."""
        self.dismiss("detach")


def live_counts(counts: Counter[State], glyphs: Glyphs = UNICODE) -> Content:
    """The number of items in each state, those that need attention first."""
    parts: list[tuple[str, str] | str] = []
    for state in sorted(State, key=lambda state: state.look.order):
        if counts[state]:
            style = STATE_STYLES[state]
            parts += [
                (f"{glyphs.of(state)} {counts[state]} {glyphs.word(state)}", f"{style} bold"),
                "   ",
            ]
    return Content.assemble(*parts[:-1])
