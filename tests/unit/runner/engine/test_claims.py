"""What an engine waits for that others hold."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from assemblyzero_tui.runner.engine import claims
from assemblyzero_tui.runner.locks.item_locks import Holder, ItemLocks


async def test_an_item_that_is_not_checked_yet_is_checked_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = ItemLocks(tmp_path, "lld", Holder(run="run-1"))
    first, second = (theirs.take(key) for key in ("1", "2"))
    assert isinstance(first, tuple)
    assert isinstance(second, tuple)
    looks: asyncio.Queue[None] = asyncio.Queue()
    ours = claims.Claims(ItemLocks(tmp_path, "lld"), lambda: looks.put_nowait(None))
    monkeypatch.setattr(claims, "RETRY_INTERVAL", 0.0)
    assert ours.take("1", 1.0)
    assert ours.take("2", 1.0)
    await asyncio.wait_for(looks.get(), 30.0)
    first[0].release()
    assert ours.take("1", 1.0) is None
    monkeypatch.setattr(claims, "RETRY_INTERVAL", 1.0)
    assert ours.take("2", 1.0)  # it was looked at too short a time ago
    await asyncio.wait_for(looks.get(), 30.0)
    second[0].release()
    ours.close()
