"""Replays a run from its journal, at any speed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable

from assemblyzero_tui.runner.base.errors import EngineError
from assemblyzero_tui.runner.base.paths import RunFolder
from assemblyzero_tui.runner.base.steady_clock import SteadyClock
from assemblyzero_tui.runner.logs.reader import LogReader
from assemblyzero_tui.runner.model.commands import AnyCommand, Reply
from assemblyzero_tui.runner.model.events import AnyEvent
from assemblyzero_tui.runner.model.run_state import RunState
from assemblyzero_tui.runner.runs.journal import read_journal


class Replay:
    """Plays the events of a journal at the times at which they were recorded.

    ``speed`` 2 is twice as fast as the original run; :meth:`jump` moves forward in time. Logs are
    shown as far as they had been written by then.
    """

    live = False

    def __init__(
        self,
        folder: RunFolder,
        *,
        speed: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.folder = folder
        self.state = RunState()
        self.speed = speed
        self._clock = clock
        self._events = read_journal(folder.journal)
        self._next = 0
        self._logs: dict[str, LogReader] = {}
        self._origin = self._events[0].time if self._events else 0.0
        self._started = clock()
        self._end = _steady_end(self._events)

    @property
    def over(self) -> bool:
        """Whether every event has been shown."""
        return self._next >= len(self._events)

    @property
    def end(self) -> float:
        """The time of the last event, by the clock of the run's state."""
        return self._end

    def now(self) -> float:
        return min(self._origin + (self._clock() - self._started) * self.speed, self.end)

    def time_of_day(self) -> float:
        return self.now() - self.state.clock.set_back

    def jump(self, to: float) -> None:
        """Moves the present to ``to`` (seconds since the epoch); never backwards."""
        self._origin, self._started = max(to, self.now()), self._clock()

    def poll(self) -> list[AnyEvent]:
        now = self.now()
        first = self._next
        while self._next < len(self._events) and self._due(self._events[self._next]) <= now:
            self.state.apply(self._events[self._next])
            self._next += 1
        for log in self._logs.values():
            log.limit(now)
        return self._events[first : self._next]

    def _due(self, event: AnyEvent) -> float:
        return self.state.clock.reading(event.time)

    def log(self, item: str) -> LogReader:
        if item not in self._logs:
            reader = LogReader(self.folder.log(item))
            reader.limit(self.now())
            self._logs[item] = reader
        return self._logs[item]

    async def send(self, command: AnyCommand) -> Reply:
        raise EngineError(
            f"This is a replay; there is no engine for this command ({type(command).__name__})."
        )

    async def wait_for_change(self, timeout: float) -> None:
        await asyncio.sleep(timeout)

    async def close(self) -> None:
        for log in self._logs.values():
            log.close()
        self._logs.clear()


def _steady_end(events: Iterable[AnyEvent]) -> float:
    clock = SteadyClock()
    for event in events:
        clock.take(event.time)
    return clock.now
