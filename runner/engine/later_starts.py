"""Starts items again after a wait: lost ones, and those for which a service is unavailable."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from assemblyzero_tui.runner.engine.recorder import Recorder
from assemblyzero_tui.runner.model.run_state import ItemState
from assemblyzero_tui.runner.model.states import State

DELAYS = (60.0, 120.0, 300.0, 600.0, 900.0)
"""Seconds before an item is tried again, unless a time is known; the last one is repeated."""
PATIENCE = 24 * 3600.0
"""Seconds after which an item that waits at the same node fails."""


@dataclass(slots=True)
class _Wait:
    """The waits of an item at one node."""

    since: float
    node: str
    times: int = 0


class LaterStarts:
    """Puts items into ``RETRYING`` and starts them when it is time.

    Args:
        recorder: Where events go.
        start: Starts an item that is still to be retried.
    """

    def __init__(self, recorder: Recorder, start: Callable[[ItemState], None]) -> None:
        self._recorder = recorder
        self._start = start
        self._waits: dict[str, _Wait] = {}

    def put_off(self, item: ItemState, reason: str, until: float) -> bool:
        """Tries an item again later; false if it has waited for too long.

        Args:
            item: An item without a process, saved at a checkpoint.
            reason: Why it waits.
            until: When it may continue, seconds since the epoch; 0 if unknown.
        """
        now = time.time()
        known = self._waits.get(item.id)
        if known is None or known.node != item.node:
            known = self._waits[item.id] = _Wait(now, item.node)
        if now - known.since > PATIENCE:
            del self._waits[item.id]
            return False
        known.times += 1
        delay = DELAYS[min(known.times, len(DELAYS)) - 1]
        self.start_in(item, reason, min(until - now, PATIENCE) if until > now else delay)
        return True

    def forget(self, item: ItemState) -> None:
        """Forgets how long an item has waited, as the user retries it."""
        self._waits.pop(item.id, None)

    def start_in(self, item: ItemState, reason: str, delay: float) -> None:
        """Tries an item again after a number of seconds."""
        until = time.time() + delay
        self._recorder.change_state(item, State.RETRYING, reason, until=until, tries=item.tries + 1)
        asyncio.get_running_loop().call_later(delay, self._due, item, item.tries)

    def _due(self, item: ItemState, tries: int) -> None:
        if item.state is State.RETRYING and item.tries == tries:
            self._start(item)
