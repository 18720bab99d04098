"""How fast the output of many children gets into their logs: ``python -m bench.logs``."""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import random
import select
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from bench.log_engine import SECRETS, command, missing_lines
from bench.report import Bench, median, percentile, progress, run
from bench.terminal import Terminal, peak_megabytes

LINES = 10_000_000
"""Lines of one measurement, all children together."""
CALM_RATE = 1_000
"""Lines a second, all children together, beside the flood."""
CALM_SECONDS = 12
TARGETS = {
    "lines_per_s_10": ">=1200000",
    "paint_ms_p95_flood": "<50",
    "paint_ms_p95": "<40",
    "engine_mb": "<120",
    "dashboard_mb": "<120",
    "missing_lines": "==0",
}


@dataclass
class Flood:
    """What came of one measurement."""

    lines_per_s: float
    engine_mb: float
    cpu: float
    """Cores the engine was busy on."""
    missing: int
    dashboard_mb: float = 0.0


class Watch:
    """The dashboard beside a flood, and how soon it painted what a key asked for."""

    def __init__(self, home: Path, run: str) -> None:
        arguments = ["assemblyzero_tui.app", "attach", run]
        self._terminal = Terminal(arguments, {"ASSEMBLYZERO_HOME": str(home)})
        self._terminal.wait_for(b"Child 1")
        self._panes = itertools.cycle((b"2", b"3", b"1"))
        self.paints_ms: list[float] = []

    def press(self) -> None:
        """Focuses the next pane; the title of a pane is painted only then."""
        pane = next(self._panes)
        self.paints_ms.append(self._terminal.press(pane, b"Child " + pane))

    def watch(self, flooded: Engine) -> None:
        """Presses keys, never in step with the dashboard's own pace, until the flood has ended."""
        pauses = random.Random(7)
        self.press()
        self.paints_ms.clear()
        while not flooded.ended(pauses.uniform(0.02, 0.08)):
            self.press()

    def megabytes(self) -> float:
        """The most memory the dashboard has had."""
        return peak_megabytes(self._terminal.pid)

    def close(self) -> None:
        self._terminal.close()


class Engine:
    """A process of ``bench.log_engine`` whose children wait for :meth:`go`."""

    def __init__(self, home: Path, children: int, lines: int, rate: float = 0.0) -> None:
        self.children, self.lines = children, lines
        arguments = ["--children", str(children), "--lines", str(lines), "--rate", str(rate)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.log_engine", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"ASSEMBLYZERO_HOME": str(home)},
        )
        started = self._hear()
        self.run = str(started["run"])
        self.folder = Path(str(started["folder"]))

    @property
    def pid(self) -> int:
        return self._process.pid

    def go(self) -> None:
        """Lets the children print."""
        self._tell("go")

    def ended(self, timeout: float) -> bool:
        """Whether every log is complete, now or within some seconds."""
        return bool(select.select([_output(self._process)], [], [], timeout)[0])

    def wait(self) -> Flood:
        """What came of it, once every log is complete."""
        found = self._hear()
        seconds = float(str(found["seconds"]))
        logs = [self.folder / "logs" / f"LLD-{n}.log" for n in range(1, self.children + 1)]
        return Flood(
            self.children * self.lines / seconds,
            float(str(found["peak_mb"])),
            float(str(found["cpu_seconds"])) / seconds,
            sum(missing_lines(log, self.lines) for log in logs),
        )

    def close(self) -> None:
        """Ends the process, whatever it is doing, and removes its logs."""
        with contextlib.suppress(OSError):
            self._tell("quit")
        _input(self._process).close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        _output(self._process).close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _tell(self, word: str) -> None:
        stdin = _input(self._process)
        stdin.write(word.encode() + b"\n")
        stdin.flush()

    def _hear(self) -> dict[str, object]:
        line = _output(self._process).readline()
        if not line:
            raise SystemExit("The engine of the benchmark has ended; see above.")
        heard: dict[str, object] = json.loads(line)
        return heard


def _input(process: subprocess.Popen[bytes]) -> IO[bytes]:
    assert process.stdin is not None
    return process.stdin


def _output(process: subprocess.Popen[bytes]) -> IO[bytes]:
    assert process.stdout is not None
    return process.stdout


@contextlib.contextmanager
def engine(home: Path, children: int, lines: int, rate: float = 0.0) -> Iterator[Engine]:
    """An engine that is gone after the block."""
    started = Engine(home, children, lines, rate)
    try:
        yield started
    finally:
        started.close()


def files_alone(home: Path, children: int, lines: int) -> float:
    """Lines a second when every child writes straight to a file, as with ``> file``."""
    read, write = os.pipe()
    paths = [home / f"alone-{number}.log" for number in range(children)]
    processes = []
    for path in paths:
        with path.open("wb") as file:
            processes.append(subprocess.Popen(command(lines, 0.0), stdin=read, stdout=file))
    os.close(read)
    time.sleep(0.5)  # all of them wait for the byte that starts them
    begin = time.monotonic()
    os.write(write, b"!" * children)
    for process in processes:
        process.wait()
    seconds = time.monotonic() - begin
    os.close(write)
    for path in paths:
        path.unlink()
    return children * lines / seconds


def gnu_parallel(children: int, lines: int) -> float | None:
    """Lines a second through GNU parallel to nowhere; None where it is not installed."""
    if shutil.which("parallel") is None:
        return None
    version = subprocess.run(["parallel", "--version"], capture_output=True, check=False)
    if b"GNU parallel" not in version.stdout:
        return None
    with tempfile.NamedTemporaryFile("w", suffix=".sh") as script:  # its command line is short
        script.write(f"exec {shlex.join(command(lines, 0.0))}\n")
        script.flush()
        child = ["parallel", "--will-cite", "--line-buffer", "--tag", f"-j{children}"]
        child += ["sh", script.name, ":::", *map(str, range(children))]
        begin = time.monotonic()
        subprocess.run(child, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
        return children * lines / (time.monotonic() - begin)


def watched(home: Path, children: int, lines: int, rate: float = 0.0) -> tuple[Flood, Watch]:
    """A flood with the dashboard beside it; both are gone afterwards."""
    with engine(home, children, lines, rate) as flooded:
        with contextlib.closing(Watch(home, flooded.run)) as watch:
            flooded.go()
            watch.watch(flooded)
            flood = flooded.wait()
            flood.dashboard_mb = watch.megabytes()
        return flood, watch


def measure(bench: Bench, options: argparse.Namespace) -> None:
    """All figures; they need about a gigabyte in the temporary folder."""
    floods: list[Flood] = []
    with tempfile.TemporaryDirectory(prefix="azt-bench-") as folder:
        home = Path(folder)
        for children in (3, 10):
            progress(f"{options.lines:,} lines from {children} children, the dashboard watching")
            flood, watch = watched(home, children, options.lines // children)
            floods.append(flood)
            bench.set(f"lines_per_s_{children}", flood.lines_per_s)
        bench.set("paint_ms_p50_flood", median(watch.paints_ms))
        bench.set("paint_ms_p95_flood", percentile(watch.paints_ms, 95))
        bench.set("engine_cores_10", flood.cpu)
        bench.set("engine_mb", max(flood.engine_mb for flood in floods))
        bench.set("dashboard_mb", max(flood.dashboard_mb for flood in floods))
        progress(f"{CALM_RATE:,} lines a second from 10 children, the dashboard watching")
        flood, calm = watched(home, 10, CALM_RATE // 10 * CALM_SECONDS, CALM_RATE / 10)
        floods.append(flood)
        bench.set("paint_ms_p50", median(calm.paints_ms))
        bench.set("paint_ms_p95", percentile(calm.paints_ms, 95))
        bench.set("missing_lines", sum(flood.missing for flood in floods))
        bench.notes.append(
            f"Keys pressed: {len(watch.paints_ms)} in the flood, {len(calm.paints_ms)} beside it."
        )
        progress("files with nobody watching")
        bench.set("cat_lines_per_s_10", files_alone(home, 10, options.lines // 10))
    progress("GNU parallel, where installed")
    beside = gnu_parallel(10, options.lines // 10)
    if beside is None:
        bench.notes.append("GNU parallel is not installed: not compared.")
    else:
        bench.set("parallel_lines_per_s_10", beside)
        bench.targets["lines_per_s_10"] = f">={min(1_200_000, round(0.6 * beside))}"
    bench.notes.append(f"Redaction knows {len(SECRETS)} keys.")


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--lines", type=int, default=LINES, help="of one measurement")


if __name__ == "__main__":
    run(Bench("logs", dict(TARGETS)), measure, options=_options)
