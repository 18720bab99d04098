"""The scheduler of a run: starts items, handles their ends, carries out commands on them."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from assemblyzero_tui.runner.base.errors import StartLostError, TuiError
from assemblyzero_tui.runner.base.paths import (
    RunFolder,
    checkpoint_url,
)
from assemblyzero_tui.runner.engine.checkpoints import Checkpoints
from assemblyzero_tui.runner.engine.executors.executor import Executor, Outcome
from assemblyzero_tui.runner.engine.item_queue import ItemQueue
from assemblyzero_tui.runner.engine.later_starts import LaterStarts
from assemblyzero_tui.runner.engine.message_handler import WorkerMessageHandler
from assemblyzero_tui.runner.engine.pool_service import PoolService
from assemblyzero_tui.runner.engine.quota_pause import QuotaPause
from assemblyzero_tui.runner.engine.recorder import Recorder
from assemblyzero_tui.runner.locks.item_locks import Holder, ItemLocks
from assemblyzero_tui.runner.logs.debug_log import debug_log_file, debug_wanted
from assemblyzero_tui.runner.model.events import EngineStarted, Notice, Result, RunHeld
from assemblyzero_tui.runner.model.run_spec import RunSpec, WorkerSpec
from assemblyzero_tui.runner.model.run_state import ItemState
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.wire.worker_messages import AnyToWorker, Drain

GRACE = 5.0
"""Seconds between asking a process to end, TERM and KILL, unless the run is stopping."""
LOST_DELAYS = (0.5, 2.0, 5.0)
"""Seconds before an item whose process was lost is started again; then it is given up."""


@dataclass(frozen=True, slots=True)
class RetryRequest:
    """The items to retry when a run is resumed."""

    items: Sequence[str]
    """Their ids; if empty, all items that can be retried."""
    fresh: bool = False
    """Whether they start over, without their checkpoints."""


class Supervisor:
    """Keeps at most ``parallel`` items at work until every item has ended.

    Every decision is recorded as an event before it is carried out.
    """

    def __init__(
        self,
        spec: RunSpec,
        folder: RunFolder,
        recorder: Recorder,
        executor: Executor,
        pool: PoolService,
        locks: ItemLocks,
    ) -> None:
        self.spec = spec
        self.state = recorder.state
        self.stopping = False
        self._grace = GRACE
        """Seconds between asking a process to end, TERM and KILL; less while stopping."""
        self._folder = folder
        self._recorder = recorder
        self._executor = executor
        self.quota_pause = QuotaPause(
            spec, recorder, pool, executor, self._requeue, self.start_items
        )
        self.messages = WorkerMessageHandler(
            recorder, self._command, pool,
            revoke=self._revoke, on_pool_changed=self.quota_pause.pool_changed,
            on_blocked=self.quota_pause.blocked, on_failure=self._fail,
        )  # fmt: skip
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.queue = ItemQueue(spec, recorder, locks, self)
        self._checkpoints = Checkpoints(spec)
        self._later = LaterStarts(recorder, self._start_now)
        self._lost: Counter[str] = Counter()
        self._resume_wanted: set[str] = set()
        self._sends: set[asyncio.Task[None]] = set()
        self._unrecorded: list[ItemState] = []
        """Items whose end is not on the disk yet."""
        self._idle = asyncio.Event()
        self._failure: BaseException | None = None

    async def run(self, pid: int, retry: RetryRequest | None = None) -> None:
        """Serves the run until every item has ended, or until it is stopped."""
        resumed = bool(self.state.engine_pid)
        for item in self.state.items.values():
            if item.attempt:
                self._checkpoints.mark_begun(item)
        self._recorder.emit(
            EngineStarted(
                pid=pid,
                resumed=resumed,
                parallel=self.spec.parallel,
                stops=self.spec.on_exhausted == "stop",
            ),
            sync=True,
        )
        self.messages.start()
        await self._executor.start(self.messages.handle)
        self.queue.append(item.id for item in self.state.unfinished())
        if retry is not None:
            self.retry(retry.items, fresh=retry.fresh)
        self.start_items()
        await self._idle.wait()
        if self._failure is not None:
            raise self._failure

    def start_items(self) -> None:
        """Starts items while there is room; ends the run when nothing is left to do."""
        while (
            not self.state.held
            and not self.stopping
            and not self.quota_pause.blocks_starts
            and self._recorder.write_error is None
            and len(self._tasks) < self.state.at_once
            and (item := self.queue.take()) is not None
        ):
            task = asyncio.create_task(self._work(item), name=f"work {item.id}")
            self._tasks[item.id] = task
            task.add_done_callback(partial(self._on_attempt_end, item))
        ended = self.quota_pause.given_up or self.queue.lock_lost or self.state.finished
        if not self._tasks and (self.stopping or (ended and self._recorder.write_error is None)):
            self._idle.set()

    def skip(self, item: ItemState, holder: Holder) -> None:
        """Ends an item that another run has finished since this run started."""
        where = "" if holder.repository == self.spec.repository else f" in {holder.repository}"
        self._finish(item, State.SKIPPED, f"{holder.outcome or 'done'}{where} by {holder}")
        if not where:
            self._checkpoints.remove(item)

    def lock_failed(self, item: ItemState, error: TuiError) -> None:
        """Ends an item that cannot be locked."""
        self._recorder.change_state(item, State.STARTING, attempt=item.attempt + 1)
        self._finish(item, State.FAILED, error.what)

    def _on_attempt_end(self, item: ItemState, task: asyncio.Task[None]) -> None:
        self._tasks.pop(item.id, None)
        if not task.cancelled() and (failure := task.exception()) is not None:
            self._fail(failure)
        self.start_items()

    def _fail(self, failure: BaseException) -> None:
        self._failure = self._failure or failure
        self._idle.set()

    async def _work(self, item: ItemState) -> None:
        """One attempt of one item."""
        attempt = item.attempt + 1
        try:
            checkpoint = self._checkpoints.prepare(item)
            self._recorder.change_state(item, State.STARTING, attempt=attempt)
            await self._executor.submit(self._worker_spec(item, attempt, checkpoint))
        except StartLostError as error:
            self._settle(item, Outcome("lost", error.what))
            return
        except TuiError as error:
            if item.state is State.QUEUED:
                self._recorder.change_state(item, State.STARTING, attempt=attempt)
            self._finish(item, State.FAILED, error.what)
            return
        if item.state is State.PAUSING:
            await self._executor.command(item.id, Drain(why="pause"))
        elif self.stopping or item.state is State.CANCELLING:
            self._send(self._executor.cancel(item.id, self._grace))
        outcome = await self._executor.wait(item.id)
        await self.messages.worker_died(item.id)
        self._settle(item, outcome)

    def _worker_spec(self, item: ItemState, attempt: int, checkpoint: Path) -> WorkerSpec:
        fresh = self._checkpoints.is_fresh(item)
        debug_log = debug_log_file(self._folder, f"worker-{item.id}-{attempt}")
        return WorkerSpec(
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
            debug_log=str(debug_log) if debug_wanted() else "",
        )

    def _settle(self, item: ItemState, outcome: Outcome) -> None:
        """Puts an item into the state that follows from how its attempt ended."""
        if outcome.kind == "finished":
            self._finish(item, State.DONE, result=outcome.result)
        elif outcome.kind in ("failed", "refused"):
            self._finish(item, State.FAILED, outcome.reason, result=outcome.result)
        elif item.state is State.CANCELLING:
            self._finish(item, State.CANCELLED, "by you")
        elif self.stopping:
            self._recorder.change_state(item, State.PAUSED, "saved")
        elif outcome.kind == "exhausted" and item.state is not State.PAUSING:
            self.quota_pause.item_saved(item, outcome)
        elif outcome.kind == "waiting" and item.state is not State.PAUSING:
            if not self._later.put_off(item, outcome.reason, outcome.until):
                self._finish(item, State.FAILED, outcome.reason)
        elif outcome.kind in ("paused", "exhausted", "waiting"):
            resume_wanted = item.id in self._resume_wanted
            self._recorder.change_state(item, State.PAUSED, "saved" if resume_wanted else "by you")
            if resume_wanted:
                self._requeue(item)
        else:
            self._recover(item, outcome.reason)
        self._resume_wanted.discard(item.id)

    def _revoke(self, name: str, attempt: int) -> None:
        """Ends a worker that kept a lease for too long; another attempt follows."""
        item = self.state.items[name]
        if name in self._tasks and item.attempt == attempt:
            text = "its process kept a call for too long and was ended"
            self._recorder.emit(Notice(item=name, attempt=attempt, text=text, level="warning"))
            self._send(self._executor.cancel(name, GRACE))

    def _recover(self, item: ItemState, reason: str) -> None:
        """Retries an item whose process was lost, from its checkpoint, a few times."""
        self._lost[item.id] += 1
        if item.state is State.PAUSING:
            self._recorder.change_state(item, State.PAUSED, f"by you; {reason}")
            return
        if self._lost[item.id] > len(LOST_DELAYS):
            self._finish(item, State.LOST, reason)
            return
        self._later.start_in(item, reason, LOST_DELAYS[self._lost[item.id] - 1])

    def _start_now(self, item: ItemState) -> None:
        if not self.stopping:
            self._requeue(item)
            self.start_items()

    def _requeue(self, item: ItemState) -> None:
        self._recorder.change_state(item, State.QUEUED)
        self.queue.prepend([item.id])

    def _finish(
        self, item: ItemState, state: State, reason: str = "", *,
        result: Result | None = None, sync: bool = True,
    ) -> None:  # fmt: skip
        """Records the end on the disk, then releases the item's lock."""
        self._recorder.change_state(item, state, reason, result=result, sync=sync)
        self.messages.item_ended(item.id)
        if sync and self._recorder.write_error is not None:
            self._unrecorded.append(item)
        else:
            self._release(item)

    def journal_recovered(self) -> None:
        """Resumes the work that had to wait while the journal could not be written."""
        for item in self._unrecorded:
            self._release(item)
        self._unrecorded.clear()
        self.start_items()

    def give_up(self, failure: BaseException) -> None:
        """Ends the engine, because the run cannot be served any more."""
        self._fail(failure)

    def _release(self, item: ItemState) -> None:
        """Releases the lock of an item whose end is on the disk; removes the checkpoint if done."""
        result = item.result
        if item.state is State.DONE and not (result is not None and result.keeps_checkpoint):
            self._checkpoints.remove(item)
            self.queue.finish(item, time.time(), result)
        else:
            self.queue.release(item)

    def _command(self, item: str, command: AnyToWorker) -> None:
        self._send(self._executor.command(item, command))

    def _send(self, sending: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(sending)
        self._sends.add(task)
        task.add_done_callback(self._sends.discard)

    def pause(self, names: Iterable[str]) -> list[str]:
        """Pauses items at their next node boundary; without names, all items and the queue."""
        items = self._chosen(names)
        if not names:
            self._recorder.emit(RunHeld(held=True, reason="by you"))
        affected = []
        for item in items:
            if not item.state.pausable:
                continue
            if item.state.at_work:
                self._resume_wanted.discard(item.id)
                self._recorder.change_state(item, State.PAUSING)
                self._command(item.id, Drain(why="pause"))
            elif names:
                self.queue.remove(item.id)
                self._recorder.change_state(item, State.PAUSED, "by you")
            else:
                continue
            affected.append(item.id)
        return affected

    def resume(self, names: Iterable[str]) -> list[str]:
        """Queues paused items again; without names, all of them, and resumes the queue."""
        items = self._chosen(names)
        if not names:
            self._recorder.emit(RunHeld(held=False))
        self.quota_pause.unblock()
        affected = []
        for item in items:
            waits_for_quota = item.state is State.QUOTA and self.quota_pause.resumable
            if not (item.state.resumable or waits_for_quota):
                continue
            if item.state.at_work:  # it saves at the node boundary as asked, then continues
                self._recorder.change_state(item, State.RUNNING, "pause cancelled")
                self._resume_wanted.add(item.id)
            else:
                self._recorder.change_state(item, State.QUEUED)
            affected.append(item.id)
        queued = [name for name in affected if self.state.items[name].state is State.QUEUED]
        self.queue.prepend(queued)
        self.start_items()
        return affected

    def cancel(self, names: Iterable[str], *, force: bool = False) -> list[str]:
        """Cancels items; without names, all that have not ended."""
        affected = []
        for item in self._chosen(names):
            if not item.state.cancellable:
                continue
            affected.append(item.id)
            if item.id in self._tasks:
                repeated = item.state is State.CANCELLING
                if not repeated:
                    self._recorder.change_state(item, State.CANCELLING)
                if force or not repeated:
                    self._send(self._executor.cancel(item.id, 0.0 if force else GRACE))
            else:
                self.queue.remove(item.id)
                self._finish(item, State.CANCELLED, "by you", sync=False)
        self._recorder.sync()
        self.start_items()
        return affected

    def retry(self, names: Iterable[str], *, fresh: bool = False) -> list[str]:
        """Queues failed, lost and cancelled items again; skipped ones only if named."""
        names = list(names)
        self.quota_pause.unblock()
        affected = []
        for item in self._chosen(names):
            if item.state.retriable and (names or item.state is not State.SKIPPED):
                self._lost[item.id] = 0
                self._later.forget(item)
                self.queue.require(item.id)
                if fresh:
                    self._checkpoints.start_over(item)
                self._recorder.change_state(item, State.QUEUED, tries=item.tries + 1)
                self.queue.append([item.id])
                affected.append(item.id)
        self.start_items()
        return affected

    def stop(self, *, force: bool = False) -> list[str]:
        """Ends every worker at its last checkpoint; the run can be resumed."""
        self.stopping = True
        self._grace = 0.0 if force else GRACE / 2
        affected = list(self._tasks)
        for name in affected:
            self._send(self._executor.cancel(name, self._grace))
        self.start_items()
        return affected

    def _chosen(self, names: Iterable[str]) -> list[ItemState]:
        chosen = list(names)
        if unknown := [name for name in chosen if name not in self.state.items]:
            raise TuiError(f"This run has no item {', '.join(unknown)}.")
        return [self.state.items[name] for name in chosen] or list(self.state.items.values())

    def release_all(self) -> None:
        """Releases the locks of items that have not ended."""
        self.queue.close()
