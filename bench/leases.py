"""Measures leases per second for ten workers, and the time of one: ``python -m bench.leases``.

Ten real processes acquire and release leases through the worker's channel, as fast as they can; the
other end is the engine's: the channel's reader, the pool in its thread, its store on the disk.
A pool without credentials, which has no store, is measured as well.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import socket
import time
from pathlib import Path
from typing import Any

from assemblyzero_tui.runner.base.paths import make_private_directory, pool_file
from assemblyzero_tui.runner.credentials.credentials import Credential
from assemblyzero_tui.runner.credentials.secret import Secret
from assemblyzero_tui.runner.engine.executors.worker_process import WorkerProcess
from assemblyzero_tui.runner.engine.pool_service import PoolService
from assemblyzero_tui.runner.locks.file_locks import LockProbe
from assemblyzero_tui.runner.model.events import ItemInfo
from assemblyzero_tui.runner.model.run_spec import WorkerSpec
from assemblyzero_tui.runner.pool.grants.clock import MachineClock
from assemblyzero_tui.runner.pool.grants.ledger import Ledger
from assemblyzero_tui.runner.pool.grants.pool import Pool
from assemblyzero_tui.runner.wire.worker_messages import Acquire, AnyFromWorker, Release
from assemblyzero_tui.runner.worker.channel import Channel
from assemblyzero_tui.runner.worker.inherited_files import InheritedFile
from bench.batch import workplace
from bench.report import Bench, percentile, progress, run

WORKERS = 10
CREDENTIALS = 4
TARGETS = {"leases_per_s": ">=5000", "p99_ms": "<10"}


def work(channel: InheritedFile, results: InheritedFile, seconds: float) -> None:
    """A worker: acquires and releases leases, and reports the time that each one took."""
    engine = Channel(channel.take(), lambda _: None)
    waits = []
    deadline = time.perf_counter() + seconds
    while (began := time.perf_counter()) < deadline:
        grant = engine.acquire(Acquire(request=0, model="bench", tokens=1000, node="N1"))
        waits.append(time.perf_counter() - began)
        engine.send(Release(lease=grant.lease, outcome="ok", seconds=0.01))
    with socket.socket(fileno=results.take()) as out:
        out.sendall(json.dumps([round(wait * 1e6) for wait in waits]).encode())


class EngineSide:
    """The engine's side of all workers."""

    def __init__(self, pool: Pool, store: Path | None) -> None:
        self._service = PoolService(pool, store, "bench")
        self._workers: dict[str, WorkerProcess] = {}

    async def measure(self, seconds: float) -> list[float]:
        """Measures for some seconds; returns the milliseconds that each lease took."""
        self._service.start(self._carry_out, _failed)
        context = multiprocessing.get_context("forkserver")
        processes: list[Any] = []
        outs = []
        listening = []
        for number in range(WORKERS):
            name = f"W{number}"
            ours, theirs = socket.socketpair()
            out, out_of_worker = socket.socketpair()
            worker = WorkerProcess(_spec(name), LockProbe(Path(os.devnull)))
            process = context.Process(
                target=work,
                args=(
                    InheritedFile(theirs.fileno()),
                    InheritedFile(out_of_worker.fileno()),
                    seconds,
                ),
            )
            await asyncio.to_thread(process.start)
            theirs.close()
            out_of_worker.close()
            await worker.open(ours)
            self._workers[name] = worker
            listening.append(asyncio.create_task(self._listen(name, worker)))
            processes.append(process)
            outs.append(out)
        waits: list[float] = []
        for out in outs:
            waits += await asyncio.to_thread(_read, out)
        await asyncio.gather(*listening)
        for process in processes:
            process.join()
        await asyncio.to_thread(self._service.close)
        return [wait / 1000 for wait in waits]

    async def _listen(self, name: str, worker: WorkerProcess) -> None:
        def receive(message: AnyFromWorker) -> None:
            if isinstance(message, Acquire):
                self._service.put(lambda pool: pool.acquire(name, 1, message))
            elif isinstance(message, Release):
                self._service.put(lambda pool: pool.release(name, 1, message))

        await worker.listen(receive, lambda _: None)

    def _carry_out(self, ledger: Ledger) -> None:
        for name, answer in ledger.answers:
            self._workers[name].send(answer)


def _failed(error: BaseException) -> None:
    raise error


def _read(out: socket.socket) -> list[int]:
    with out, out.makefile("rb") as file:
        waits: list[int] = json.loads(file.read())
    return waits


def _spec(name: str) -> WorkerSpec:
    return WorkerSpec(
        run="bench", item=ItemInfo(id=name, key=name), attempt=1, workflow="lld", repository="/",
        provider="offline", checkpoint="", audit="",
    )  # fmt: skip


def _pool(count: int) -> Pool:
    credentials = [
        Credential(f"credential-{n}", Secret(f"bench-key-{n:012}")) for n in range(count)
    ]
    return Pool(credentials, clock=MachineClock(), most=WORKERS)


def measure(bench: Bench, options: argparse.Namespace) -> None:
    """Measures a pool with credentials and a store, and one without."""
    with workplace():
        make_private_directory(pool_file().parent)
        progress(f"{WORKERS} workers, {CREDENTIALS} credentials, {options.seconds} s")
        waits = asyncio.run(EngineSide(_pool(CREDENTIALS), pool_file()).measure(options.seconds))
        progress("the same without credentials")
        bare = asyncio.run(EngineSide(_pool(0), None).measure(options.seconds))
    bench.set("leases_per_s", len(waits) / options.seconds)
    bench.set("p50_ms", percentile(waits, 50))
    bench.set("p99_ms", percentile(waits, 99))
    bench.set("bare_leases_per_s", len(bare) / options.seconds)
    bench.set("share_of_bare", len(waits) / max(1, len(bare)))


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seconds", type=float, default=5.0, help="duration of each measurement")


if __name__ == "__main__":
    run(Bench("leases", TARGETS), measure, options=_options)
