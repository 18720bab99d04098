"""What one engine holds, keeps from growing old, and waits for."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from assemblyzero_tui.runner.engine import claims
from assemblyzero_tui.runner.engine.claims import Claims
from assemblyzero_tui.runner.locks.item_locks import Holder, ItemLocks


def locks(repository: Path, run: str) -> ItemLocks:
    return ItemLocks(repository, "lld", Holder(run=run))


async def test_files_of_held_locks_are_touched_again_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "TOUCH_INTERVAL", 0.0)
    mine = Claims(locks(tmp_path, "a"), lambda: None)
    assert mine.take("1", 0.0) is None
    owner = locks(tmp_path, "a").busy_file("1").with_suffix(".owner")
    for _ in range(2):
        os.utime(owner, (0, 0))

        def touched() -> bool:
            return owner.stat().st_mtime > 1e9

        async with asyncio.timeout(30):
            while not touched():
                await asyncio.sleep(0)
    mine.close()


async def test_results_of_others_count_if_they_were_requested_before_and_are_published(
    tmp_path: Path,
) -> None:
    first = Claims(locks(tmp_path, "a"), lambda: None)
    assert first.take("1", 0.0) is None
    first.finish("1", 100.0, "approved after 2 reviews")
    for run in ("b", "c"):
        other = Claims(locks(tmp_path, run), lambda: None)
        made = other.take("1", 50.0)
        assert made is not None
        assert (made.run, made.outcome) == ("a", "approved after 2 reviews")
        other.close()
    later = Claims(locks(tmp_path, "d"), lambda: None)
    assert later.take("1", 150.0) is None, "what was made before does not count"
    later.close()


async def test_an_item_of_another_engine_is_looked_at_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "RETRY_INTERVAL", 0.0)
    first = Claims(locks(tmp_path, "a"), lambda: None)
    assert first.take("1", 0.0) is None
    again = asyncio.Event()
    second = Claims(locks(tmp_path, "b"), again.set)
    assert second.take("1", 0.0) == Holder(run="a")
    first.release("1")
    await asyncio.wait_for(again.wait(), 30)
    assert second.take("1", 0.0) is None
    second.close()


async def test_a_removed_lock_is_remembered_when_its_item_is_over(tmp_path: Path) -> None:
    mine = Claims(locks(tmp_path, "a"), lambda: None)
    assert mine.take("1", 0.0) is None
    assert mine.find_lost() is None
    owner = locks(tmp_path, "a").busy_file("1").with_suffix(".owner")
    owner.unlink()
    mine.finish("1", 1.0, "")
    assert mine.find_lost() == owner
    mine.close()
