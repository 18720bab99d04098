"""Handles the messages of workers: records them as events, or passes them to the pool."""

from __future__ import annotations

import logging
from collections.abc import Callable

from assemblyzero_tui.runner.engine.pool_service import PoolService, Step
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
from assemblyzero_tui.runner.pool.causes.shared_causes import Cause
from assemblyzero_tui.runner.pool.grants.ledger import Ledger
from assemblyzero_tui.runner.wire.worker_messages import (
    Acquire,
    AnswerReused,
    AnyFromWorker,
    AnyToWorker,
    Counted,
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
    """Turns the messages of workers into events, and sends the answers of the pool to them.

    Args:
        recorder: Records events.
        reply: Sends a message to the worker of an item.
        pool: Grants leases.
        revoke: Ends the worker of an item and attempt that kept a lease for too long.
        on_pool_changed: Called with the state of the whole pool, after it is recorded.
        on_blocked: Called with the cause when no item can continue any more.
        on_failure: Called when the pool cannot continue.
    """

    def __init__(
        self,
        recorder: Recorder,
        reply: Callable[[str, AnyToWorker], None],
        pool: PoolService,
        *,
        revoke: Callable[[str, int], None],
        on_pool_changed: Callable[[PoolChanged], None],
        on_blocked: Callable[[Cause], None],
        on_failure: Callable[[BaseException], None],
    ) -> None:
        self._recorder = recorder
        self._reply = reply
        self._pool = pool
        self._revoke = revoke
        self._on_pool_changed = on_pool_changed
        self._on_blocked = on_blocked
        self._on_failure = on_failure
        self._held: list[Step] | None = None
        """Steps of the pool that wait until :meth:`release`."""

    def start(self) -> None:
        """Starts the pool, which reports its credentials."""
        self._pool.start(self._apply, self._on_failure)

    def hold(self) -> None:
        """Keeps what workers ask of the pool, so that no call begins, until :meth:`release`."""
        self._held = []

    def release(self) -> None:
        """Passes on what was kept, in order, and all that comes from now on."""
        held, self._held = self._held or [], None
        for step in held:
            self._pool.put(step)

    def _put(self, step: Step) -> None:
        if self._held is not None:
            self._held.append(step)
        else:
            self._pool.put(step)

    def handle(self, name: str, attempt: int, message: AnyFromWorker) -> None:
        """Handles a message; older attempts are ignored. Attempt 0 stands for the executor."""
        item = self._recorder.state.items[name]
        if attempt and attempt != item.attempt:
            return
        if isinstance(message, NodeBegan) and item.state is State.STARTING:
            self._recorder.change_state(item, State.RUNNING)
        if isinstance(message, (Acquire, Counted, Release, Withdraw)):
            _log.debug("%s: %r", name, message)
        if isinstance(message, Acquire):
            self._put(lambda pool: pool.acquire(name, attempt, message))
        elif isinstance(message, Release):
            self._put(lambda pool: pool.release(name, attempt, message))
        elif isinstance(message, Counted):
            self._put(lambda pool: pool.counted(name, attempt, message))
        elif isinstance(message, Withdraw):
            self._put(lambda pool: pool.withdraw(name, attempt, message.request))
        elif (event := _as_event(message)) is not None:
            event.item, event.attempt = item.id, item.attempt
            self._recorder.emit(event)

    async def worker_died(self, name: str) -> None:
        """Releases the leases and requests of a process that has ended."""
        self._put(lambda pool: pool.release_all(name))
        await self._pool.drain()

    def item_ended(self, name: str) -> None:
        """Makes the pool forget an item that makes no more calls."""
        self._put(lambda pool: pool.forget_item(name))

    def _apply(self, ledger: Ledger) -> None:
        """Records the events of the pool and sends its answers."""
        for event in ledger.events:
            self._recorder.emit(event)
            if isinstance(event, PoolChanged):
                self._on_pool_changed(event)
        if ledger.blocked is not None:
            self._on_blocked(ledger.blocked)
        for name, answer in ledger.answers:
            _log.debug("%s: %r", name, answer)
            self._reply(name, answer)
        for name, count in ledger.counts:
            _log.debug("%s: %r", name, count)
            self._reply(name, count)
        for name, attempt in ledger.revoked:
            _log.debug("%s: the lease of attempt %d is revoked", name, attempt)
            self._revoke(name, attempt)


def _as_event(message: AnyFromWorker) -> AnyEvent | None:
    """The event that records a message, if one does."""
    match message:
        case Ready(preloaded=False):
            return Notice(
                text="the worker was not preloaded and had to load its libraries itself",
                level="warning",
            )
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
