"""Where a dashboard or a printer gets a run from: its state as it grows, its logs, its commands."""

from __future__ import annotations

from typing import Protocol

from assemblyzero_tui.runner.base.paths import RunFolder
from assemblyzero_tui.runner.logs.reader import LogReader
from assemblyzero_tui.runner.model.commands import AnyCommand, Reply
from assemblyzero_tui.runner.model.events import AnyEvent
from assemblyzero_tui.runner.model.run_state import RunState


class RunSource(Protocol):
    """Where a face gets a run from: a live one, one that has ended, or a replay."""

    folder: RunFolder
    state: RunState

    @property
    def live(self) -> bool:
        """Whether commands can be sent: an engine serves the run."""

    def now(self) -> float:
        """The time that the work is at, by the clock of ``state``; it stands if nobody works."""

    def time_of_day(self) -> float:
        """What a clock on the wall shows, in seconds since the epoch."""

    def poll(self) -> list[AnyEvent]:
        """Takes in what is new and returns it; ``state`` has it already."""

    def log(self, item: str) -> LogReader:
        """The log of an item, one reader for each item."""

    async def send(self, command: AnyCommand) -> Reply:
        """Sends a command and waits for the answer.

        Raises:
            EngineError: there is no engine, or it refused.
        """

    async def wait_for_change(self, timeout: float) -> None:
        """Returns when something may be new, at the latest after ``timeout`` seconds."""

    async def close(self) -> None:
        """Gives everything back."""
