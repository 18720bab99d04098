"""Measures the throughput of a long queue of items that take no time: ``python -m bench.queue``."""

from __future__ import annotations

import argparse

from assemblyzero_tui.runner.model.events import ItemChanged
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.runs.journal import read_journal
from bench.batch import create, equal_items, run_to_end, workplace
from bench.report import Bench, progress, run

HUNDRED = 100
TARGETS = {"items_per_s": ">=15", "last_over_first": "<=1.2"}


def measure(bench: Bench, options: argparse.Namespace) -> None:
    """Runs the queue, and compares the time of the last hundred items with that of the first."""
    with workplace() as place:
        repository, items = equal_items(place, options.items)
        folder, _ = create(repository, items, options.parallel, latency=0.0)
        progress(f"{options.items} items, {options.parallel} at once")
        state = run_to_end(folder).state
        if state.exit_code != 0:
            raise RuntimeError(f"the run failed with {state.exit_code}")
        ends = [
            event.time
            for event in read_journal(folder.journal)
            if isinstance(event, ItemChanged) and event.state is State.DONE
        ]
    # The first worker waits until the forkserver has loaded everything, so it is not counted.
    begin, window = ends[0], min(HUNDRED, len(ends) // 2)
    bench.set("items_per_s", (len(ends) - 1) / (ends[-1] - begin))
    bench.set("first_hundred_s", ends[window] - begin)
    bench.set("last_hundred_s", ends[-1] - ends[-1 - window])
    bench.set("last_over_first", (ends[-1] - ends[-1 - window]) / (ends[window] - begin))


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--items", type=int, default=1000)
    parser.add_argument("--parallel", type=int, default=10)


if __name__ == "__main__":
    run(Bench("queue", TARGETS), measure, options=_options)
