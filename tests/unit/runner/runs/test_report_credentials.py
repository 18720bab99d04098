"""What a summary says of keys, and of the time that was spent waiting for them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from assemblyzero_tui.app.headless.summary_lines import summary_lines
from assemblyzero_tui.runner.base.paths import RunFolder
from assemblyzero_tui.runner.model.run_state import fold
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.model.summary import Summary
from assemblyzero_tui.runner.runs import report
from assemblyzero_tui.runner.runs.report_markdown import markdown
from assemblyzero_tui.widgets.glyphs import UNICODE
from assemblyzero_tui.widgets.items.summary_table import credential_facts
from tests.unit.run_examples import START, run_with_keys


@pytest.fixture
def summary() -> Summary:
    return report.build(fold(run_with_keys()), RunFolder(Path("/state/runs/r")), START + 500)


def test_working_and_waiting_are_kept_apart(summary: Summary) -> None:
    times = summary.times
    assert (times.wall, times.active, times.quota, times.paused) == (181, 51, 129, 0)
    assert summary.items[0].quota == 129


def test_the_timeline_shows_time_in_line_as_waiting(summary: Summary) -> None:
    spans = [(s.state, s.start - START, s.end - START) for s in summary.items[0].spans]
    assert (State.RUNNING, 0, 20) in spans
    assert (State.QUOTA, 20, 50) in spans
    assert (State.RUNNING, 50, 61) in spans
    assert (State.QUOTA, 61, 160) in spans


def test_every_key_has_a_line(summary: Summary) -> None:
    a, b = summary.pool
    assert (a.name, a.project, a.answered, a.refused) == ("offline: a", "shop", 2, 1)
    assert (a.unavailable, a.state, a.until) == (100, "ready", None)
    assert (b.unavailable, b.state, b.until) == (169, "exhausted", START + 5000)


def test_outages_are_reported(summary: Summary) -> None:
    (outage,) = summary.outages
    assert (outage.start - START, outage.end - START) == (60, 160)
    assert outage.reason == "a is cooling down, b is exhausted"


def test_an_outage_in_progress_lasts_until_now() -> None:
    events = [event for event in run_with_keys() if event.time <= START + 61]
    now = START + 100
    summary = report.build(fold(events), RunFolder(Path("/state/runs/r")), now)
    assert summary.outages[0].end == now
    assert summary.times.quota == 30 + 39


def test_markdown_has_tables_of_keys_and_outages(summary: Summary) -> None:
    text = markdown(summary, time.gmtime).replace("GMT", "UTC")
    assert "| Waiting for quota or a model | 2m 09s |" in text
    assert (
        "| offline: a | shop | `0000000a` | 2 | 1 | 300 | 150 | 1m 40s | ready |\n"
        "| offline: b |  | `0000000b` | 0 | 1 | 100 | 50 | 2m 49s | "
        "exhausted until 2026-09-21 15:36:40 UTC |" in text
    )
    assert (
        "## Without quota\n\n| From | To | For | Why |\n| --- | --- | ---: | --- |\n"
        "| 2026-09-21 14:14:20 UTC | 2026-09-21 14:16:00 UTC | 1m 40s "
        "| a is cooling down, b is exhausted |" in text
    )


def test_json_keeps_credentials_and_outages(summary: Summary) -> None:
    assert report.from_json(report.to_json(summary)) == summary


def test_screen_and_plain_output_show_what_credentials_did(summary: Summary) -> None:
    assert credential_facts(summary, UNICODE).plain == (
        "credentials: a 2, 1 refused, without quota 1m 40s · b 0, 1 refused, without quota "
        "2m 49s, exhausted · no quota 1 time, for 1m 40s"
    )
    lines = list(summary_lines(summary))
    assert any("51s of work, 2m 09s waiting for quota, 2 calls answered." in line for line in lines)
    assert "offline: b: 0 answered, 1 refused, without quota 2m 49s, exhausted" in lines
