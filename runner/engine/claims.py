"""The locks of the items that the engine works on; other runs may hold those of others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec

from assemblyzero_tui.runner.locks.item_locks import Holder, ItemLock, ItemLocks

PAUSE = 1.0
"""Seconds between two checks of an item that another run holds."""
TOUCHED_EVERY = 3600.0
"""Seconds between two updates of the modification times of held locks."""


class Claims:
    """The items that an engine holds, and those that it waits for.

    Args:
        locks: Of the items.
        look_again: Called when it is time to :meth:`take` what another run held.
    """

    def __init__(self, locks: ItemLocks, look_again: Callable[[], None]) -> None:
        self._locks = locks
        self._look_again = look_again
        self._held: dict[str, ItemLock] = {}
        self._elsewhere: dict[str, tuple[Holder, float]] = {}
        """The holder of an item, and when it was seen, by the event loop's clock."""
        self._lost: Path | None = None
        self._next_look: asyncio.TimerHandle | None = None
        self._next_touch: asyncio.TimerHandle | None = None

    def take(self, key: str, asked: float) -> Holder | None:
        """Takes an item, unless another run holds it or has finished it.

        Args:
            key: Of the item.
            asked: Since when it is wanted, seconds since the epoch; what another run finished
                before that does not count.

        Returns:
            ``None`` if the item is ours. Otherwise its holder, which works on it as long as
            :attr:`Holder.finished` is 0.

        Raises:
            TuiError: it cannot be locked.
        """
        if key in self._held:
            return None
        now = asyncio.get_running_loop().time()
        known, seen = self._elsewhere.get(key, (None, 0.0))
        if known is not None and now < seen + PAUSE:
            self._look_later()
            return known
        holder = self._locks.holder(key) if known is not None else None
        if holder is None:
            taken = self._locks.take(key)
            if isinstance(taken, Holder):
                holder = taken
            else:
                self._elsewhere.pop(key, None)
                return self._taken(key, *taken, asked)
        if known is not None and msgspec.structs.replace(known, survivors="") == holder:
            holder = known
        self._elsewhere[key] = holder, now
        self._look_later()
        return holder

    def _taken(self, key: str, lock: ItemLock, before: Holder, asked: float) -> Holder | None:
        me = self._locks.me
        made = bool(before.finished) and before.finished >= asked
        if made and (before.run, before.state) != (me.run, me.state):
            lock.finish(before)
            return before
        self._held[key] = lock
        if self._next_touch is None:
            self._touch_later()
        return None

    def _look_later(self) -> None:
        if self._next_look is None:
            self._next_look = asyncio.get_running_loop().call_later(PAUSE, self._look)

    def _look(self) -> None:
        self._next_look = None
        self._look_again()

    def _touch_later(self) -> None:
        self._next_touch = asyncio.get_running_loop().call_later(TOUCHED_EVERY, self.touch)

    def touch(self) -> None:
        """Updates the modification times of all held locks, now and every hour."""
        for lock in self._held.values():
            lock.touch()
        self._touch_later()

    def find_lost(self) -> Path | None:
        """The file of a held lock that was removed, so that others may take its item."""
        for lock in self._held.values():
            self._check(lock)
        return self._lost

    def _check(self, lock: ItemLock) -> ItemLock:
        if self._lost is None and not lock.named:
            self._lost = lock.path
        return lock

    def finish(self, key: str, time: float, outcome: str) -> None:
        """Releases a finished item; the lock keeps what was made of it."""
        if (lock := self._held.pop(key, None)) is not None:
            me = self._locks.me
            self._check(lock).finish(msgspec.structs.replace(me, finished=time, outcome=outcome))

    def release(self, key: str) -> None:
        """Releases an item that is not finished."""
        if (lock := self._held.pop(key, None)) is not None:
            self._check(lock).release(remove=True)

    def close(self) -> None:
        """Releases everything and stops waiting."""
        for timer in (self._next_look, self._next_touch):
            if timer is not None:
                timer.cancel()
        for lock in self._held.values():
            lock.release()
        self._held.clear()
