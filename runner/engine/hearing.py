"""What workers say, written down, and what they ask for, granted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from assemblyzero_tui.runner.engine.record import Record
from assemblyzero_tui.runner.events import (
    AnyEvent,
    CallSkipped,
    NodeEnded,
    NodeStarted,
    Notice,
    Progressed,
)
from assemblyzero_tui.runner.pool.leases import LeaseBook, Ledger
from assemblyzero_tui.runner.states import State
from assemblyzero_tui.runner.worker.messages import (
    Acquire,
    AnswerReused,
    AnyFromWorker,
    AnyToWorker,
    NodeBegan,
    NodeDone,
    Progress,
    Ready,
    Release,
    Remark,
    Withdraw,
)

_AFTER = 0.002
"""Seconds after a rest is over before the line is served: timers may be early by a moment."""


class Hearing:
    """Turns the messages of workers into events; answers go out through ``reply``."""

    def __init__(
        self,
        record: Record,
        reply: Callable[[str, AnyToWorker], None],
        leases: LeaseBook | None = None,
    ) -> None:
        self._record = record
        self._reply = reply
        self._leases = LeaseBook(clock=time.time) if leases is None else leases
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Says which keys there are."""
        for event in self._leases.opened():
            self._record.emit(event)

    def heard(self, name: str, attempt: int, message: AnyFromWorker) -> None:
        """Takes a message; one of an older attempt changes nothing. Attempt 0 is the executor."""
        item = self._record.state.items[name]
        if attempt and attempt != item.attempt:
            return
        if isinstance(message, NodeBegan) and item.state is State.STARTING:
            self._record.change(item, State.RUNNING)
        if isinstance(message, Acquire):
            self._carry_out(self._leases.acquire(name, attempt, message))
        elif isinstance(message, Release):
            self._carry_out(self._leases.release(name, attempt, message))
        elif isinstance(message, Withdraw):
            self._leases.withdraw(name, attempt, message.request)
        elif (event := _as_event(message)) is not None:
            event.item, event.attempt = item.id, item.attempt
            self._record.emit(event)

    def died(self, name: str) -> None:
        """Takes back what a process that is gone had in its hands."""
        for ended in self._leases.died(name):
            self._record.emit(ended)

    def _carry_out(self, ledger: Ledger) -> None:
        """Writes down and answers, and comes back when somebody in line can be served."""
        for event in ledger.events:
            self._record.emit(event)
        for name, answer in ledger.answers:
            self._reply(name, answer)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if (moment := self._leases.next_time()) is not None:
            wait = max(0.0, moment - time.time()) + _AFTER
            self._timer = asyncio.get_running_loop().call_later(wait, self._serve)

    def _serve(self) -> None:
        self._timer = None
        self._carry_out(self._leases.serve())


def _as_event(message: AnyFromWorker) -> AnyEvent | None:
    """The event that a message is written down as, if it is."""
    match message:
        case Ready(preloaded=False):
            return Notice(text="the process had to load its libraries itself", level="warning")
        case NodeBegan():
            return NodeStarted(node=message.node, task=message.task)
        case NodeDone():
            return NodeEnded(node=message.node, task=message.task, error=message.error)
        case Progress():
            return Progressed(iteration=message.iteration, limit=message.limit, note=message.note)
        case Remark():
            return Notice(text=message.text, level=message.level)
        case AnswerReused():
            return CallSkipped(model=message.model, node=message.node)
    return None
