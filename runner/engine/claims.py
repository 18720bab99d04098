"""The locks of the items that the engine works on; other runs may hold those of other items."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec

from assemblyzero_tui.runner.locks.item_locks import Holder, ItemLock, ItemLocks

RETRY_INTERVAL = 1.0
"""Seconds between two checks of an item that another run holds."""
TOUCH_INTERVAL = 3600.0
"""Seconds between two updates of the modification times of held locks."""


class Claims:
    """The items that an engine holds, and those that it waits for.

    Args:
        locks: The locks of the items.
        on_retry: Called when an item that another run held should be tried again with :meth:`take`.
    """

    def __init__(self, locks: ItemLocks, on_retry: Callable[[], None]) -> None:
        self._locks = locks
        self._on_retry = on_retry
        self._held: dict[str, ItemLock] = {}
        self._elsewhere: dict[str, tuple[Holder, float]] = {}
        """The holder of an item, and when it was last checked, by the event loop's clock."""
        self._lost: Path | None = None
        self._next_retry: asyncio.TimerHandle | None = None
        self._next_touch: asyncio.TimerHandle | None = None

    def take(self, key: str, asked: float) -> Holder | None:
        """Takes an item, unless another run holds it or has finished it.

        Args:
            key: The key of the item.
            asked: When the item was requested, in seconds since the epoch; if another run finished
                it before that, it is done again.

        Returns:
            ``None`` if the item was taken. Otherwise its holder, which is still working on it if
            :attr:`Holder.finished` is 0.

        Raises:
            TuiError: it cannot be locked.
        """
        if key in self._held:
            return None
        now = asyncio.get_running_loop().time()
        previous, checked = self._elsewhere.get(key, (None, 0.0))
        if previous is not None and now < checked + RETRY_INTERVAL:
            self._retry_later()
            return previous
        holder = self._locks.holder(key) if previous is not None else None
        if holder is None:
            taken = self._locks.take(key)
            if isinstance(taken, Holder):
                holder = taken
            else:
                self._elsewhere.pop(key, None)
                return self._taken(key, *taken, asked)
        if previous is not None and msgspec.structs.replace(previous, survivors="") == holder:
            holder = previous
        self._elsewhere[key] = holder, now
        self._retry_later()
        return holder

    def _taken(self, key: str, lock: ItemLock, before: Holder, asked: float) -> Holder | None:
        me = self._locks.me
        finished = bool(before.finished) and before.finished >= asked
        if finished and (before.run, before.state) != (me.run, me.state):
            lock.finish(before)
            return before
        self._held[key] = lock
        if self._next_touch is None:
            self._touch_later()
        return None

    def _retry_later(self) -> None:
        if self._next_retry is None:
            loop = asyncio.get_running_loop()
            self._next_retry = loop.call_later(RETRY_INTERVAL, self._retry)

    def _retry(self) -> None:
        self._next_retry = None
        self._on_retry()

    def _touch_later(self) -> None:
        self._next_touch = asyncio.get_running_loop().call_later(TOUCH_INTERVAL, self.touch)

    def touch(self) -> None:
        """Updates the modification times of all held locks, now and every hour."""
        for lock in self._held.values():
            lock.touch()
        self._touch_later()

    def find_lost(self) -> Path | None:
        """The file of a held lock that was removed, so that other runs may take its item."""
        for lock in self._held.values():
            self._check(lock)
        return self._lost

    def _check(self, lock: ItemLock) -> ItemLock:
        if self._lost is None and not lock.named:
            self._lost = lock.path
        return lock

    def finish(self, key: str, time: float, outcome: str) -> None:
        """Releases a finished item; its lock file keeps the outcome."""
        if (lock := self._held.pop(key, None)) is not None:
            me = self._locks.me
            self._check(lock).finish(msgspec.structs.replace(me, finished=time, outcome=outcome))

    def release(self, key: str) -> None:
        """Releases an item that is not finished."""
        if (lock := self._held.pop(key, None)) is not None:
            self._check(lock).release(remove=True)

    def close(self) -> None:
        """Releases everything and stops waiting."""
        for timer in (self._next_retry, self._next_touch):
            if timer is not None:
                timer.cancel()
        for lock in self._held.values():
            lock.release()
        self._held.clear()
