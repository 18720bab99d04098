"""Runs the real engine on a temporary repository, for the benchmarks that need a whole run."""

from __future__ import annotations

import itertools
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from assemblyzero_tui.runner.base.paths import RunFolder
from assemblyzero_tui.runner.llm.offline.reading import read_issue as read_prompt
from assemblyzero_tui.runner.llm.offline.review import rejections
from assemblyzero_tui.runner.model.events import ItemInfo
from assemblyzero_tui.runner.model.run_spec import Options, RunSpec
from assemblyzero_tui.runner.runs.engine_start import StartingEngine, start_engine
from assemblyzero_tui.runner.runs.live_run import LiveRun
from assemblyzero_tui.runner.runs.runs import create_run
from assemblyzero_tui.runner.workflows.lld.issue_files import read_issue
from assemblyzero_tui.runner.workflows.lld.texts import design_request
from assemblyzero_tui.runner.workflows.samples.demo import make_demo_repository
from assemblyzero_tui.runner.workflows.tracker.issues import Issue

_POLL = 0.02
"""Seconds between two reads of the journal."""


@contextmanager
def workplace() -> Iterator[Path]:
    """A temporary state folder, which is removed afterwards."""
    before = {name: os.environ.get(name) for name in ("ASSEMBLYZERO_HOME", "XDG_RUNTIME_DIR")}
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as name:
        os.environ["ASSEMBLYZERO_HOME"] = f"{name}/home"
        os.environ["XDG_RUNTIME_DIR"] = name
        try:
            yield Path(name)
        finally:
            for key, value in before.items():
                if value is None:
                    os.environ.pop(key, None)
                else:
                    os.environ[key] = value


def equal_items(place: Path, count: int) -> tuple[Path, list[ItemInfo]]:
    """A repository and ``count`` items with equal work: the same text under different numbers."""
    repository = place / "repository"
    (first,) = make_demo_repository(repository, 1)
    text = Path(first.source).read_bytes()
    issues = repository / "equal"
    issues.mkdir()
    items: list[ItemInfo] = []
    for number in itertools.count(1):
        if len(items) == count:
            break
        path = issues / f"{number}-equal.md"
        path.write_bytes(text)
        if not _approved_at_once(read_issue(path)):
            path.unlink()
            continue
        items.append(
            ItemInfo(id=f"LLD-{number}", key=str(number), title=first.title, source=str(path))
        )
    return repository, items


def _approved_at_once(issue: Issue) -> bool:
    """Whether the offline model approves the first draft of this issue."""
    state: Any = {
        "number": issue.number, "title": issue.title, "body": issue.body, "url": "",
        "labels": [], "reviews": [], "draft": "",
    }  # fmt: skip
    return rejections(read_prompt(design_request(state, []).prompt).text) == 0


def create(
    repository: Path, items: list[ItemInfo], parallel: int, latency: float
) -> tuple[RunFolder, RunSpec]:
    """A run that no engine serves yet."""
    return create_run(
        RunSpec(
            run="",
            workflow="lld",
            repository=str(repository.resolve()),
            items=items,
            provider="offline",
            parallel=parallel,
            options=Options(latency=latency, latency_spread=0.0),
        )
    )


def run_to_end(folder: RunFolder) -> LiveRun:
    """Starts the engine of a run and waits until every item has ended."""
    engine: StartingEngine = start_engine(folder)
    engine.wait()
    run = LiveRun(folder)
    while not run.state.ended:
        run.poll()
        if engine.process.poll() is not None and not run.poll() and not run.state.ended:
            raise RuntimeError(f"the engine ended early: {folder.engine_log.read_text()}")
        time.sleep(_POLL)
    engine.process.wait()
    return run
