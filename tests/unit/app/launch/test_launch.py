"""What is printed when the dashboard has closed."""

from __future__ import annotations

from pathlib import Path

import pytest

from assemblyzero_tui.app.launch.launch import _print_outcome
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.runs.live_run import LiveRun
from tests.ui.example_runs import Story, build


def test_after_a_cancellation_it_says_how_to_retry(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stories = [Story("42", "One"), Story("43", "Two", State.CANCELLED)]
    _print_outcome(
        LiveRun(build(tmp_path / "20260101-100000-lld", stories, ended="finished").folder)
    )
    said = capsys.readouterr().out
    assert "(1): assemblyzero-tui resume 20260101-100000-lld --failed" in said


@pytest.mark.parametrize("other", [State.DONE, State.SKIPPED])
def test_after_a_success_nothing_is_to_be_retried(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], other: State
) -> None:
    stories = [Story("42", "One"), Story("43", "Two", other)]
    _print_outcome(LiveRun(build(tmp_path / "a-run", stories, ended="finished").folder))
    assert "resume" not in capsys.readouterr().out
