"""How fast the output of many children gets into their logs: ``python -m bench.logs``."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
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
from bench.report import Bench, progress, run

LINES = 10_000_000
"""Lines of one measurement, all children together."""
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

    def go(self) -> None:
        """Lets the children print."""
        self._tell("go")

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
    child = ["parallel", "--will-cite", "--line-buffer", "--tag", "-q", f"-j{children}"]
    child += [*command(lines, 0.0), ":::", *map(str, range(children))]
    begin = time.monotonic()
    subprocess.run(child, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
    return children * lines / (time.monotonic() - begin)


def measure(bench: Bench, options: argparse.Namespace) -> None:
    """All figures; they need about a gigabyte in the temporary folder."""
    missing, engine_mb = 0, 0.0
    with tempfile.TemporaryDirectory(prefix="azt-bench-") as folder:
        home = Path(folder)
        for children in (3, 10):
            progress(f"{options.lines:,} lines from {children} children")
            with engine(home, children, options.lines // children) as flooded:
                flooded.go()
                flood = flooded.wait()
            bench.set(f"lines_per_s_{children}", flood.lines_per_s)
            bench.set(f"engine_cores_{children}", flood.cpu)
            missing += flood.missing
            engine_mb = max(engine_mb, flood.engine_mb)
        bench.set("engine_mb", engine_mb)
        bench.set("missing_lines", missing)
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
