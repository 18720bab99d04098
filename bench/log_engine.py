"""The process that ``bench.logs`` measures: an engine whose workers only print.

It consists of the engine's own parts (journal, lock, socket, reader thread, logs), so a dashboard
can attach to it; only the workers are replaced by children that print lines. It writes one JSON
object per line to stdout, and reads the commands ``go`` and ``quit`` from stdin.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from assemblyzero_tui.runner.base.paths import make_private_directory
from assemblyzero_tui.runner.engine.executors.pipe_reader import PipeReaders
from assemblyzero_tui.runner.engine.process.server import Server
from assemblyzero_tui.runner.locks.file_locks import FileLock
from assemblyzero_tui.runner.logs.redaction import Redactor
from assemblyzero_tui.runner.logs.store import LogWriter
from assemblyzero_tui.runner.model.commands import AnyCommand
from assemblyzero_tui.runner.model.events import (
    AnyEvent,
    EngineStarted,
    ItemChanged,
    ItemInfo,
    ItemsQueued,
    NodeStarted,
    Result,
    RunEnded,
    RunStarted,
)
from assemblyzero_tui.runner.model.run_spec import RunSpec
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.runs.journal import JournalWriter
from assemblyzero_tui.runner.runs.runs import create_run, runtime_folder
from bench.terminal import peak_megabytes

LINE_LENGTH = 100
"""Bytes of a printed line, with its newline."""
BLOCK_LINES = 1000
"""The text repeats after this many lines."""
SECRETS = tuple(f"AIza{number:035d}" for number in range(10))
"""As many secrets as a pool with ten credentials has."""

BLOCK = b"".join(
    f"{number:04d} INFO drafting section {number % 17} of the design, "
    f"{number * 7919 % 10007} tokens so far".encode().ljust(LINE_LENGTH - 1, b".")
    + b"\n"
    for number in range(BLOCK_LINES)
)

CHILD = """
import os, sys, time
block, lines, rate = sys.argv[1].encode(), int(sys.argv[2]), float(sys.argv[3])
texts = block.splitlines(True)
os.read(0, 1)
if rate:
    start = time.monotonic()
    for number in range(lines):
        late = start + number / rate - time.monotonic()
        if late > 0:
            time.sleep(late)
        os.write(1, texts[number % len(texts)])
else:
    while lines:
        text = block if lines >= len(texts) else b"".join(texts[:lines])
        lines -= min(lines, len(texts))
        while text:
            text = text[os.write(1, text):]
"""
"""Prints as fast as it can, 1,000 lines per call; or single lines at a steady rate."""


def command(lines: int, rate: float) -> list[str]:
    """The command of a child, which begins when its stdin has a byte or has ended."""
    return [sys.executable, "-S", "-c", CHILD, BLOCK.decode(), str(lines), str(rate)]


def missing_lines(path: Path, lines: int) -> int:
    """The number of printed lines that are not in their place in a log."""
    correct = 0
    with path.open("rb") as log:
        while text := log.read(len(BLOCK)):
            if text == BLOCK:
                correct += BLOCK_LINES
            else:
                pairs = zip(text.splitlines(True), BLOCK.splitlines(True), strict=False)
                correct += sum(logged == printed for logged, printed in pairs)
        surplus = max(log.tell() // LINE_LENGTH - lines, 0)
    return lines - correct + 2 * surplus


class BenchEngine:
    """A run whose items are children that print."""

    def __init__(self, children: int, lines: int, rate: float) -> None:
        self._lines, self._rate = lines, rate
        self._items = [
            ItemInfo(id=f"LLD-{number}", key=str(number), title=f"Child {number}")
            for number in range(1, children + 1)
        ]
        spec = RunSpec(
            run="",
            workflow="lld",
            repository=str(Path.cwd()),
            items=self._items,
            provider="offline",
            parallel=children,
        )
        self.folder, self._spec = create_run(spec)
        self._journal = JournalWriter(self.folder.journal)
        self._readers = PipeReaders()

    async def serve(self) -> None:
        """Records the run, prints at ``go``, writes the figures, ends at ``quit``."""
        runtime = runtime_folder(self.folder)
        make_private_directory(runtime)
        lock = FileLock.take(self.folder.engine_lock, str(os.getpid()))
        server = Server(lambda: runtime, _ignore)
        await server.start()
        loop = asyncio.get_running_loop()
        try:
            self._record_start()
            with RunningChildren(self, loop) as children:
                write_message(run=self.folder.path.name, folder=str(self.folder.path))
                await read_command()
                begin, cpu = time.monotonic(), time.process_time()
                children.go()
                await children.ended()
                seconds, cpu = time.monotonic() - begin, time.process_time() - cpu
            write_message(seconds=seconds, cpu_seconds=cpu, peak_mb=peak_megabytes(os.getpid()))
            await read_command()
            self._record_end()
        finally:
            self._readers.close()
            self._journal.close()
            await server.close()
            runtime.rmdir()
            if lock is not None:
                lock.release()

    def _record(self, *events: AnyEvent) -> None:
        for event in events:
            self._journal.append(event)

    def _record_start(self) -> None:
        spec = self._spec
        self._record(
            RunStarted(
                run=spec.run,
                workflow=spec.workflow,
                repository=spec.repository,
                provider=spec.provider,
                parallel=spec.parallel,
                nodes=["N1_design"],
                host=spec.host,
                versions=spec.versions,
            ),
            ItemsQueued(items=self._items),
            EngineStarted(pid=os.getpid()),
        )
        for item in self._items:
            self._record(
                ItemChanged(item=item.id, attempt=1, state=State.STARTING),
                ItemChanged(item=item.id, attempt=1, state=State.RUNNING),
                NodeStarted(item=item.id, attempt=1, node="N1_design", task="1"),
            )
        self._journal.sync()

    def _record_end(self) -> None:
        for item in self._items:
            done = Result(summary="printed everything")
            self._record(ItemChanged(item=item.id, attempt=1, state=State.DONE, result=done))
        self._record(RunEnded(exit_code=0))

    def start_child(self, item: ItemInfo, go: int, ended: asyncio.Event) -> subprocess.Popen[bytes]:
        """Starts one child whose output goes to the item's log."""
        loop = asyncio.get_running_loop()

        def on_end() -> None:
            loop.call_soon_threadsafe(ended.set)

        read, write = os.pipe()
        process = subprocess.Popen(
            command(self._lines, self._rate), stdin=go, stdout=write, stderr=write
        )
        os.close(write)
        self._readers.add(
            read,
            LogWriter(self.folder.log(item.id)),
            Redactor(SECRETS),
            on_end,
        )
        return process

    @property
    def items(self) -> list[ItemInfo]:
        return self._items


class RunningChildren:
    """All children of a run, which are killed at the end of the block."""

    def __init__(self, engine: BenchEngine, loop: asyncio.AbstractEventLoop) -> None:
        self._engine = engine
        self._wait, self._go = os.pipe()
        self._ends = [asyncio.Event() for _ in engine.items]
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> RunningChildren:
        for item, ended in zip(self._engine.items, self._ends, strict=True):
            self._processes.append(self._engine.start_child(item, self._wait, ended))
        os.close(self._wait)
        return self

    def go(self) -> None:
        """Makes all of them print."""
        os.write(self._go, b"!" * len(self._processes))

    async def ended(self) -> None:
        """Waits until all logs are complete."""
        await asyncio.gather(*(event.wait() for event in self._ends))

    def __exit__(self, *_: object) -> None:
        os.close(self._go)
        for process in self._processes:
            process.kill()
            process.wait()


def _ignore(_: AnyCommand) -> list[str]:
    return []


def write_message(**values: object) -> None:
    """Writes one JSON object to the benchmark that started this process."""
    print(json.dumps(values), flush=True)


async def read_command() -> str:
    """Reads the next line of the benchmark; empty if it has ended."""
    return await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)


def main() -> None:
    """Serves one measurement."""
    parser = argparse.ArgumentParser(prog="python -m bench.log_engine")
    parser.add_argument("--children", type=int, required=True)
    parser.add_argument("--lines", type=int, required=True, help="of each child")
    parser.add_argument("--rate", type=float, default=0.0, help="lines per second of each child")
    parsed = parser.parse_args()
    asyncio.run(BenchEngine(parsed.children, parsed.lines, parsed.rate).serve())


if __name__ == "__main__":
    main()
