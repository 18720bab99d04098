"""The interfaces of screen and application that the handlers use, and their base class."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Coroutine
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from textual.app import App

from assemblyzero_tui.app.credentials.actions import CredentialService
from assemblyzero_tui.app.ui.view_state import ViewState
from assemblyzero_tui.runner.model.commands import AnyCommand
from assemblyzero_tui.runner.model.run_state import ItemState, RunState
from assemblyzero_tui.runner.runs.run_source import RunSource
from assemblyzero_tui.widgets.glyphs import Glyphs
from assemblyzero_tui.widgets.items.table import ItemTable
from assemblyzero_tui.widgets.items.workflow_pane import WorkflowPane

Handler = Callable[..., None]
"""Carries out one command of the keymap."""


class Screen(Protocol):
    """The dashboard's screen, as the handlers see it."""

    source: RunSource
    glyphs: Glyphs
    view_state: ViewState
    table: ItemTable

    @property
    def app(self) -> App[Any]:
        """Where other screens are pushed."""

    @property
    def run_state(self) -> RunState:
        """The run as it is now."""

    @property
    def engine_gone(self) -> bool:
        """Whether work is left, no engine serves it, and one could be started."""

    @property
    def items(self) -> list[str]:
        """The ids of all items in the order of the queue."""

    @property
    def in_order(self) -> list[str]:
        """The ids in the order in which they are shown."""

    @property
    def shown_panes(self) -> list[WorkflowPane]:
        """The panes in sight."""

    @property
    def current(self) -> str:
        """The item that the keys act on; empty while there is none."""

    @property
    def current_pane(self) -> WorkflowPane | None:
        """The pane in sight that shows the current item."""

    @property
    def marked(self) -> list[str]:
        """The marked items, where marks are in sight."""

    def source_now(self) -> float:
        """The present time of the source."""

    def targets(self) -> list[ItemState]:
        """The items that a command acts on."""

    def go_to(self, item: str, *, in_log: bool = False) -> None:
        """Makes this the current item and shows it."""

    def lay_out(self) -> None:
        """Arranges all widgets."""

    def send(self, command: AnyCommand, marks: Collection[str] = ()) -> None:
        """Sends a command to the engine; removes the marks once it has been accepted."""

    def clear_selection(self) -> None:
        """Clears the selection."""

    def get_selected_text(self) -> str | None:
        """The selected text."""

    def notify(
        self,
        message: str,
        *,
        severity: Literal["information", "warning", "error"] = "information",
        markup: bool = True,
    ) -> None:
        """Shows a notification."""

    def run_worker(self, work: Coroutine[Any, Any, None], name: str = "", group: str = "") -> Any:
        """Runs a coroutine beside the screen."""


class Program(Protocol):
    """The dashboard's application, as the screen and its handlers see it."""

    source: RunSource
    credential_service: CredentialService | None
    was_live: bool
    """Whether an engine has served the run while it was shown."""
    closing: str
    """What the dashboard waits for before it closes; empty while it does not close."""

    @property
    def can_resume(self) -> bool:
        """Whether the run can be resumed from here."""

    def mark_seen(self) -> None:
        """Resets the count of unseen notifications."""

    def poll_now(self) -> None:
        """Reads new events."""

    def resume_run(self) -> None:
        """Starts the engine of the run again."""

    def retry(self, items: list[str]) -> None:
        """Retries items; starts the engine first if it is gone."""

    def show_summary(self) -> None:
        """Shows the summary."""

    def show_palette(self) -> None:
        """Opens the palette."""

    def detach(self) -> None:
        """Closes the dashboard; the run continues."""

    def ask_quit(self) -> None:
        """Closes the dashboard, after a question if the run is not finished."""


@dataclass(frozen=True, slots=True)
class Context:
    """The arguments of every group of handlers."""

    screen: Screen
    program: Program


class Actions(ABC):
    """Handlers for one group of the keymap."""

    def __init__(self, context: Context) -> None:
        self.screen = context.screen
        self.program = context.program

    @abstractmethod
    def handlers(self) -> dict[str, Handler]:
        """The handlers by the name of the action."""
