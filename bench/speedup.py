"""Measures the speedup by running in parallel: ``python -m bench.speedup``."""

from __future__ import annotations

import argparse

from bench.batch import create, equal_items, run_to_end, workplace
from bench.report import Bench, progress, run

ITEMS = 30
TARGETS = {"n3": ">=2.85", "n10": ">=9"}


def measure(bench: Bench, options: argparse.Namespace) -> None:
    """Times whole runs of the same equal items at N = 1, 3 and 10."""
    seconds = {}
    for parallel in (1, 3, 10):
        progress(f"{ITEMS} items, {parallel} at once")
        with workplace() as place:
            repository, items = equal_items(place, ITEMS)
            folder, _ = create(repository, items, parallel, options.latency)
            state = run_to_end(folder).state
            if state.exit_code != 0 or state.started is None or state.ended is None:
                raise RuntimeError(f"the run failed with {state.exit_code}")
            seconds[parallel] = state.ended - state.started
    for parallel, elapsed in seconds.items():
        bench.set(f"seconds_{parallel}", elapsed)
    bench.set("n3", seconds[1] / seconds[3])
    bench.set("n10", seconds[1] / seconds[10])


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--latency", type=float, default=3.0, help="mean seconds of a call")


if __name__ == "__main__":
    run(Bench("speedup", TARGETS), measure, options=_options)
