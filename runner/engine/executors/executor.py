"""The interface between the engine and the executor that runs its workers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from assemblyzero_tui.runner.model.events import Result
from assemblyzero_tui.runner.model.run_spec import WorkerSpec
from assemblyzero_tui.runner.wire.worker_messages import AnyFromWorker, AnyToWorker

Emit = Callable[[str, int, AnyFromWorker], None]
"""Receives a message of a worker: item, attempt, message. Called in the engine's event loop."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one attempt of an item, of which no process is left."""

    kind: Literal["finished", "paused", "exhausted", "waiting", "failed", "refused", "lost"]
    reason: str = ""
    result: Result | None = None
    until: float = 0.0
    """With ``exhausted`` and ``waiting``: when it may continue; 0 if that is unknown."""


@dataclass(frozen=True, slots=True)
class Host:
    """A machine that runs workers."""

    name: str
    slots: int
    """Workers that it can run at once."""
    busy: int
    last_seen: float
    """Seconds since the epoch."""


class Executor(Protocol):
    """Starts workers, passes messages, and detects when no process of a worker is left.

    Rules: the attempt is a fencing token, so messages of older attempts are dropped; ``submit``
    does nothing for an (item, attempt) it has seen before; checkpoints are named by URL; never are
    more items submitted than there are slots.
    """

    async def start(self, emit: Emit) -> None:
        """Starts the executor, which passes messages of workers to ``emit``."""

    async def submit(self, spec: WorkerSpec) -> None:
        """Starts one attempt.

        Raises:
            StartLostError: it could not be started now.
            TuiError: it could not be started.
        """

    async def command(self, item: str, command: AnyToWorker) -> None:
        """Sends a message to the item's worker; nothing happens if there is none."""

    async def cancel(self, item: str, grace: float) -> None:
        """Asks the worker to end; after ``grace`` seconds TERM to its group, then KILL."""

    async def wait(self, item: str) -> Outcome:
        """Returns when no process of the item's attempt is left."""

    def add_secret(self, secret: str) -> None:
        """Redacts this text in every log from now on."""

    async def hosts(self) -> list[Host]:
        """The machines that run workers."""

    async def close(self, detach: bool = False) -> None:
        """Ends all workers; with ``detach`` those that can outlive the engine continue."""
