"""Measures the time from the command to the first paint: ``python -m bench.startup``."""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
import time

from assemblyzero_tui.runner.runs.runs import is_alive, run_folders
from bench.batch import workplace
from bench.report import Bench, median, progress, run
from bench.terminal import Terminal

TARGETS = {"first_paint_s": "<=0.6"}


def first_paint() -> tuple[float, float]:
    """Seconds from the command to the header, and to the first line of a workflow."""
    with workplace():
        terminal = Terminal(["assemblyzero_tui.app", "demo", "--latency", "60"], {})
        with contextlib.closing(terminal):
            painted = terminal.wait_for(b"AssemblyZero") - terminal.started
            at_work = terminal.wait_for(b"Executing") - terminal.started
        (folder,) = run_folders()
        subprocess.run(
            [sys.executable, "-m", "assemblyzero_tui.app", "stop", folder.path.name],
            check=True,
            capture_output=True,
        )
        while is_alive(folder):
            time.sleep(0.02)
    return painted, at_work


def seconds(*arguments: str) -> float:
    """The seconds that Python takes to run something."""
    began = time.monotonic()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    return time.monotonic() - began


def measure(bench: Bench, options: argparse.Namespace) -> None:
    """Starts the demo on a pseudo-terminal and, for comparison, parts of the start alone."""
    paints, works, imports, helps = [], [], [], []
    for number in range(options.rounds):
        progress(f"round {number + 1} of {options.rounds}")
        painted, at_work = first_paint()
        paints.append(painted)
        works.append(at_work)
        imports.append(seconds("-c", "import textual.app"))
        helps.append(seconds("-m", "assemblyzero_tui.app", "lld", "--help"))
    bench.set("first_paint_s", median(paints))
    bench.set("first_line_s", median(works))
    bench.set("help_s", median(helps))
    bench.set("textual_import_s", median(imports))
    bench.set("first_paint_over_textual_import", median(paints) / median(imports))


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=int, default=7)


if __name__ == "__main__":
    run(Bench("startup", TARGETS), measure, options=_options)
