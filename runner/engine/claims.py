"""What the engine may start: items whose locks it holds; others wait for who holds them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec

from assemblyzero_tui.runner.locks.item_locks import Holder, ItemLock, ItemLocks

PAUSE = 1.0
"""Seconds between two looks at an item that somebody else holds."""
TOUCHED_EVERY = 3600.0
"""Seconds after which the files of held locks are made to look used."""


class Claims:
    """The items that one engine holds, and those that it waits for.

    Args:
        locks: Of the items.
        look_again: Called when it is time to :meth:`take` what somebody else held.
    """

    def __init__(self, locks: ItemLocks, look_again: Callable[[], None]) -> None:
        self._locks = locks
        self._look_again = look_again
        self._held: dict[str, ItemLock] = {}
        self._elsewhere: dict[str, tuple[Holder, float]] = {}
        """Who holds an item, and when that was seen, by the event loop's clock."""
        self._lost: Path | None = None
        self._next_look: asyncio.TimerHandle | None = None
        self._next_touch: asyncio.TimerHandle | None = None

    def take(self, key: str, asked: float) -> Holder | None:
        """Takes an item, unless somebody else holds it or has finished it.

        Args:
            key: Of the item.
            asked: Since when it is wanted, seconds since the epoch: what another run made of it
                before that does not count.

        Returns:
            ``None`` if the item is ours. Whoever has it, otherwise: at work on it as long as
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
        if known is not None and msgspec.structs.replace(known, left="") == holder:
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
        """Keeps the files of all held locks from growing old, now and every hour."""
        for lock in self._held.values():
            lock.touch()
        self._touch_later()

    def lost(self) -> Path | None:
        """The file of a lock that somebody removed, so that others may take its item."""
        for lock in self._held.values():
            self._miss(lock)
        return self._lost

    def _miss(self, lock: ItemLock) -> ItemLock:
        if self._lost is None and not lock.named:
            self._lost = lock.path
        return lock

    def finish(self, key: str, time: float, outcome: str) -> None:
        """Gives an item back and says what was made of it."""
        if (lock := self._held.pop(key, None)) is not None:
            me = self._locks.me
            self._miss(lock).finish(msgspec.structs.replace(me, finished=time, outcome=outcome))

    def give_back(self, key: str) -> None:
        """Gives an item back that nothing was made of."""
        if (lock := self._held.pop(key, None)) is not None:
            self._miss(lock).release(remove=True)

    def close(self) -> None:
        """Gives back whatever is held; waits for nothing any more."""
        for timer in (self._next_look, self._next_touch):
            if timer is not None:
                timer.cancel()
        for lock in self._held.values():
            lock.release()
        self._held.clear()
