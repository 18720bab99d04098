"""Asks for a credential. Its API key is never shown, and only returned to the caller."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.credentials.credentials import parse_api_key
from assemblyzero_tui.runner.credentials.secret import Secret
from assemblyzero_tui.widgets.dialogs import Choice, ChoiceButton, Dialog
from assemblyzero_tui.widgets.glyphs import UNICODE, Glyphs

LONGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class NewCredential:
    """A credential that the user has typed."""

    name: str
    secret: Secret = field(repr=False)
    project: str = ""


_CANCEL: Choice[NewCredential | None] = Choice(None, "esc", "Cancel")
_ADD: Choice[NewCredential | None] = Choice(None, "enter", "Add the credential")


def free_name(taken: Collection[str]) -> str:
    """A name that no credential has: ``key-4``."""
    number = len(taken) + 1
    while f"key-{number}" in taken:
        number += 1
    return f"key-{number}"


def what_is_wrong(name: str, taken: Collection[str]) -> str:
    """What is wrong with a name; empty if nothing is."""
    if not name:
        return "Give the credential a name: it is shown in place of the API key."
    if len(name) > LONGEST_NAME or not name.isprintable():
        return f"A name has at most {LONGEST_NAME} characters, all printable."
    return f"There is a credential called {name} already." if name in taken else ""


class AddCredentialDialog(Dialog[NewCredential | None]):
    """Name, API key and project; enter moves to the next field and answers in the last.

    Args:
        taken: Names that are not free.
        place: Where the credential will be stored, for humans.
        glyphs: The characters to draw with.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "app.focus_next", "Next", show=False),
        Binding("up", "app.focus_previous", "Previous", show=False),
    ]

    def __init__(
        self, taken: Collection[str] = (), place: str = "", *, glyphs: Glyphs = UNICODE
    ) -> None:
        kept = f" and is stored in {place}" if place else ""
        text = f"It is used from now on{kept}. It is never shown or logged."
        super().__init__(
            "Add a credential", Content(text), [], escape=None, focus="", glyphs=glyphs
        )
        self._first = "#key-secret"
        self._taken = taken

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="dialog", can_focus=False) as box:
            box.border_title = Content(self._title)
            yield Static(self._text, id="dialog-text")
            for id, label, hint, secret in (
                ("key-name", "Name", "shown in place of the API key", False),
                ("key-secret", "API key", "from https://aistudio.google.com/apikey", True),
                (
                    "key-project",
                    "Project",
                    "if other credentials share its quota; may be empty",
                    False,
                ),
            ):
                with Horizontal(classes="field"):
                    yield Static(label, classes="name")
                    value = free_name(self._taken) if id == "key-name" else ""
                    yield Input(value, placeholder=hint, password=secret, compact=True, id=id)
            yield Static(id="key-wrong")
            with Horizontal(id="dialog-buttons"):
                yield ChoiceButton(_CANCEL, self._glyphs)
                yield ChoiceButton(_ADD, self._glyphs)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter goes on to the next field, and from the last one answers."""
        event.stop()
        if event.input.id == "key-project" or (event.input.id == "key-secret" and self._complete):
            self._answer()
        else:
            self.focus_next(Input)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Clears the complaint."""
        event.stop()
        self._complain("")

    def answer(self, choice: Choice[NewCredential | None]) -> None:
        """A button was clicked, or entered."""
        if choice is _ADD:
            self._answer()
        else:
            self.dismiss(None)

    @property
    def _complete(self) -> bool:
        return bool(self._typed("key-name") and self._typed("key-secret"))

    def _typed(self, field: str) -> str:
        return self.query_one(f"#{field}", Input).value.strip()

    def _complain(self, text: str) -> None:
        self.query_one("#key-wrong", Static).update(Content(text))

    def _answer(self) -> None:
        name = self._typed("key-name")
        if wrong := what_is_wrong(name, self._taken):
            self._complain(wrong)
            self.query_one("#key-name").focus()
            return
        try:
            secret = parse_api_key(self._typed("key-secret"), name)
        except TuiError as error:
            self._complain(error.what)
            self.query_one("#key-secret").focus()
            return
        self.dismiss(NewCredential(name, secret, self._typed("key-project")))
