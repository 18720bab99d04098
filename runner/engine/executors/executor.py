"""The seam between the engine and whatever runs its workers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from assemblyzero_tui.runner.model.events import Result
from assemblyzero_tui.runner.model.run_spec import WorkerSpec
from assemblyzero_tui.runner.wire.worker_messages import AnyFromWorker, AnyToWorker

Emit = Callable[[str, int, AnyFromWorker], None]
"""Takes a message of a worker: item, attempt, message. Called in the engine's event loop."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one attempt of an item ended; no process of it is left."""

    kind: Literal["finished", "paused", "exhausted", "failed", "refused", "lost"]
    reason: str = ""
    result: Result | None = None
    until: float = 0.0
    """With ``exhausted``: when there may be quota again; 0 if that is unknown."""


@dataclass(frozen=True, slots=True)
class Host:
    """A machine that runs workers."""

    name: str
    slots: int
    """Workers it may run at once."""
    busy: int
    last_seen: float
    """Seconds since the epoch."""


class Executor(Protocol):
    """Starts workers, passes messages, and knows when no process of a worker is left.

    Rules: the attempt is a fencing token, so messages of older attempts are dropped; ``submit``
    does nothing for an (item, attempt) it has seen; checkpoints are named by URL; never more
    items are submitted than there are slots.
    """

    async def start(self, emit: Emit) -> None:
        """Starts; from now on messages of workers go to ``emit``."""

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

    def hide(self, secret: str) -> None:
        """Redacts this text in every log from now on."""

    async def hosts(self) -> list[Host]:
        """Where workers run."""

    async def close(self, detach: bool = False) -> None:
        """Ends everything; with ``detach`` work continues where it can outlive the engine."""
