"""Runs twenty workflows on three credentials with too little quota: ``python -m bench.exhaustion``.

Uses the real engine, workers and SDK, and a Gemini server on this machine that enforces its quotas;
the clocks of pool and server run faster than the wall clock.
"""

from __future__ import annotations

import argparse
import json
import os
from collections import Counter
from math import ceil
from pathlib import Path

from assemblyzero_tui.runner.base.paths import RunFolder, make_private_directory, state_home
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

CREDENTIALS = 3
SPEED = 4.0
"""The speed of the clocks of pool and server; the pool's guard is a quarter of a second."""
LATENCY = 0.5
"""Seconds per answer."""
TARGETS = {"failed": "==0", "refused": "==0", "approved": "==20", "makespan_over_bound": "<=1.3"}


def measure(bench: Bench, options: argparse.Namespace) -> None:
    """Runs one batch."""
    keys = [f"AIzaBenchKeyNumber{number:020}" for number in range(CREDENTIALS)]
    limits = {"*": Limits(minute=options.rpm)}
    projects = [Project(f"project-{n}", [key], limits) for n, key in enumerate(keys)]
    with (
        workplace() as place,
        GeminiServer(projects, latency=LATENCY, clock=Clock(SPEED)) as server,
    ):
        os.environ[ENDPOINT] = server.url
        folder = _create_run(place / "repository", keys, options)
        progress(
            f"{options.items} workflows, {CREDENTIALS} credentials, "
            f"{options.rpm} calls per minute each"
        )
        state = run_to_end(folder).state
        calls = Counter(
            event.model
            for event in read_journal(folder.journal)
            if isinstance(event, CallEnded) and event.outcome == "ok"
        )
        refused = sum(request.status == 429 for request in server.requests)
    seconds = state.wall_seconds(state.time)
    bench.set("approved", state.counts[State.DONE])
    bench.set("failed", options.items - state.counts[State.DONE])
    bench.set("refused", refused)
    bench.set("calls", sum(calls.values()))
    bench.set("makespan_s", seconds)
    bench.set("makespan_over_bound", seconds / _lower_bound(calls, options.rpm))
    waited = sum(item.quota_seconds(state.time) for item in state.items.values())
    worked = sum(item.active_seconds(state.time) for item in state.items.values())
    bench.set("waited_over_worked", waited / worked)


def _create_run(repository: Path, keys: list[str], options: argparse.Namespace) -> RunFolder:
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
            credentials=str(_credentials_file(keys, options.rpm)),
        )
    )
    return folder


def _lower_bound(calls: Counter[str], rpm: int) -> float:
    """The least seconds that these calls, by model, can take within the quotas."""
    minutes = ceil(max(calls.values()) / (CREDENTIALS * rpm)) - 1
    return minutes * 60.0 / SPEED + LATENCY


def _credentials_file(keys: list[str], rpm: int) -> Path:
    path = make_private_directory(state_home()) / "credentials.json"
    path.touch(mode=0o600)
    entries = [
        {"name": f"credential-{n}", "key": key, "project": f"project-{n}", "rpm": rpm}
        for n, key in enumerate(keys)
    ]
    path.write_text(json.dumps({"credentials": entries}))
    return path


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--items", type=int, default=20, help="workflows")
    parser.add_argument("--parallel", type=int, default=10, help="workflows at once")
    parser.add_argument(
        "--rpm", type=int, default=2, help="calls per minute of a credential and a model"
    )


if __name__ == "__main__":
    run(Bench("exhaustion", TARGETS), measure, options=_options)
