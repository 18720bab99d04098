"""What workers say, written down, and what they ask for, granted."""

from __future__ import annotations

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
from assemblyzero_tui.runner.pool.leases import LeaseBook
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
)


class Hearing:
    """Turns the messages of workers into events; answers go out through ``reply``."""

    def __init__(self, record: Record, reply: Callable[[str, AnyToWorker], None]) -> None:
        self._record = record
        self._reply = reply
        self._leases = LeaseBook()

    def heard(self, name: str, attempt: int, message: AnyFromWorker) -> None:
        """Takes a message; one of an older attempt changes nothing. Attempt 0 is the executor."""
        item = self._record.state.items[name]
        if attempt and attempt != item.attempt:
            return
        if isinstance(message, NodeBegan) and item.state is State.STARTING:
            self._record.change(item, State.RUNNING)
        if isinstance(message, Acquire):
            grant, started = self._leases.acquire(name, attempt, message)
            self._record.emit(started)
            self._reply(name, grant)
        elif isinstance(message, Release):
            if (ended := self._leases.release(name, attempt, message)) is not None:
                self._record.emit(ended)
        elif (event := _as_event(message)) is not None:
            event.item, event.attempt = item.id, item.attempt
            self._record.emit(event)

    def died(self, name: str) -> None:
        """Takes back what a process that is gone had in its hands."""
        for ended in self._leases.died(name):
            self._record.emit(ended)


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
