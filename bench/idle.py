"""Measures the CPU load of a quiet batch, for engine and dashboard: ``python -m bench.idle``."""

from __future__ import annotations

import argparse
import contextlib
import tempfile
import time
from pathlib import Path

import psutil

from bench.logs import engine
from bench.report import Bench, progress, run
from bench.terminal import Terminal

CHILDREN = 10
RATE = 5.0
"""Lines per second of each workflow."""
SETTLE = 3.0
"""Seconds after which the dashboard has painted everything once."""
TARGETS = {"busy_percent": "<=20", "still_percent": "<=1"}


def percent(processes: list[psutil.Process], seconds: float) -> list[float]:
    """The load of each process during some seconds, in percent of one core."""
    before, began = [_cpu(process) for process in processes], time.monotonic()
    time.sleep(seconds)
    elapsed = time.monotonic() - began
    return [(_cpu(p) - b) / elapsed * 100 for p, b in zip(processes, before, strict=True)]


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def measure(bench: Bench, options: argparse.Namespace) -> None:
    """Measures both processes, first while nothing is printed, then at a low rate."""
    lines = int((options.seconds + SETTLE + 30) * RATE)
    with tempfile.TemporaryDirectory(prefix="azt-bench-") as folder:
        home = Path(folder)
        with engine(home, CHILDREN, lines, RATE) as printing:
            arguments = ["assemblyzero_tui.app", "attach", printing.run]
            terminal = Terminal(arguments, {"ASSEMBLYZERO_HOME": str(home)})
            with contextlib.closing(terminal):
                terminal.wait_for(b"AssemblyZero")
                processes = [psutil.Process(printing.pid), psutil.Process(terminal.pid)]
                time.sleep(SETTLE)
                progress(f"{options.seconds:.0f} s without a line")
                still = percent(processes, options.seconds)
                printing.go()
                time.sleep(SETTLE)
                progress(f"{options.seconds:.0f} s at {RATE * CHILDREN:.0f} lines per second")
                painted = terminal.bytes_painted
                busy = percent(processes, options.seconds)
                painted = terminal.bytes_painted - painted
    bench.set("still_percent", sum(still))
    bench.set("busy_percent", sum(busy))
    bench.set("busy_engine_percent", busy[0])
    bench.set("busy_dashboard_percent", busy[1])
    bench.set("painted_bytes_per_s", painted / options.seconds)


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seconds", type=float, default=20.0, help="of each measurement")


if __name__ == "__main__":
    run(Bench("idle", TARGETS), measure, options=_options)
