"""Measures how fast the output of many children reaches their logs: ``python -m bench.logs``."""

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
"""Lines per second, all children together, without a flood."""
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
    """The result of one measurement."""

    lines_per_s: float
    engine_mb: float
    cpu: float
    """The load of the engine, in cores."""
    missing: int
    dashboard_mb: float = 0.0


class Watch:
    """The dashboard during a flood, and its response times to keys."""

    def __init__(self, home: Path, run: str) -> None:
        arguments = ["assemblyzero_tui.app", "attach", run]
        self._terminal = Terminal(arguments, {"ASSEMBLYZERO_HOME": str(home)})
        self._terminal.wait_for(b"Child 1")
        self._panes = itertools.cycle((b"2", b"3", b"1"))
        self.paints_ms: list[float] = []

    def press(self) -> None:
        """Focuses the next pane, whose title is painted only then."""
        pane = next(self._panes)
        self.paints_ms.append(self._terminal.press(pane, b"Child " + pane))

    def watch(self, flooded: Engine) -> None:
        """Presses keys at irregular times until the flood has ended."""
        pauses = random.Random(7)
        self.press()
        self.paints_ms.clear()
        while not flooded.ended(pauses.uniform(0.02, 0.08)):
            self.press()

    def megabytes(self) -> float:
        """The peak memory of the dashboard."""
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
        started = self._receive()
        self.run = str(started["run"])
        self.folder = Path(str(started["folder"]))

    @property
    def pid(self) -> int:
        return self._process.pid

    def go(self) -> None:
        """Makes the children print."""
        self._send("go")

    def ended(self, timeout: float) -> bool:
        """Whether every log is complete, now or within some seconds."""
        return bool(select.select([_output(self._process)], [], [], timeout)[0])

    def wait(self) -> Flood:
        """Waits until every log is complete; returns the figures."""
        figures = self._receive()
        seconds = float(str(figures["seconds"]))
        logs = [self.folder / "logs" / f"LLD-{n}.log" for n in range(1, self.children + 1)]
        return Flood(
            self.children * self.lines / seconds,
            float(str(figures["peak_mb"])),
            float(str(figures["cpu_seconds"])) / seconds,
            sum(missing_lines(log, self.lines) for log in logs),
        )

    def close(self) -> None:
        """Ends the process, whatever it is doing, and removes its logs."""
        with contextlib.suppress(OSError):
            self._send("quit")
        _input(self._process).close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        _output(self._process).close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _send(self, command: str) -> None:
        stdin = _input(self._process)
        stdin.write(command.encode() + b"\n")
        stdin.flush()

    def _receive(self) -> dict[str, object]:
        line = _output(self._process).readline()
        if not line:
            raise SystemExit("The engine of the benchmark has ended; see above.")
        message: dict[str, object] = json.loads(line)
        return message


def _input(process: subprocess.Popen[bytes]) -> IO[bytes]:
    assert process.stdin is not None
    return process.stdin


def _output(process: subprocess.Popen[bytes]) -> IO[bytes]:
    assert process.stdout is not None
    return process.stdout


@contextlib.contextmanager
def engine(home: Path, children: int, lines: int, rate: float = 0.0) -> Iterator[Engine]:
    """An engine that is closed at the end of the block."""
    started = Engine(home, children, lines, rate)
    try:
        yield started
    finally:
        started.close()


def files_alone(home: Path, children: int, lines: int) -> float:
    """Lines per second when every child writes directly to a file, as with ``> file``."""
    read, write = os.pipe()
    paths = [home / f"alone-{number}.log" for number in range(children)]
    processes = []
    for path in paths:
        with path.open("wb") as file:
            processes.append(subprocess.Popen(command(lines, 0.0), stdin=read, stdout=file))
    os.close(read)
    time.sleep(0.5)  # until all of them wait for the byte that starts them
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
    """Lines per second through GNU parallel to ``/dev/null``; None if it is not installed."""
    if shutil.which("parallel") is None:
        return None
    version = subprocess.run(["parallel", "--version"], capture_output=True, check=False)
    if b"GNU parallel" not in version.stdout:
        return None
    with tempfile.NamedTemporaryFile("w", suffix=".sh") as script:  # keeps the command line short
        script.write(f"exec {shlex.join(command(lines, 0.0))}\n")
        script.flush()
        child = ["parallel", "--will-cite", "--line-buffer", "--tag", f"-j{children}"]
        child += ["sh", script.name, ":::", *map(str, range(children))]
        begin = time.monotonic()
        subprocess.run(child, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
        return children * lines / (time.monotonic() - begin)


def watched(home: Path, children: int, lines: int, rate: float = 0.0) -> tuple[Flood, Watch]:
    """Measures a flood while the dashboard is attached."""
    with engine(home, children, lines, rate) as flooded:
        with contextlib.closing(Watch(home, flooded.run)) as watch:
            flooded.go()
            watch.watch(flooded)
            flood = flooded.wait()
            flood.dashboard_mb = watch.megabytes()
        return flood, watch


def measure(bench: Bench, options: argparse.Namespace) -> None:
    """Measures all figures; this takes about a gigabyte in the temporary folder."""
    floods: list[Flood] = []
    with tempfile.TemporaryDirectory(prefix="azt-bench-") as folder:
        home = Path(folder)
        for children in (3, 10):
            progress(f"{options.lines:,} lines from {children} children, with the dashboard")
            flood, watch = watched(home, children, options.lines // children)
            floods.append(flood)
            bench.set(f"lines_per_s_{children}", flood.lines_per_s)
        bench.set("paint_ms_p50_flood", median(watch.paints_ms))
        bench.set("paint_ms_p95_flood", percentile(watch.paints_ms, 95))
        bench.set("engine_cores_10", flood.cpu)
        bench.set("engine_mb", max(flood.engine_mb for flood in floods))
        bench.set("dashboard_mb", max(flood.dashboard_mb for flood in floods))
        progress(f"{CALM_RATE:,} lines per second from 10 children, with the dashboard")
        flood, calm = watched(home, 10, CALM_RATE // 10 * CALM_SECONDS, CALM_RATE / 10)
        floods.append(flood)
        bench.set("paint_ms_p50", median(calm.paints_ms))
        bench.set("paint_ms_p95", percentile(calm.paints_ms, 95))
        bench.set("missing_lines", sum(flood.missing for flood in floods))
        bench.notes.append(
            f"Keys pressed: {len(watch.paints_ms)} in the flood, {len(calm.paints_ms)} without it."
        )
        progress("files, without the engine")
        bench.set("cat_lines_per_s_10", files_alone(home, 10, options.lines // 10))
    progress("GNU parallel, where installed")
    gnu_lines_per_s = gnu_parallel(10, options.lines // 10)
    if gnu_lines_per_s is None:
        bench.notes.append("GNU parallel is not installed: not compared.")
    else:
        bench.set("parallel_lines_per_s_10", gnu_lines_per_s)
        bench.targets["lines_per_s_10"] = f">={min(1_200_000, round(0.6 * gnu_lines_per_s))}"
    bench.notes.append(f"Redaction replaces {len(SECRETS)} secrets.")


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--lines", type=int, default=LINES, help="of one measurement")


if __name__ == "__main__":
    run(Bench("logs", dict(TARGETS)), measure, options=_options)
