"""Commands and runs while GitHub is away, refuses, or knows more issues than anybody wants."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.runs.runs import readable_runs
from tests.integration.cli.conftest import DEADLINE, Program
from tests.stand_ins import write_issue
from tests.waiting import wait_for

OFFLINE = ("--provider", "offline", "--latency", "0", "--plain")


def states() -> list[State]:
    return [item.state for run in readable_runs() for item in run.state.items.values()]


def test_an_item_waits_until_github_takes_calls_again(
    program: Program, issues: Callable[..., list[int]]
) -> None:
    issues(2)
    renewed = int(time.time()) + 3000
    waiting = program.start(
        "lld", "1", "2", *OFFLINE,
        GH_STAND_IN_FAULT="issue view=rate@3-4", GH_STAND_IN_RESET=str(renewed),
    )  # fmt: skip
    wait_for(lambda: states() == [State.RETRYING] * 2, "items that wait", DEADLINE)
    (run,) = readable_runs()
    for item in run.state.items.values():
        assert item.until == pytest.approx(renewed + 5, abs=2)
        assert "rate limit is used up until" in item.reason
    waiting.terminate()
    out, _ = waiting.communicate(timeout=DEADLINE)
    assert b"RETRY" in out
    done = program("resume", "--plain")
    assert done.returncode == 0, done.stdout + done.stderr
    assert states() == [State.DONE] * 2


def test_a_command_tries_again_and_says_so(
    program: Program, issues: Callable[..., list[int]]
) -> None:
    issues(2)
    done = program("lld", "--all", "--dry-run", GH_STAND_IN_FAULT="repo view=502@1")
    assert done.returncode == 0, done.stderr
    assert "GitHub cannot be reached or has a fault: HTTP 502" in done.stderr
    assert "Trying again for a minute" in done.stderr
    assert "2 would run" in done.stdout


def test_options_choose_issues(program: Program) -> None:
    folder = Path(program.environment["GH_STAND_IN_DIR"])
    write_issue(folder, 1, "Buoys", labels=("quay", "light"))
    write_issue(folder, 2, "Bells", labels=("quay",))
    write_issue(folder, 3, "Ropes", labels=())
    one = program("lld", "--label", "quay", "--label", "light", "--dry-run")
    assert (one.returncode, one.stdout) == (0, "LLD-1  Buoys\n1 would run.\n")
    assert "LLD-3" in program("lld", "--all", "--search", "ropes", "--dry-run").stdout
    assert "Nothing is pending" in program("lld", "--milestone", "Spring", "--dry-run").stdout
    assert "0 left out" in program("lld", "--left-out", "--label", "quay").stdout
    for wrong in (["1", "--label", "quay"], ["--issues-dir", ".", "--search", "x"]):
        refused = program("lld", *wrong, "--dry-run")
        assert refused.returncode == 2
        assert "--label, --milestone" in refused.stderr


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"GH_STAND_IN_VERSION": "2.4.0"}, ["too old", "issues cannot be filed", "2.10 or newer"]),
        ({"GH_STAND_IN_VERSION": "1.9.0"}, ["too old", "it cannot be used"]),
        (
            {"GH_STAND_IN_FAULT": "bad-credentials", "GH_TOKEN": "ghp_canary"},
            ["the token in GH_TOKEN is refused", "unset GH_TOKEN"],
        ),
        ({"GH_STAND_IN_FAULT": "bad-credentials"}, ["gh auth login"]),
        ({"GH_STAND_IN_FAULT": "fail"}, ["GitHub cannot be reached"]),
    ],
)
def test_doctor_says_what_is_wrong_with_gh(
    program: Program, environment: dict[str, str], told: list[str]
) -> None:
    program.environment |= environment
    done = program("doctor")
    said = " ".join(done.stdout.split())
    assert all(words in said for words in told), done.stdout
    assert "canary" not in done.stdout + done.stderr


def test_a_gh_that_is_too_old_is_told_before_a_run_begins(program: Program) -> None:
    (program.repository / "ideas/active").mkdir(parents=True)
    (program.repository / "ideas/active/buoys.md").write_text("# Buoys\n\nA buoy.\n")
    done = program("issue", "--all", *OFFLINE, GH_STAND_IN_VERSION="2.4.0")
    assert done.returncode == 2
    assert "too old (gh version 2.4.0" in done.stderr
    assert list(readable_runs()) == []
