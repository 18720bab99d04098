"""Measures a worker's time to its first node, and its memory: ``python -m bench.workers``."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from assemblyzero_tui.runner.base.paths import (
    RunFolder,
    checkpoint_file,
    checkpoint_url,
    make_private_directory,
)
from assemblyzero_tui.runner.engine.executors.local_executor import LocalExecutor
from assemblyzero_tui.runner.locks.item_locks import ItemLocks
from assemblyzero_tui.runner.model.run_spec import RunSpec, WorkerSpec
from assemblyzero_tui.runner.wire.worker_messages import AnyFromWorker, NodeBegan, Ready
from bench.batch import create, equal_items, workplace
from bench.report import Bench, median, progress, run

AT_ONCE = 10
TARGETS = {"speedup_ten_at_once": ">=20", "start_ms": "<=60", "own_memory_mb": "<=15"}


@dataclass
class Started:
    """The result of starting some workers at the same time."""

    seconds: float
    """The time until the last of them had reached its first node."""
    own_megabytes: float
    """The mean of the memory that they share with no other process."""


class Starter:
    """Starts workers through the real executor and stops them again."""

    def __init__(self, folder: RunFolder, spec: RunSpec, method: str) -> None:
        self._spec, self._folder = spec, folder
        self._executor = LocalExecutor(
            folder,
            AT_ONCE,
            ItemLocks(Path(spec.repository), spec.workflow),
            start_method=method,
            provider=spec.provider,
        )
        self._pids: dict[str, int] = {}
        self._begun: dict[str, float] = {}
        self._changed = asyncio.Event()
        self._attempt = 0

    async def open(self) -> None:
        await self._executor.start(self._on_message)

    def _on_message(self, item: str, _: int, message: AnyFromWorker) -> None:
        if isinstance(message, Ready):
            self._pids[item] = message.pid
        elif isinstance(message, NodeBegan) and item not in self._begun:
            self._begun[item] = time.perf_counter()
        self._changed.set()

    async def start(self, count: int) -> Started:
        """Starts ``count`` workers at once, and ends them when all are in their first call."""
        self._attempt += 1
        self._begun.clear()
        chosen = self._spec.items[:count]
        began = time.perf_counter()
        for item in chosen:
            await self._executor.submit(self._worker(item.key))
        while len(self._begun) < count:
            self._changed.clear()
            await self._changed.wait()
        seconds = max(self._begun.values()) - began
        own = [psutil.Process(pid).memory_full_info().uss for pid in self._pids.values()]
        for item in chosen:
            await self._executor.cancel(item.id, 5.0)
            await self._executor.wait(item.id)
        self._pids.clear()
        return Started(seconds, sum(own) / len(own) / 2**20)

    def _worker(self, key: str) -> WorkerSpec:
        repository = self._folder.path.parents[2] / "repository"
        checkpoint = checkpoint_file(repository, "lld", f"{key}-{self._attempt}")
        make_private_directory(checkpoint.parent)
        item = next(item for item in self._spec.items if item.key == key)
        return WorkerSpec(
            run=self._spec.run,
            item=item,
            attempt=self._attempt,
            workflow="lld",
            repository=self._spec.repository,
            provider="offline",
            checkpoint=checkpoint_url(checkpoint),
            audit=str(self._folder.audit("lld", key)),
            options=self._spec.options,
        )

    async def close(self) -> None:
        await self._executor.close()


async def _measure(bench: Bench, rounds: int) -> None:
    with workplace() as place:
        repository, items = equal_items(place, AT_ONCE)
        folder, spec = create(repository, items, AT_ONCE, latency=60)
        results: dict[str, tuple[float, float, float]] = {}
        for method, times in (("forkserver", rounds), ("spawn", max(1, rounds // 4))):
            starter = Starter(folder, spec, method)
            await starter.open()
            progress(f"{method}: the first worker, not counted")
            await starter.start(1)
            progress(f"{method}: one worker, {times} times")
            alone = [await starter.start(1) for _ in range(times)]
            progress(f"{method}: {AT_ONCE} workers at once, {times} times")
            crowd = [await starter.start(AT_ONCE) for _ in range(times)]
            await starter.close()
            results[method] = (
                median(one.seconds for one in alone),
                median(ten.seconds for ten in crowd),
                median(ten.own_megabytes for ten in crowd),
            )
    fork, spawn = results["forkserver"], results["spawn"]
    bench.set("start_ms", fork[0] * 1000)
    bench.set("start_ten_ms", fork[1] * 1000)
    bench.set("own_memory_mb", fork[2])
    bench.set("spawn_start_ms", spawn[0] * 1000)
    bench.set("spawn_start_ten_ms", spawn[1] * 1000)
    bench.set("spawn_own_memory_mb", spawn[2])
    bench.set("speedup_alone", spawn[0] / fork[0])
    bench.set("speedup_ten_at_once", spawn[1] / fork[1])


def measure(bench: Bench, options: argparse.Namespace) -> None:
    """Starts workers with both start methods."""
    asyncio.run(_measure(bench, options.rounds))


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=int, default=12, help="measurements of each kind")


def _as_in_the_engine() -> None:
    """Keeps workers from importing this module, as with the engine's ``__main__``."""
    main = sys.modules["__main__"]
    main.__spec__, main.__file__ = None, None


if __name__ == "__main__":
    _as_in_the_engine()
    run(Bench("workers", TARGETS), measure, options=_options)
