"""The queue of a run, which decides the next item to start, and the locks that a start needs."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from typing import Protocol

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.engine.claims import Claims
from assemblyzero_tui.runner.engine.recorder import Recorder
from assemblyzero_tui.runner.locks.item_locks import Holder, ItemLocks
from assemblyzero_tui.runner.model.events import Notice, Result
from assemblyzero_tui.runner.model.run_spec import RunSpec
from assemblyzero_tui.runner.model.run_state import ItemState
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.workflows.catalog import entry


class ItemOwner(Protocol):
    """The part of the scheduler that the queue calls."""

    def start_items(self) -> None:
        """Starts items while there is room."""

    def skip(self, item: ItemState, holder: Holder) -> None:
        """Ends an item that another run has finished."""

    def lock_failed(self, item: ItemState, error: TuiError) -> None:
        """Ends an item that cannot be locked."""


class ItemQueue:
    """The items that wait for a slot, in order, and the locks of those that were taken.

    Args:
        spec: The run.
        recorder: Records events.
        locks: The locks of the items.
        owner: Takes items; called when an item that another run held can be tried again.
    """

    def __init__(
        self, spec: RunSpec, recorder: Recorder, locks: ItemLocks, owner: ItemOwner
    ) -> None:
        self.lock_lost = False
        """A lock file of this engine was removed: another run may work on the same item, so no
        more items are started."""
        self._spec = spec
        self._recorder = recorder
        self._owner = owner
        self._claims = Claims(locks, owner.start_items)
        self._ids: deque[str] = deque()
        self._required: set[str] = set()
        """Ids of items to be worked on even if another run has finished them."""
        self._worker_checks = entry(spec.workflow).worker_checks

    def append(self, items: Iterable[str]) -> None:
        """Adds items, by their ids, at the end of the queue."""
        self._ids.extend(items)

    def prepend(self, items: Iterable[str]) -> None:
        """Adds items, in this order, at the front of the queue."""
        self._ids.extendleft(reversed(list(items)))

    def remove(self, item: str) -> None:
        """Removes an item from the queue, if it is there."""
        if item in self._ids:
            self._ids.remove(item)

    def require(self, item: str) -> None:
        """Has an item worked on even if another run has finished it in the meantime."""
        self._required.add(item)

    def take(self) -> ItemState | None:
        """The next item, locked; one that another run works on moves to the end of the queue."""
        for _ in range(len(self._ids)):
            if self._check_locks():
                return None
            item = self._recorder.state.items[self._ids.popleft()]
            try:
                holder = self._claims.take(item.info.key, self._wanted_since(item))
            except TuiError as error:
                self._owner.lock_failed(item, error)
                continue
            if holder is None:
                return item
            if holder.finished:
                self._owner.skip(item, holder)
                continue
            self._ids.append(item.id)
            reason = f"at work in {holder}"
            if item.reason != reason:
                self._recorder.change_state(
                    item, State.QUEUED, reason, elsewhere=holder.run or "unknown"
                )
        return None

    def _wanted_since(self, item: ItemState) -> float:
        """The time from which an item that another run finishes need not be done again."""
        if self._worker_checks or self._spec.options.fresh or item.id in self._required:
            return math.inf
        return self._spec.asked or self._recorder.state.started or 0.0

    def _check_locks(self) -> bool:
        """Returns whether a lock was lost; the first time, a notice reports it."""
        if not self.lock_lost and (path := self._claims.find_lost()) is not None:
            self.lock_lost = True
            text = (
                f"The lock {path} was removed, so another run may begin the same item. Nothing "
                "more is started; items at work continue. Find out what removed it, then resume: "
                f"assemblyzero-tui resume {self._spec.run}"
            )
            self._recorder.emit(Notice(text=text, level="error"))
        return self.lock_lost

    def finish(self, item: ItemState, time: float, result: Result | None) -> None:
        """Releases the lock of a finished item, with a summary of the result in it."""
        self._claims.finish(item.info.key, time, result.summary if result is not None else "")

    def release(self, item: ItemState) -> None:
        """Releases the lock of an item that is not finished."""
        self._claims.release(item.info.key)

    def close(self) -> None:
        """Releases all locks."""
        self._claims.close()
