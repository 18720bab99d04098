"""Runs the simulations of one batch with several seeds in parallel."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from assemblyzero_tui.runner.pool.simulation.scenario import Scenario
from assemblyzero_tui.runner.pool.simulation.simulation import SimulationFigures, simulate


def simulate_all(scenario: Scenario, seeds: Sequence[int]) -> Iterator[SimulationFigures]:
    """Yields the figures of each seed, in order; each seed always gives the same."""
    processes = min(len(seeds), os.cpu_count() or 1)
    if processes == 1:
        yield from (simulate(scenario, seed) for seed in seeds)
        return
    executor = ProcessPoolExecutor(processes, initializer=_leave_interrupts_to_the_parent)
    try:
        yield from executor.map(partial(simulate, scenario), seeds)
    finally:
        executor.shutdown(cancel_futures=True)


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
