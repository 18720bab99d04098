"""A bad evening of the service, and a batch that comes out of it whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assemblyzero_tui.runner.credentials.demo_credentials import demo_credentials
from assemblyzero_tui.runner.llm.deadline import ENDPOINT
from assemblyzero_tui.runner.model.events import CallEnded, PoolChanged
from assemblyzero_tui.runner.model.run_spec import OfflineQuotas, Options, RunSpec
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.runs.journal import read_journal
from assemblyzero_tui.runner.runs.runs import create_run
from assemblyzero_tui.runner.workflows.samples.demo import make_demo_repository
from tests.gemini_server import EveningClock, EveningServer, Limits, Project, bad_evening
from tests.gemini_server.evening import DAY
from tests.integration.cli.conftest import Program

ITEMS = 20
SPEED = 20.0
"""Seconds of the evening that go by in a second: a silence is too long after nine."""
MOST_IN_VAIN = 150
"""Requests while the service fails for everybody: two models, two spells, five workers."""
PATIENCE = 300.0
"""Seconds the run may take on a slow machine."""


@pytest.mark.slow
def test_twenty_items_come_out_of_a_bad_evening_approved(program: Program, tmp_path: Path) -> None:
    clock = EveningClock(SPEED)
    quota = OfflineQuotas(
        credentials=3, per_minute=8, per_day=8, day_seconds=DAY / SPEED, start=clock.began,
        declared=2, speed=SPEED,
    )  # fmt: skip
    projects = [
        Project(
            each.project, [each.secret.reveal()], {"*": Limits(quota.per_minute, quota.per_day)}
        )
        for each in demo_credentials(quota)
    ]
    place = tmp_path / "designs"
    folder, spec = create_run(
        RunSpec(
            run="", workflow="lld", repository=str(place), items=make_demo_repository(place, ITEMS),
            provider="gemini", parallel=5, options=Options(quota=quota), clock_speed=SPEED,
            demo=True,
        )
    )  # fmt: skip
    with EveningServer(projects, troubles=bad_evening(), clock=clock, latency=1.0) as server:
        program.environment[ENDPOINT] = server.url
        done = program("resume", spec.run, "--plain", patience=PATIENCE)
        assert done.returncode == 0, done.stdout + done.stderr
    assert [each.fault for each in server.troubles if not each.met] == []
    assert sum(each.met for each in server.troubles if each.lasts) < MOST_IN_VAIN

    state = program.the_run().state
    assert [item.state for item in state.items.values()] == [State.DONE] * ITEMS
    status = json.loads((place / "docs/lld/lld-status.json").read_text())["issues"]
    assert len(status) == ITEMS
    assert all(entry["has_gemini_review"] is True for entry in status.values())
    events = read_journal(folder.journal)
    outcomes = {event.outcome for event in events if isinstance(event, CallEnded)}
    assert outcomes >= {"ok", "timeout", "transport", "overloaded", "no_answer"}
    assert not any("not answering" in e.reason for e in events if isinstance(e, PoolChanged))
    assert (
        max(request.time for request in server.requests)
        > min(request.time for request in server.requests) + 86_400 - DAY
    ), "the work took another day of the service"
