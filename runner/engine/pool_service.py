"""Runs the pool in a thread: takes steps, and delivers ledgers to the event loop.

All queued steps are done in one transaction of the store, so that a thousand grants cost little
more than one, and neither the disk nor another engine ever blocks the event loop. A pool without
credentials has nothing to share: it runs in the event loop, at once and by timer.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.credentials.rotation_file import write_exhausted
from assemblyzero_tui.runner.model.events import AnyEvent, CredentialChanged, Notice
from assemblyzero_tui.runner.pool.grants.ledger import Ledger
from assemblyzero_tui.runner.pool.grants.pool import Pool
from assemblyzero_tui.runner.pool.store.store import PoolStore

Step = Callable[[Pool], None]

POLL_INTERVAL = 1.0
"""Maximum seconds between two reads of the store, which other runs and the user change."""
MIN_WAIT = 0.001
"""Minimum seconds to wait, as a rounded time may be slightly too early."""
JOIN_TIMEOUT = 4.0
"""Seconds that the thread may take to end."""
DRAIN_TIMEOUT = 5.0
"""Seconds that queued steps may take; they take longer only if the store or its disk hangs."""


class PoolService:
    """Runs the steps of a pool and delivers its ledgers to the event loop.

    Args:
        pool: The pool; belongs to the service from :meth:`start` on.
        store: The database in which the pool is stored.
        run: The name of the run.
        folder: The folder of the run.
        rotation: AssemblyZero's file of exhausted credentials.
    """

    def __init__(
        self,
        pool: Pool,
        store: Path | None = None,
        run: str = "",
        folder: Path | None = None,
        rotation: Path | None = None,
    ) -> None:
        self.metered = bool(pool.registry.credentials)
        """Whether leases need credentials."""
        self._pool = pool
        self._path = store
        self._run = run
        self._folder = folder
        self._rotation = rotation
        self._steps: queue.SimpleQueue[Step | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._deliver: Callable[[Ledger], None] = lambda _: None
        self._fail: Callable[[BaseException], None] = lambda _: None

    def start(
        self, deliver: Callable[[Ledger], None], fail: Callable[[BaseException], None]
    ) -> None:
        """Starts the service; it calls ``deliver`` in the running event loop.

        Args:
            deliver: Called with each ledger.
            fail: Called with an error that ends the service.
        """
        self._deliver, self._fail = deliver, fail
        self._loop = asyncio.get_running_loop()
        self.put(lambda pool: pool.registry.report_all())
        if self.metered:
            self._thread = threading.Thread(target=self._run_thread, name="pool", daemon=True)
            self._thread.start()

    def put(self, step: Step) -> None:
        """Queues a step; steps are done soon, and in order."""
        if self.metered:
            self._steps.put(step)
        else:
            step(self._pool)
            self._process()

    def _process(self) -> None:
        """Processes a pool without credentials, now and whenever its own timers expire."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        ledger = self._pool.process()
        if self._loop is not None and self._pool.next_time() is not None:
            self._timer = self._loop.call_later(self._wait(), self._process)
        self._deliver(ledger)

    async def drain(self) -> None:
        """Waits until the ledgers of all queued steps are delivered.

        It waits at most `DRAIN_TIMEOUT` per attempt; later ledgers are delivered when they come.
        """
        if self._thread is None or self._loop is None:
            return
        for _ in range(2):  # a step is done before the ledger of its batch is delivered
            done = asyncio.Event()
            self.put(lambda _, done=done: self._call(done.set))  # type: ignore[misc]
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(done.wait(), DRAIN_TIMEOUT)

    def close(self) -> None:
        """Ends the service after all queued steps, and publishes the last figures."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._thread is not None:
            self._steps.put(lambda pool: pool.status.report_figures_now())
            self._steps.put(None)
            self._thread.join(JOIN_TIMEOUT)
            self._thread = None

    # In the thread

    def _run_thread(self) -> None:
        try:
            store = None
            if self._path is not None:
                store = PoolStore.open(
                    self._path, self._pool.clock, run=self._run, folder=self._folder,
                    days=self._pool.registry.days,
                )  # fmt: skip
                store.load(self._pool.registry)
            while (batch := self._next()) is not None:
                self._work(store, batch)
            if store is not None:
                store.close()
        except BaseException as error:
            failure = error
            self._call(lambda: self._fail(failure))

    def _work(self, store: PoolStore | None, batch: list[Step]) -> None:
        def work() -> Ledger:
            for step in batch:
                step(self._pool)
            return self._pool.process()

        ledger = store.exchange(self._pool.registry, work) if store is not None else work()
        if store is not None and store.notes:
            ledger.events += [Notice(text=note, level="warning") for note in store.notes]
            store.notes.clear()
        if self._rotation is not None:
            ledger.events += _record_exhausted(self._rotation, ledger.events)
        said = ledger.answers or ledger.counts or ledger.events
        if said or ledger.revoked or ledger.blocked:
            self._call(lambda: self._deliver(ledger))

    def _next(self) -> list[Step] | None:
        """The steps to do; empty if it is only time to read the store; ``None`` at the end."""
        batch: list[Step] = []
        with contextlib.suppress(queue.Empty):
            step = self._steps.get(timeout=self._wait())
            while step is not None:
                batch.append(step)
                step = self._steps.get_nowait()
            if not batch:
                return None
            self._steps.put(None)  # first do the steps queued before the end
        return batch

    def _wait(self) -> float:
        """Seconds until the pool's next timer expires, or the store is to be read."""
        clock = self._pool.clock
        if (time := self._pool.next_time()) is None:
            return POLL_INTERVAL
        return min(POLL_INTERVAL, max(MIN_WAIT, clock.wall_at(time) - clock.wall()))

    def _call(self, callback: Callable[[], None]) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(callback)


def _record_exhausted(path: Path, events: Iterable[AnyEvent]) -> list[AnyEvent]:
    """Records exhausted credentials in AssemblyZero's file; returns notices about failures."""
    notices: list[AnyEvent] = []
    for event in events:
        if isinstance(event, CredentialChanged) and event.state == "exhausted" and event.until:
            try:
                write_exhausted(path, event.credential, event.until)
            except TuiError as error:
                notices.append(Notice(text=str(error), level="warning"))
    return notices
