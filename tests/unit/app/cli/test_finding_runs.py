"""Which run a command means when it is given none."""

from __future__ import annotations

from pathlib import Path

import pytest

from assemblyzero_tui.app.cli.finding_runs import newest_unfinished_run
from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.model.states import State
from tests.ui.example_runs import Story, build

OLD, NEW = "20260101-100000-lld", "20260102-100000-lld"


def _build(state_home: Path, name: str, *ends: State) -> None:
    stories = [Story(str(number), "An item", state) for number, state in enumerate(ends, 1)]
    build(state_home / "runs" / name, stories, ended="finished")


def test_resume_failed_passes_over_a_newer_run_without_failures(state_home: Path) -> None:
    _build(state_home, OLD, State.DONE, State.FAILED)
    _build(state_home, NEW, State.DONE, State.SKIPPED)
    assert newest_unfinished_run(None, failed=True).path.name == OLD


def test_skipped_items_are_no_failures(state_home: Path) -> None:
    _build(state_home, NEW, State.DONE, State.SKIPPED)
    with pytest.raises(TuiError, match="No unfinished runs"):
        newest_unfinished_run(None, failed=True)


@pytest.mark.parametrize("state", [State.FAILED, State.LOST, State.CANCELLED])
def test_the_newest_run_with_something_to_retry_is_found(state_home: Path, state: State) -> None:
    _build(state_home, OLD, State.FAILED)
    _build(state_home, NEW, state)
    assert newest_unfinished_run(None, failed=True).path.name == NEW
