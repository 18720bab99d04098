"""The bare command on a terminal: choose, start, come back."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from assemblyzero_tui.runner.base.paths import state_home
from assemblyzero_tui.runner.runs.runs import is_alive, open_run, run_folders
from tests import stand_ins
from tests.terminal.screen import PROGRAM, program
from tests.waiting import wait_for


@pytest.fixture
def tracker(tmp_path: Path) -> dict[str, str]:
    """An environment in which gh knows two open issues."""
    stand_ins.make_issues(tmp_path / "issues", 2)
    return {
        "PATH": stand_ins.install(tmp_path / "bin"),
        "GH_STAND_IN_DIR": str(tmp_path / "issues"),
    }


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    path = tmp_path / "repository"
    subprocess.run(["git", "init", "--quiet", str(path)], check=True)
    return path


def stop() -> None:
    assert subprocess.run([*PROGRAM, "stop"], capture_output=True, timeout=60).returncode == 0


def test_what_is_chosen_is_started(repository: Path, tracker: dict[str, str]) -> None:
    state_home().mkdir(parents=True, exist_ok=True)
    (state_home() / "tui.toml").write_text('[lld]\nprovider = "offline"\nlatency = 60.0\n')
    with program(cwd=repository, environment=tracker) as terminal:
        terminal.wait_for("#2 ")
        terminal.press("*")
        terminal.wait_for("2 of 2 chosen")
        terminal.press("enter")
        terminal.wait_for("N1_design")
        terminal.press("d")
        assert terminal.wait() == 0
    (folder,) = run_folders()
    assert is_alive(folder)
    run = open_run(folder)
    assert list(run.state.items) == ["LLD-1", "LLD-2"]
    assert (run.spec.provider, run.spec.options.latency) == ("offline", 60.0)

    with program(cwd=repository, environment=tracker) as terminal:
        terminal.wait_for(folder.path.name)
        terminal.press("enter")
        terminal.wait_for("N1_design")
        terminal.press("d")
        assert terminal.wait() == 0
    stop()
    assert not is_alive(folder)
    wait_for(lambda: open_run(folder).unfinished, "unfinished run")


def test_leaving_without_a_choice_starts_nothing(repository: Path, tracker: dict[str, str]) -> None:
    with program(cwd=repository, environment=tracker) as terminal:
        terminal.wait_for("#2 ")
        terminal.press("q")
        assert terminal.wait() == 0
    assert run_folders() == []


def test_outside_a_repository_it_says_so(tmp_path: Path, tracker: dict[str, str]) -> None:
    with program(cwd=tmp_path, environment=tracker) as terminal:
        terminal.wait_for("is not in a git repository")
        terminal.press("q")
        assert terminal.wait() == 0
