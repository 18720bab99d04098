"""Twenty workflows on three keys whose minute cannot carry them: ``python -m bench.exhaustion``.

The real engine, workers and SDK, against a Gemini server on this machine that keeps its quotas;
the clocks of pool and server go faster than the one on the wall.
"""

from __future__ import annotations

import argparse
import json
import os
from collections import Counter
from math import ceil
from pathlib import Path

from assemblyzero_tui.runner.base.paths import make_private_directory, state_home
from assemblyzero_tui.runner.llm.deadline import ENDPOINT
from assemblyzero_tui.runner.model.events import CallEnded
from assemblyzero_tui.runner.model.run_spec import RunSpec
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.runs.journal import read_journal
from assemblyzero_tui.runner.runs.runs import create_run
from assemblyzero_tui.runner.workflows.samples.demo import make_demo_repository
from bench.batch import run_to_end, workplace
from bench.report import Bench, progress, run
from tests.gemini_server import Clock, GeminiServer, Limits, Project

KEYS = 3
SPEED = 4.0
"""Seconds of pool and server that go by in a second: the pool's guard is a quarter of a second."""
LATENCY = 0.5
"""Seconds of an answer."""
TARGETS = {"failed": "==0", "refused": "==0", "approved": "==20", "makespan_over_bound": "<=1.3"}


def measure(bench: Bench, options: argparse.Namespace) -> None:
    """One batch."""
    texts = [f"AIzaBenchKeyNumber{number:020}" for number in range(KEYS)]
    limits = {"*": Limits(minute=options.rpm)}
    projects = [Project(f"project-{n}", [key], limits) for n, key in enumerate(texts)]
    with (
        workplace() as place,
        GeminiServer(projects, latency=LATENCY, clock=Clock(SPEED)) as server,
    ):
        os.environ[ENDPOINT] = server.url
        repository = place / "repository"
        items = make_demo_repository(repository, options.items)
        folder, _ = create_run(
            RunSpec(
                run="",
                workflow="lld",
                repository=str(repository.resolve()),
                items=items,
                provider="gemini",
                parallel=options.parallel,
                clock_speed=SPEED,
                credentials=str(_keys(texts, options.rpm)),
            )
        )
        progress(f"{options.items} workflows, {KEYS} keys, {options.rpm} calls a minute each")
        state = run_to_end(folder).state
        calls = Counter(
            event.model
            for event in read_journal(folder.journal)
            if isinstance(event, CallEnded) and event.outcome == "ok"
        )
        refused = sum(request.status == 429 for request in server.requests)
    least = (ceil(max(calls.values()) / (KEYS * options.rpm)) - 1) * 60.0 / SPEED + LATENCY
    seconds = state.wall_seconds(state.time)
    bench.set("approved", state.counts[State.DONE])
    bench.set("failed", options.items - state.counts[State.DONE])
    bench.set("refused", refused)
    bench.set("calls", sum(calls.values()))
    bench.set("makespan_s", seconds)
    bench.set("makespan_over_bound", seconds / least)
    waited = sum(item.quota_seconds(state.time) for item in state.items.values())
    worked = sum(item.active_seconds(state.time) for item in state.items.values())
    bench.set("waited_over_worked", waited / worked)


def _keys(texts: list[str], rpm: int) -> Path:
    path = make_private_directory(state_home()) / "keys.json"
    path.touch(mode=0o600)
    entries = [
        {"name": f"key-{n}", "key": key, "project": f"project-{n}", "rpm": rpm}
        for n, key in enumerate(texts)
    ]
    path.write_text(json.dumps({"credentials": entries}))
    return path


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--items", type=int, default=20, help="workflows")
    parser.add_argument("--parallel", type=int, default=10, help="workflows at once")
    parser.add_argument("--rpm", type=int, default=2, help="calls a minute of a key and a model")


if __name__ == "__main__":
    run(Bench("exhaustion", TARGETS), measure, options=_options)
