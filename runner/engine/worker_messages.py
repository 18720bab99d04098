"""What workers say, written down, and what they ask for, granted."""

from __future__ import annotations

import logging
from collections.abc import Callable

from assemblyzero_tui.runner.engine.pool_service import PoolService
from assemblyzero_tui.runner.engine.recorder import Recorder
from assemblyzero_tui.runner.model.events import (
    AnyEvent,
    CallSkipped,
    NodeEnded,
    NodeStarted,
    Notice,
    PoolChanged,
    Progressed,
)
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.pool.grants.ledger import Ledger
from assemblyzero_tui.runner.wire.worker_messages import (
    Acquire,
    AnswerReused,
    AnyFromWorker,
    AnyToWorker,
    NodeBegan,
    NodeDone,
    Progress,
    Ready,
    Release,
    Withdraw,
    WorkerNotice,
)

_log = logging.getLogger(__name__)


class WorkerMessageHandler:
    """Turns the messages of workers into events; answers go out through ``reply``.

    Args:
        record: Where events go.
        reply: Sends a message to the worker of an item.
        keeper: Grants leases.
        revoke: Ends the worker of an item and attempt that kept a lease for too long.
        changed: Is told how the keys stand as a whole, after it is written down.
        failed: Is told when the pool cannot go on.
    """

    def __init__(
        self,
        record: Recorder,
        reply: Callable[[str, AnyToWorker], None],
        keeper: PoolService,
        *,
        revoke: Callable[[str, int], None],
        changed: Callable[[PoolChanged], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self._record = record
        self._reply = reply
        self._keeper = keeper
        self._revoke = revoke
        self._changed = changed
        self._failed = failed

    def begin(self) -> None:
        """Says which keys there are."""
        self._keeper.start(self._carry_out, self._failed)

    def heard(self, name: str, attempt: int, message: AnyFromWorker) -> None:
        """Takes a message; one of an older attempt changes nothing. Attempt 0 is the executor."""
        item = self._record.state.items[name]
        if attempt and attempt != item.attempt:
            return
        if isinstance(message, NodeBegan) and item.state is State.STARTING:
            self._record.change(item, State.RUNNING)
        if isinstance(message, (Acquire, Release, Withdraw)):
            _log.debug("%s: %r", name, message)
        if isinstance(message, Acquire):
            self._keeper.put(lambda pool: pool.acquire(name, attempt, message))
        elif isinstance(message, Release):
            self._keeper.put(lambda pool: pool.release(name, attempt, message))
        elif isinstance(message, Withdraw):
            self._keeper.put(lambda pool: pool.withdraw(name, attempt, message.request))
        elif (event := _as_event(message)) is not None:
            event.item, event.attempt = item.id, item.attempt
            self._record.emit(event)

    async def died(self, name: str) -> None:
        """Takes back what a process that is gone had in its hands."""
        self._keeper.put(lambda pool: pool.release_all(name))
        await self._keeper.settled()

    def through(self, name: str) -> None:
        """An item will not ask again."""
        self._keeper.put(lambda pool: pool.forget_item(name))

    def _carry_out(self, ledger: Ledger) -> None:
        """Writes down, answers, and passes on."""
        for event in ledger.events:
            self._record.emit(event)
            if isinstance(event, PoolChanged):
                self._changed(event)
        for name, answer in ledger.answers:
            _log.debug("%s: %r", name, answer)
            self._reply(name, answer)
        for name, attempt in ledger.revoked:
            _log.debug("%s: the lease of attempt %d is revoked", name, attempt)
            self._revoke(name, attempt)


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
        case WorkerNotice():
            return Notice(text=message.text, level=message.level)
        case AnswerReused():
            return CallSkipped(model=message.model, node=message.node)
    return None
