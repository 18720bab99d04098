"""Scheduling: which item runs when, and what becomes of it."""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter, deque
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from assemblyzero_tui.runner.base.errors import StartLostError, TuiError
from assemblyzero_tui.runner.base.paths import (
    RunFolder,
    checkpoint_file,
    checkpoint_url,
    make_private_directory,
)
from assemblyzero_tui.runner.base.sqlite_files import remove_database
from assemblyzero_tui.runner.engine.claims import Claims
from assemblyzero_tui.runner.engine.executors.executor import Executor, Outcome
from assemblyzero_tui.runner.engine.pool_service import PoolService
from assemblyzero_tui.runner.engine.quota_pause import QuotaPause
from assemblyzero_tui.runner.engine.recorder import Recorder
from assemblyzero_tui.runner.engine.worker_messages import WorkerMessageHandler
from assemblyzero_tui.runner.locks.item_locks import Holder, ItemLocks
from assemblyzero_tui.runner.logs.debug_log import debug_log_file, debug_wanted
from assemblyzero_tui.runner.model.events import EngineStarted, Notice, Result, RunHeld
from assemblyzero_tui.runner.model.run_spec import RunSpec, WorkerSpec
from assemblyzero_tui.runner.model.run_state import ItemState
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.wire.worker_messages import AnyToWorker, Drain
from assemblyzero_tui.runner.workflows.catalog import entry

GRACE = 5.0
"""Seconds between asking a process to leave, TERM and KILL, unless the run is stopping."""
LOST_DELAYS = (0.5, 2.0, 5.0)
"""Seconds before an item whose process was lost is started again; then it is given up."""


@dataclass(frozen=True, slots=True)
class RetryRequest:
    """What is tried again when a run goes on."""

    items: Sequence[str]
    """Their ids; all that can be tried again if empty."""
    afresh: bool = False
    """They begin without their checkpoints."""


class Supervisor:
    """Keeps at most ``parallel`` items at work until every item is through.

    Whatever it decides becomes an event first.
    """

    def __init__(
        self,
        spec: RunSpec,
        folder: RunFolder,
        record: Recorder,
        executor: Executor,
        keeper: PoolService,
        locks: ItemLocks,
    ) -> None:
        self.spec = spec
        self.state = record.state
        self.stopping = False
        self._grace = GRACE
        """Seconds between asking a process to leave, TERM and KILL; less while stopping."""
        self.unlocked = False
        """A lock of ours was removed: others may be at work on the same, so nothing is started."""
        self._folder = folder
        self._record = record
        self._executor = executor
        self.keys = QuotaPause(spec, record, keeper, executor, self._requeue, self._fill)
        self._hearing = WorkerMessageHandler(
            record, self._command, keeper,
            revoke=self._revoke, changed=self.keys.changed, failed=self._failed,
        )  # fmt: skip
        self._queue: deque[str] = deque()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._claims = Claims(locks, self._fill)
        self._looks_itself = entry(spec.workflow).looks_itself
        self._lost: Counter[str] = Counter()
        self._resume_wanted: set[str] = set()
        self._begun: set[str] = set()
        self._afresh: set[str] = set()
        self._insisted: set[str] = set()
        self._sends: set[asyncio.Task[None]] = set()
        self._unrecorded: list[ItemState] = []
        """Items whose end is not on the disk yet."""
        self._idle = asyncio.Event()
        self._failure: BaseException | None = None

    async def run(self, pid: int, again: RetryRequest | None = None) -> None:
        """Serves the run until every item is through, or until it was stopped."""
        resumed = bool(self.state.engine_pid)
        self._begun = {item.id for item in self.state.items.values() if item.attempt}
        self._record.emit(
            EngineStarted(
                pid=pid,
                resumed=resumed,
                parallel=self.spec.parallel,
                stops=self.spec.on_exhausted == "stop",
            ),
            sync=True,
        )
        self._hearing.begin()
        await self._executor.start(self._hearing.heard)
        self._queue.extend(item.id for item in self.state.unfinished())
        if again is not None:
            self.retry(again.items, afresh=again.afresh)
        self._fill()
        await self._idle.wait()
        if self._failure is not None:
            raise self._failure

    def _fill(self) -> None:
        """Starts items while there is room, and notices when nothing is left."""
        while (
            not self.state.held
            and not self.stopping
            and not self.keys.closed
            and self._record.write_error is None
            and len(self._tasks) < self.state.at_once
            and (item := self._next()) is not None
        ):
            task = asyncio.create_task(self._work(item), name=f"work {item.id}")
            self._tasks[item.id] = task
            task.add_done_callback(partial(self._worked, item))
        through = self.keys.given_up or self.unlocked or self.state.finished
        if not self._tasks and (self.stopping or (through and self._record.write_error is None)):
            self._idle.set()

    def _next(self) -> ItemState | None:
        """The next item of the queue, locked; what others are at work on waits at its end."""
        for _ in range(len(self._queue)):
            if self._unlocked():
                return None
            item = self.state.items[self._queue.popleft()]
            insists = self._looks_itself or self.spec.options.fresh or item.id in self._insisted
            asked = math.inf if insists else self.spec.asked or self.state.started or 0.0
            try:
                holder = self._claims.take(item.info.key, asked)
            except TuiError as error:
                self._record.change(item, State.STARTING, attempt=item.attempt + 1)
                self._finish(item, State.FAILED, error.what)
                continue
            if holder is None:
                return item
            if holder.finished:
                self._skip(item, holder)
                continue
            self._queue.append(item.id)
            reason = f"at work in {holder}"
            if item.reason != reason:
                self._record.change(item, State.QUEUED, reason, elsewhere=holder.run or "unknown")
        return None

    def _unlocked(self) -> bool:
        if not self.unlocked and (path := self._claims.lost()) is not None:
            self.unlocked = True
            text = (
                f"The lock {path} was removed, so another run may begin the same item. Nothing "
                "more is started; what is at work goes on. Then look what removed it, and go on: "
                f"assemblyzero-tui resume {self.spec.run}"
            )
            self._record.emit(Notice(text=text, level="error"))
        return self.unlocked

    def _skip(self, item: ItemState, holder: Holder) -> None:
        """Another run has finished the item since this one was asked for it."""
        where = "" if holder.repository == self.spec.repository else f" in {holder.repository}"
        self._finish(item, State.SKIPPED, f"{holder.outcome or 'done'}{where} by {holder}")
        if not where:
            remove_database(self._checkpoint(item))

    def _worked(self, item: ItemState, task: asyncio.Task[None]) -> None:
        self._tasks.pop(item.id, None)
        if not task.cancelled() and (failure := task.exception()) is not None:
            self._failed(failure)
        self._fill()

    def _failed(self, failure: BaseException) -> None:
        self._failure = self._failure or failure
        self._idle.set()

    async def _work(self, item: ItemState) -> None:
        """One attempt of one item."""
        checkpoint = self._checkpoint(item)
        attempt = item.attempt + 1
        try:
            make_private_directory(checkpoint.parent)
            fresh = self.spec.options.fresh or item.id in self._afresh
            if fresh and item.id not in self._begun:
                remove_database(checkpoint)
            self._begun.add(item.id)
            self._record.change(item, State.STARTING, attempt=attempt)
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
                    options=msgspec.structs.replace(self.spec.options, fresh=fresh),
                    tracker=self.spec.tracker,
                    clock_speed=self.spec.clock_speed,
                    debug_log=self._debug_log(item, attempt),
                )
            )
        except StartLostError as error:
            self._settle(item, Outcome("lost", error.what))
            return
        except TuiError as error:
            if item.state is State.QUEUED:
                self._record.change(item, State.STARTING, attempt=attempt)
            self._finish(item, State.FAILED, error.what)
            return
        if item.state is State.PAUSING:
            await self._executor.command(item.id, Drain(why="pause"))
        elif self.stopping or item.state is State.CANCELLING:
            self._send(self._executor.cancel(item.id, self._grace))
        outcome = await self._executor.wait(item.id)
        await self._hearing.died(item.id)
        self._settle(item, outcome)

    def _debug_log(self, item: ItemState, attempt: int) -> str:
        if not debug_wanted():
            return ""
        return str(debug_log_file(self._folder, f"worker-{item.id}-{attempt}"))

    def _checkpoint(self, item: ItemState) -> Path:
        return checkpoint_file(Path(self.spec.repository), self.spec.workflow, item.info.key)

    def _settle(self, item: ItemState, outcome: Outcome) -> None:
        """What an ended attempt makes of its item."""
        if outcome.kind == "finished":
            self._finish(item, State.DONE, result=outcome.result)
        elif outcome.kind in ("failed", "refused"):
            self._finish(item, State.FAILED, outcome.reason, result=outcome.result)
        elif item.state is State.CANCELLING:
            self._finish(item, State.CANCELLED, "by you")
        elif self.stopping:
            self._record.change(item, State.PAUSED, "saved")
        elif outcome.kind == "exhausted" and item.state is not State.PAUSING:
            self.keys.parked(item, outcome)
        elif outcome.kind in ("paused", "exhausted"):
            taken_back = item.id in self._resume_wanted
            self._record.change(item, State.PAUSED, "saved" if taken_back else "by you")
            if taken_back:
                self._requeue(item)
        else:
            self._recover(item, outcome.reason)
        self._resume_wanted.discard(item.id)

    def _revoke(self, name: str, attempt: int) -> None:
        """Ends a worker that kept a lease for too long; another one takes over."""
        item = self.state.items[name]
        if name in self._tasks and item.attempt == attempt:
            text = "its process kept a call for too long and is ended"
            self._record.emit(Notice(item=name, attempt=attempt, text=text, level="warning"))
            self._send(self._executor.cancel(name, GRACE))

    def _recover(self, item: ItemState, reason: str) -> None:
        """A process was lost: tries again from the checkpoint, a few times."""
        self._lost[item.id] += 1
        if item.state is State.PAUSING:
            self._record.change(item, State.PAUSED, f"by you; {reason}")
            return
        if self._lost[item.id] > len(LOST_DELAYS):
            self._finish(item, State.LOST, reason)
            return
        delay = LOST_DELAYS[self._lost[item.id] - 1]
        until = time.time() + delay
        self._record.change(item, State.RETRYING, reason, until=until, tries=item.tries + 1)
        asyncio.get_running_loop().call_later(delay, self._retry_lost, item)

    def _retry_lost(self, item: ItemState) -> None:
        if item.state is State.RETRYING and not self.stopping:
            self._requeue(item)
            self._fill()

    def _requeue(self, item: ItemState) -> None:
        self._record.change(item, State.QUEUED)
        self._queue.appendleft(item.id)

    def _finish(
        self, item: ItemState, state: State, reason: str = "", *,
        result: Result | None = None, sync: bool = True,
    ) -> None:  # fmt: skip
        """Records the end on the disk, then lets go of what the item held."""
        self._record.change(item, state, reason, result=result, sync=sync)
        self._hearing.through(item.id)
        if sync and self._record.write_error is not None:
            self._unrecorded.append(item)
        else:
            self._let_go(item)

    def recorded(self) -> None:
        """Everything is on the disk again: goes on with what waited for that."""
        for item in self._unrecorded:
            self._let_go(item)
        self._unrecorded.clear()
        self._fill()

    def give_up(self, failure: BaseException) -> None:
        """Leaves the run: it cannot be served any more."""
        self._failed(failure)

    def _let_go(self, item: ItemState) -> None:
        """Nothing is needed any more of an item whose end is on the disk."""
        key, result = item.info.key, item.result
        if item.state is State.DONE and not (result is not None and result.keeps_checkpoint):
            remove_database(self._checkpoint(item))
            self._claims.finish(key, time.time(), result.summary if result is not None else "")
        else:
            self._claims.give_back(key)

    def _command(self, item: str, command: AnyToWorker) -> None:
        self._send(self._executor.command(item, command))

    def _send(self, sending: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(sending)
        self._sends.add(task)
        task.add_done_callback(self._sends.discard)

    def pause(self, names: Iterable[str]) -> list[str]:
        """Pauses items at their next node border; with no names all of them, and the queue."""
        items = self._chosen(names)
        if not names:
            self._record.emit(RunHeld(held=True, reason="by you"))
        affected = []
        for item in items:
            if not item.state.pausable:
                continue
            if item.state.at_work:
                self._resume_wanted.discard(item.id)
                self._record.change(item, State.PAUSING)
                self._command(item.id, Drain(why="pause"))
            elif names:
                if item.id in self._queue:
                    self._queue.remove(item.id)
                self._record.change(item, State.PAUSED, "by you")
            else:
                continue
            affected.append(item.id)
        return affected

    def resume(self, names: Iterable[str]) -> list[str]:
        """Queues paused items again; with no names all of them, and opens the queue."""
        items = self._chosen(names)
        if not names:
            self._record.emit(RunHeld(held=False))
        self.keys.given_up = False
        affected = []
        for item in items:
            if not (item.state.resumable or (item.state is State.QUOTA and self.keys.there)):
                continue
            if item.state.at_work:  # it saves at the border as asked, then continues
                self._record.change(item, State.RUNNING, "pause taken back")
                self._resume_wanted.add(item.id)
            else:
                self._record.change(item, State.QUEUED)
            affected.append(item.id)
        fresh = [name for name in affected if self.state.items[name].state is State.QUEUED]
        self._queue.extendleft(reversed(fresh))
        self._fill()
        return affected

    def cancel(self, names: Iterable[str], *, force: bool = False) -> list[str]:
        """Ends items; with no names all that are not through."""
        affected = []
        for item in self._chosen(names):
            if not item.state.cancellable:
                continue
            affected.append(item.id)
            if item.id in self._tasks:
                again = item.state is State.CANCELLING
                if not again:
                    self._record.change(item, State.CANCELLING)
                if force or not again:
                    self._send(self._executor.cancel(item.id, 0.0 if force else GRACE))
            else:
                if item.id in self._queue:
                    self._queue.remove(item.id)
                self._finish(item, State.CANCELLED, "by you", sync=False)
        self._record.sync()
        self._fill()
        return affected

    def retry(self, names: Iterable[str], *, afresh: bool = False) -> list[str]:
        """Queues items again that failed, were lost or cancelled; skipped ones if named."""
        names = list(names)
        self.keys.given_up = False
        affected = []
        for item in self._chosen(names):
            if item.state.retriable and (names or item.state is not State.SKIPPED):
                self._lost[item.id] = 0
                self._insisted.add(item.id)
                if afresh:
                    self._begun.discard(item.id)
                    self._afresh.add(item.id)
                self._record.change(item, State.QUEUED, tries=item.tries + 1)
                self._queue.append(item.id)
                affected.append(item.id)
        self._fill()
        return affected

    def stop(self, *, force: bool = False) -> list[str]:
        """Ends every process at its last checkpoint; the run can be resumed."""
        self.stopping = True
        self._grace = 0.0 if force else GRACE / 2
        affected = list(self._tasks)
        for name in affected:
            self._send(self._executor.cancel(name, self._grace))
        self._fill()
        return affected

    def _chosen(self, names: Iterable[str]) -> list[ItemState]:
        chosen = list(names)
        if unknown := [name for name in chosen if name not in self.state.items]:
            raise TuiError(f"This run has no item {', '.join(unknown)}.")
        return [self.state.items[name] for name in chosen] or list(self.state.items.values())

    def release_all(self) -> None:
        """Gives back the locks of items that are not through."""
        self._claims.close()
