"""The interface through which the dashboard and the printers show a run."""

from __future__ import annotations

from typing import Protocol

from assemblyzero_tui.runner.base.paths import RunFolder
from assemblyzero_tui.runner.logs.reader import LogReader
from assemblyzero_tui.runner.model.commands import AnyCommand, Reply
from assemblyzero_tui.runner.model.events import AnyEvent
from assemblyzero_tui.runner.model.run_state import RunState


class RunSource(Protocol):
    """A run that can be shown: a live one, one that has ended, or a replay."""

    folder: RunFolder
    state: RunState

    @property
    def live(self) -> bool:
        """Whether commands can be sent: an engine serves the run."""

    def now(self) -> float:
        """The current time by the clock of ``state``; it stops while no engine serves the run."""

    def time_of_day(self) -> float:
        """The time of day, in seconds since the epoch."""

    def poll(self) -> list[AnyEvent]:
        """Reads new events, applies them to ``state`` and returns them."""

    def log(self, item: str) -> LogReader:
        """The log of an item, one reader for each item."""

    async def send(self, command: AnyCommand) -> Reply:
        """Sends a command to the engine and waits for its reply.

        Raises:
            EngineError: there is no engine, or it refused.
        """

    async def wait_for_change(self, timeout: float) -> None:
        """Returns when there may be new events, at the latest after ``timeout`` seconds."""

    async def close(self) -> None:
        """Closes the connection and all files."""
