"""Scheduling: which item runs when, and what becomes of it."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from assemblyzero_tui.runner.engine.executor import Executor, Outcome
from assemblyzero_tui.runner.engine.ownership import take_item
from assemblyzero_tui.runner.errors import TuiError
from assemblyzero_tui.runner.events import (
    AnyEvent,
    CallSkipped,
    EngineStarted,
    ItemChanged,
    NodeEnded,
    NodeStarted,
    Notice,
    Progressed,
    Result,
    RunHeld,
)
from assemblyzero_tui.runner.journal import JournalWriter
from assemblyzero_tui.runner.locks import FileLock
from assemblyzero_tui.runner.places import RunFolder, checkpoint_file, private_directory
from assemblyzero_tui.runner.pool.leases import LeaseBook
from assemblyzero_tui.runner.run_spec import RunSpec, WorkerSpec, checkpoint_url
from assemblyzero_tui.runner.run_state import ItemState, RunState
from assemblyzero_tui.runner.states import AT_WORK, RESTING, TRANSITIONS, State
from assemblyzero_tui.runner.worker.messages import (
    Acquire,
    AnswerReused,
    AnyFromWorker,
    Drain,
    NodeBegan,
    NodeDone,
    Progress,
    Ready,
    Release,
    Remark,
)

GRACE = 5.0
"""Seconds between asking a process to leave, TERM and KILL."""
LOST_DELAYS = (0.5, 2.0, 5.0)
"""Seconds before an item whose process was lost is started again; then it is given up."""
_RESTARTABLE = (State.FAILED, State.LOST, State.CANCELLED, State.SKIPPED)


class Supervisor:
    """Keeps at most ``parallel`` items at work until every item is through.

    Its knowledge is the same fold that the faces use; whatever it decides becomes an event first.
    """

    def __init__(
        self,
        spec: RunSpec,
        folder: RunFolder,
        state: RunState,
        journal: JournalWriter,
        executor: Executor,
        on_event: Callable[[], None] = lambda: None,
    ) -> None:
        self.spec = spec
        self.state = state
        self.stopping = False
        self._folder = folder
        self._journal = journal
        self._executor = executor
        self._on_event = on_event
        self._leases = LeaseBook()
        self._queue: deque[str] = deque()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._owners: dict[str, FileLock] = {}
        self._lost: Counter[str] = Counter()
        self._resume_wanted: set[str] = set()
        self._begun: set[str] = set()
        self._sends: set[asyncio.Task[None]] = set()
        self._idle = asyncio.Event()
        self._failure: BaseException | None = None

    # --- the record

    def emit(self, event: AnyEvent, *, sync: bool = False) -> None:
        """Writes an event down, then takes it in; with ``sync`` it is on the disk first."""
        self._journal.append(event)
        if sync:
            self._journal.sync()
        self.state.apply(event)
        self._on_event()

    def _change(
        self, item: ItemState, state: State, reason: str = "", *,
        result: Result | None = None, until: float | None = None, tries: int = 0,
        attempt: int | None = None, sync: bool | None = None,
    ) -> None:  # fmt: skip
        if state is not item.state and state not in TRANSITIONS[item.state]:
            raise AssertionError(f"{item.id}: {item.state} cannot become {state}")
        self.emit(
            ItemChanged(
                item=item.id,
                attempt=item.attempt if attempt is None else attempt,
                state=state,
                reason=reason,
                result=result,
                until=until,
                tries=tries or item.tries,
            ),
            sync=(state.terminal or state in RESTING) if sync is None else sync,
        )

    # --- the life of a run

    async def run(self, pid: int, retry: Iterable[str] | None = None) -> None:
        """Serves the run until every item is through, or until it was stopped."""
        resumed = bool(self.state.engine_pid)
        self._begun = {item.id for item in self.state.items.values() if item.attempt}
        self.emit(EngineStarted(pid=pid, resumed=resumed, parallel=self.spec.parallel), sync=True)
        self._queue.extend(item.id for item in self.state.unfinished())
        if retry is not None:
            self.retry(retry)
        await self._executor.start(self._heard)
        self._fill()
        await self._idle.wait()
        if self._failure is not None:
            raise self._failure

    def _fill(self) -> None:
        """Starts items while there is room, and notices when nothing is left."""
        while (
            self._queue
            and not self.state.held
            and not self.stopping
            and len(self._tasks) < self.state.parallel
        ):
            item = self.state.items[self._queue.popleft()]
            task = asyncio.create_task(self._work(item), name=f"work {item.id}")
            self._tasks[item.id] = task
            task.add_done_callback(partial(self._worked, item))
        if not self._tasks and (self.stopping or self.state.finished):
            self._idle.set()

    def _worked(self, item: ItemState, task: asyncio.Task[None]) -> None:
        self._tasks.pop(item.id, None)
        if not task.cancelled() and (failure := task.exception()) is not None:
            self._failure = failure
            self._idle.set()
        self._fill()

    async def _work(self, item: ItemState) -> None:
        """One attempt of one item."""
        checkpoint = checkpoint_file(self._repository(), self.spec.workflow, item.info.key)
        attempt = item.attempt + 1
        try:
            if item.id not in self._owners:
                owner = take_item(checkpoint, self.spec.run)
                if isinstance(owner, str):
                    raise TuiError(f"in use by the run {owner}")
                self._owners[item.id] = owner
            if self.spec.options.fresh and item.id not in self._begun:
                _forget(checkpoint)
            self._begun.add(item.id)
            self._change(item, State.STARTING, attempt=attempt)
            await self._executor.submit(
                WorkerSpec(
                    run=self.spec.run,
                    item=item.info,
                    attempt=attempt,
                    workflow=self.spec.workflow,
                    repository=self.spec.repository,
                    provider=self.spec.provider,
                    checkpoint=checkpoint_url(checkpoint),
                    audit=str(self._folder.audit(self.spec.workflow, item.info.key)),
                    options=self.spec.options,
                )
            )
        except TuiError as error:
            if item.state is State.QUEUED:
                self._change(item, State.STARTING, attempt=attempt)
            self._finish(item, State.FAILED, error.what)
            return
        if item.state is State.PAUSING:
            await self._executor.command(item.id, Drain(why="pause"))
        elif self.stopping or item.state is State.CANCELLING:
            self._send(self._executor.cancel(item.id, GRACE))
        outcome = await self._executor.wait(item.id)
        for ended in self._leases.died(item.id):
            self.emit(ended)
        self._settle(item, outcome)

    def _repository(self) -> Path:
        return Path(self.spec.repository)

    def _settle(self, item: ItemState, outcome: Outcome) -> None:
        """What an ended attempt makes of its item."""
        if outcome.kind == "finished":
            self._finish(item, State.DONE, result=outcome.result)
        elif outcome.kind in ("failed", "refused"):
            self._finish(item, State.FAILED, outcome.reason, result=outcome.result)
        elif item.state is State.CANCELLING:
            self._finish(item, State.CANCELLED, "by you")
        elif self.stopping:
            self._change(item, State.PAUSED, "saved")
        elif outcome.kind == "paused":
            self._change(item, State.PAUSED, "by you")
            if item.id in self._resume_wanted:
                self._requeue(item)
        else:
            self._recover(item, outcome.reason)
        self._resume_wanted.discard(item.id)

    def _recover(self, item: ItemState, reason: str) -> None:
        """A process was lost: tries again from the checkpoint, a few times."""
        self._lost[item.id] += 1
        if item.state is State.PAUSING:
            self._change(item, State.PAUSED, f"by you; {reason}")
            return
        if self._lost[item.id] > len(LOST_DELAYS):
            self._finish(item, State.LOST, reason)
            return
        delay = LOST_DELAYS[self._lost[item.id] - 1]
        until = time.time() + delay
        self._change(item, State.RETRYING, reason, until=until, tries=item.tries + 1)
        asyncio.get_running_loop().call_later(delay, self._retry_lost, item)

    def _retry_lost(self, item: ItemState) -> None:
        if item.state is State.RETRYING and not self.stopping:
            self._requeue(item)
            self._fill()

    def _requeue(self, item: ItemState) -> None:
        self._change(item, State.QUEUED)
        self._queue.appendleft(item.id)

    def _finish(
        self, item: ItemState, state: State, reason: str = "", *,
        result: Result | None = None, sync: bool = True,
    ) -> None:  # fmt: skip
        """Records the end on the disk, then lets go of what the item held."""
        self._change(item, state, reason, result=result, sync=sync)
        if state is State.DONE:
            _forget(checkpoint_file(self._repository(), self.spec.workflow, item.info.key))
        if (owner := self._owners.pop(item.id, None)) is not None:
            owner.release(remove=True)

    # --- what workers say

    def _heard(self, name: str, attempt: int, message: AnyFromWorker) -> None:
        item = self.state.items[name]
        if attempt and attempt != item.attempt:
            return
        match message:
            case Ready(preloaded=False):
                self._note(f"{name}: its process had to load its libraries itself", item=name)
            case NodeBegan():
                if item.state is State.STARTING:
                    self._change(item, State.RUNNING)
                self._from_worker(NodeStarted(node=message.node, task=message.task), item)
            case NodeDone():
                self._from_worker(
                    NodeEnded(node=message.node, task=message.task, error=message.error), item
                )
            case Progress():
                self._from_worker(
                    Progressed(iteration=message.iteration, limit=message.limit, note=message.note),
                    item,
                )
            case Remark():
                self._from_worker(Notice(text=message.text, level=message.level), item)
            case AnswerReused():
                self._from_worker(CallSkipped(model=message.model, node=message.node), item)
            case Acquire():
                grant, started = self._leases.acquire(name, attempt, message)
                self.emit(started)
                self._send(self._executor.command(name, grant))
            case Release():
                if (ended := self._leases.release(name, attempt, message)) is not None:
                    self.emit(ended)

    def _from_worker(self, event: AnyEvent, item: ItemState) -> None:
        event.item, event.attempt = item.id, item.attempt
        self.emit(event)

    def _note(self, text: str, *, item: str = "") -> None:
        self.emit(Notice(text=text, level="warning", item=item))

    def _send(self, sending: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(sending)
        self._sends.add(task)
        task.add_done_callback(self._sends.discard)

    # --- what users want

    def pause(self, names: Iterable[str]) -> list[str]:
        """Pauses items at their next node border; with no names all of them, and the queue."""
        items = self._chosen(names)
        if not names:
            self.emit(RunHeld(held=True, reason="by you"))
        affected = []
        for item in items:
            if item.state in (State.STARTING, State.RUNNING):
                self._change(item, State.PAUSING)
                self._send(self._executor.command(item.id, Drain(why="pause")))
            elif item.state is State.PAUSING and item.id in self._resume_wanted:
                self._resume_wanted.discard(item.id)
            elif item.state in (State.RETRYING, State.QUEUED) and names:
                if item.id in self._queue:
                    self._queue.remove(item.id)
                self._change(item, State.PAUSED, "by you")
            else:
                continue
            affected.append(item.id)
        return affected

    def resume(self, names: Iterable[str]) -> list[str]:
        """Queues paused items again; with no names all of them, and opens the queue."""
        items = self._chosen(names)
        if not names:
            self.emit(RunHeld(held=False))
        affected = []
        for item in items:
            if item.state in (State.PAUSED, State.QUOTA):
                self._change(item, State.QUEUED)
                affected.append(item.id)
            elif item.state is State.PAUSING:
                self._resume_wanted.add(item.id)
                affected.append(item.id)
        fresh = [name for name in affected if self.state.items[name].state is State.QUEUED]
        self._queue.extendleft(reversed(fresh))
        self._fill()
        return affected

    def cancel(self, names: Iterable[str], *, force: bool = False) -> list[str]:
        """Ends items; with no names all that are not through."""
        affected = []
        for item in self._chosen(names):
            if item.state.terminal:
                continue
            affected.append(item.id)
            if item.id in self._tasks:
                again = item.state is State.CANCELLING
                if not again:
                    self._change(item, State.CANCELLING)
                if force or not again:
                    self._send(self._executor.cancel(item.id, 0.0 if force else GRACE))
            else:
                if item.id in self._queue:
                    self._queue.remove(item.id)
                self._finish(item, State.CANCELLED, "by you", sync=False)
        self._journal.sync()
        self._fill()
        return affected

    def retry(self, names: Iterable[str]) -> list[str]:
        """Queues items again that failed, were lost, cancelled or skipped."""
        affected = []
        for item in self._chosen(names):
            if item.state in _RESTARTABLE:
                self._lost[item.id] = 0
                self._change(item, State.QUEUED, tries=item.tries + 1)
                self._queue.append(item.id)
                affected.append(item.id)
        self._fill()
        return affected

    def stop(self, *, force: bool = False) -> list[str]:
        """Ends every process at its last checkpoint; the run can be resumed."""
        self.stopping = True
        affected = list(self._tasks)
        for name in affected:
            self._send(self._executor.cancel(name, 0.0 if force else GRACE / 2))
        self._fill()
        return affected

    def _chosen(self, names: Iterable[str]) -> list[ItemState]:
        chosen = list(names)
        if unknown := [name for name in chosen if name not in self.state.items]:
            raise TuiError(f"This run has no item {', '.join(unknown)}.")
        return [self.state.items[name] for name in chosen] or list(self.state.items.values())

    def release_all(self) -> None:
        """Gives back the locks of items that are not through."""
        for owner in self._owners.values():
            owner.release()
        self._owners.clear()

    def at_work(self) -> list[ItemState]:
        """The items that have a process."""
        return [item for item in self.state.items.values() if item.state in AT_WORK]


def _forget(checkpoint: Path) -> None:
    """Removes a checkpoint's database; its folder is made for the next one."""
    private_directory(checkpoint.parent)
    for suffix in ("", "-wal", "-shm"):
        checkpoint.with_name(checkpoint.name + suffix).unlink(missing_ok=True)
    checkpoint.with_suffix(".busy").unlink(missing_ok=True)
