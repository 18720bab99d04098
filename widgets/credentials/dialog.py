"""The dialog for a new credential. Its API key is never shown, only returned to the caller."""

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


def name_error(name: str, taken: Collection[str]) -> str:
    """The error message for an invalid name; empty if the name is valid."""
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
        stored = f" and is stored in {place}" if place else ""
        text = f"It is used from now on{stored}. It is never shown or logged."
        super().__init__(
            "Add a credential", Content(text), [], escape=None, focus="", glyphs=glyphs
        )
        self._first = "#credential-api-key"
        self._taken = taken

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="dialog", can_focus=False) as box:
            box.border_title = Content(self._title)
            yield Static(self._text, id="dialog-text")
            for id, label, hint, secret in (
                ("credential-name", "Name", "shown in place of the API key", False),
                ("credential-api-key", "API key", "from https://aistudio.google.com/apikey", True),
                (
                    "credential-project",
                    "Project",
                    "if other credentials share its quota; may be empty",
                    False,
                ),
            ):
                with Horizontal(classes="field"):
                    yield Static(label, classes="name")
                    value = free_name(self._taken) if id == "credential-name" else ""
                    yield Input(value, placeholder=hint, password=secret, compact=True, id=id)
            yield Static(id="credential-error")
            with Horizontal(id="dialog-buttons"):
                yield ChoiceButton(_CANCEL, self._glyphs)
                yield ChoiceButton(_ADD, self._glyphs)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter moves to the next field, and accepts in the last one."""
        event.stop()
        field = event.input.id
        if field == "credential-project" or (field == "credential-api-key" and self._complete):
            self._answer()
        else:
            self.focus_next(Input)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Clears the error message."""
        event.stop()
        self._show_error("")

    def answer(self, choice: Choice[NewCredential | None]) -> None:
        """A button was clicked, or chosen with enter."""
        if choice is _ADD:
            self._answer()
        else:
            self.dismiss(None)

    @property
    def _complete(self) -> bool:
        return bool(self._typed("credential-name") and self._typed("credential-api-key"))

    def _typed(self, field: str) -> str:
        return self.query_one(f"#{field}", Input).value.strip()

    def _show_error(self, text: str) -> None:
        self.query_one("#credential-error", Static).update(Content(text))

    def _answer(self) -> None:
        name = self._typed("credential-name")
        if error_text := name_error(name, self._taken):
            self._show_error(error_text)
            self.query_one("#credential-name").focus()
            return
        try:
            secret = parse_api_key(self._typed("credential-api-key"), name)
        except TuiError as error:
            self._show_error(error.what)
            self.query_one("#credential-api-key").focus()
            return
        self.dismiss(NewCredential(name, secret, self._typed("credential-project")))
