"""The pool of a run, in a thread of its own: steps in, ledgers out in the event loop.

Whatever waits together is done in one transaction of the store, so that a thousand grants cost
little more than one, and neither the disk nor another engine ever holds the event loop up. A pool
without keys has nothing to share: it works at once, in the event loop, and when its time comes.
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

LOOK_EVERY = 1.0
"""Seconds between two looks at what other runs and the user have written, at most."""
LEAST = 0.001
"""Seconds of waiting at least: a time that is told may round to the moment before it."""
LEAVING = 4.0
"""Seconds for the thread to end."""
SETTLING = 5.0
"""Seconds for what was put to be done; longer only if the store or its disk hangs."""


class PoolService:
    """Feeds a pool and carries its ledgers to the event loop.

    Args:
        pool: Nobody else may touch it from :meth:`start` on.
        store: Where it is remembered.
        run: The name of the run.
        folder: The folder of the run.
        rotation: AssemblyZero's note of keys that are used up.
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
        """Whether leases need keys."""
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
        """Begins; from now on ledgers go to ``deliver``, in the running event loop.

        Args:
            deliver: Takes a ledger.
            fail: Takes an error that nothing can be done about here.
        """
        self._deliver, self._fail = deliver, fail
        self._loop = asyncio.get_running_loop()
        self.put(lambda pool: pool.registry.report_all())
        if self.metered:
            self._thread = threading.Thread(target=self._keep, name="pool", daemon=True)
            self._thread.start()

    def put(self, step: Step) -> None:
        """Does something with the pool, soon and in order."""
        if self.metered:
            self._steps.put(step)
        else:
            step(self._pool)
            self._serve()

    def _serve(self) -> None:
        """Serves a pool without keys, now and whenever it has something to do by itself."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        ledger = self._pool.process()
        if self._loop is not None and self._pool.next_time() is not None:
            self._timer = self._loop.call_later(self._wait(), self._serve)
        self._deliver(ledger)

    async def settled(self) -> None:
        """Returns when the ledgers of everything that was put have been delivered.

        It does not wait longer than `SETTLING`: what comes later is taken in when it comes.
        """
        if self._thread is None or self._loop is None:
            return
        for _ in range(2):  # a step is done before the ledger of its batch is delivered
            done = asyncio.Event()
            self.put(lambda _, done=done: self._call(done.set))  # type: ignore[misc]
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(done.wait(), SETTLING)

    def close(self) -> None:
        """Ends; what was put is done before, and the last figures are told."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._thread is not None:
            self._steps.put(lambda pool: pool.status.report_figures_now())
            self._steps.put(None)
            self._thread.join(LEAVING)
            self._thread = None

    # In the thread

    def _keep(self) -> None:
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
            ledger.events += _note_exhausted(self._rotation, ledger.events)
        if ledger.answers or ledger.events or ledger.revoked:
            self._call(lambda: self._deliver(ledger))

    def _next(self) -> list[Step] | None:
        """What is to be done; nothing if it is only time to look; ``None`` at the end."""
        batch: list[Step] = []
        with contextlib.suppress(queue.Empty):
            step = self._steps.get(timeout=self._wait())
            while step is not None:
                batch.append(step)
                step = self._steps.get_nowait()
            if not batch:
                return None
            self._steps.put(None)  # the end comes after what came before it
        return batch

    def _wait(self) -> float:
        """Seconds until the pool has something to do by itself."""
        clock = self._pool.clock
        if (time := self._pool.next_time()) is None:
            return LOOK_EVERY
        return min(LOOK_EVERY, max(LEAST, clock.wall_at(time) - clock.wall()))

    def _call(self, what: Callable[[], None]) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(what)


def _note_exhausted(path: Path, events: Iterable[AnyEvent]) -> list[AnyEvent]:
    """Notes for AssemblyZero which keys are used up for the day; what went wrong with that."""
    notices: list[AnyEvent] = []
    for event in events:
        if isinstance(event, CredentialChanged) and event.state == "exhausted" and event.until:
            try:
                write_exhausted(path, event.credential, event.until)
            except TuiError as error:
                notices.append(Notice(text=str(error), level="warning"))
    return notices
