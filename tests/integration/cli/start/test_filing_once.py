"""Two commands file each brief once, whatever state folder and clone each of them has."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.cli.conftest import DEADLINE, Program
from tests.stand_ins import filed_issues, write_issue
from tests.waiting import wait_for

OFFLINE = ("--provider", "offline", "--latency", "0", "--plain")


@pytest.fixture
def clone(program: Program, tmp_path: Path) -> Iterator[Callable[[str], Program]]:
    """Makes a clone with the same brief and a state folder of its own; one tracker for all."""
    (program.repository / "ideas/active").mkdir(parents=True)
    (program.repository / "ideas/active/lamps.md").write_text("# Lamps\n\nOne on each post.\n")
    git = ["git", "-C", str(program.repository)]
    subprocess.run([*git, "add", "."], check=True)
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run([*git, *who, "commit", "-qm", "Ideas"], check=True)
    made: list[Program] = []

    def make(name: str) -> Program:
        place = tmp_path / name
        subprocess.run(["git", "clone", "-q", str(program.repository), str(place)], check=True)
        home = {"ASSEMBLYZERO_HOME": str(tmp_path / f"state-{name}")}
        made.append(Program(place.resolve(), program.environment | home))
        return made[-1]

    yield make
    for each in made:
        for process in each.started:
            if process.poll() is None:
                process.kill()
            process.communicate()


def outcome(process: subprocess.Popen[bytes]) -> str:
    out, err = process.communicate(timeout=DEADLINE)
    assert process.returncode == 0, (out + err).decode()
    return out.decode()


def says(program: Program, words: str) -> bool:
    """Whether a worker of this state folder has printed these words."""
    logs = Path(program.environment["ASSEMBLYZERO_HOME"]).glob("runs/*/logs/*.log")
    return any(words in log.read_text(errors="replace") for log in logs)


@pytest.mark.parametrize("lag", ["0", "900"])
def test_two_clones_at_once_file_a_brief_once(
    clone: Callable[[str], Program], tmp_path: Path, lag: str
) -> None:
    both, issues = [clone("one"), clone("two")], tmp_path / "issues"
    nasty = {"GH_STAND_IN_FAULT": "issue create=held@1", "GH_STAND_IN_LAG": lag}
    started = [each.start("issue", "--all", *OFFLINE, **nasty) for each in both]
    wait_for(
        lambda: filed_issues(issues) or any(says(each, "Waiting for the run") for each in both),
        "one that waits for the other",
        DEADLINE,
    )
    (issues / "go").touch()
    said = "".join(outcome(process) for process in started)
    assert len(filed_issues(issues)) == 1
    rows = re.findall(r"^ISSUE-lamps +DONE .*?((?:was already )?filed as) #1", said, re.M)
    assert sorted(rows) == ["filed as", "was already filed as"]
    assert re.search(r"Filed by: the run \S+ of ", said)
    for each in both:
        assert not list((each.repository / "ideas/active").iterdir())


@pytest.mark.parametrize("lag", ["0", "900"])
def test_two_state_folders_on_one_repository_file_a_brief_once(
    clone: Callable[[str], Program], tmp_path: Path, lag: str
) -> None:
    first, issues = clone("one"), tmp_path / "issues"
    home = {"ASSEMBLYZERO_HOME": str(tmp_path / "state-other")}
    nasty = {"GH_STAND_IN_FAULT": "issue create=held@1", "GH_STAND_IN_LAG": lag}
    started = [first.start("issue", "--all", *OFFLINE, **nasty)]
    wait_for(lambda: (issues / ".issue-create-1").exists(), "gh at work", DEADLINE)
    started.append(first.start("issue", "--all", *OFFLINE, **nasty, **home))
    wait_for(
        lambda: (tmp_path / "state-other/runs").exists() or started[1].poll() is not None,
        "second command at work",
        DEADLINE,
    )
    (issues / "go").touch()
    said = [outcome(process) for process in started]
    assert "filed as #1" in said[0]
    assert len(filed_issues(issues)) == 1
    assert not list((first.repository / "ideas/active").iterdir())


def test_a_brief_of_the_same_name_in_another_work_tree_is_filed_by_its_text(
    clone: Callable[[str], Program], tmp_path: Path
) -> None:
    first, issues, tree = clone("one"), tmp_path / "issues", tmp_path / "tree"
    git = ["git", "-C", str(first.repository)]
    subprocess.run([*git, "worktree", "add", "-q", str(tree)], check=True)
    (tree / "ideas/active/lamps.md").write_text("# Lamps indoors\n\nOne in each room.\n")
    nasty = {"GH_STAND_IN_FAULT": "issue create=held@1"}
    started = [first.start("issue", "--all", *OFFLINE, **nasty)]
    wait_for(lambda: (issues / ".issue-create-1").exists(), "gh at work", DEADLINE)
    home = {"ASSEMBLYZERO_HOME": str(tmp_path / "state-other")}
    started.append(first.start("issue", "--all", "--repo", str(tree), *OFFLINE, **nasty, **home))
    journals = (tmp_path / "state-other/runs").glob
    wait_for(
        lambda: any('"elsewhere"' in each.read_text() for each in journals("*/events.jsonl")),
        "second command that waits",
        DEADLINE,
    )
    (issues / "go").touch()
    said = [outcome(process) for process in started]
    assert "filed as #1" in said[0]
    assert "filed as #2" in said[1]
    assert not list((tree / "ideas/active").iterdir())


def test_the_gh_of_a_killed_command_holds_the_tracker_until_it_is_through(
    clone: Callable[[str], Program], tmp_path: Path
) -> None:
    first, second, issues = clone("one"), clone("two"), tmp_path / "issues"
    nasty = {"GH_STAND_IN_FAULT": "issue create=held@1"}
    killed = first.start("issue", "--all", *OFFLINE, **nasty)
    wait_for(lambda: (issues / ".issue-create-1").exists(), "gh at work")
    (engine,) = (tmp_path / "state-one/runs").glob("*/engine.pid")
    os.kill(int(engine.read_text()), signal.SIGKILL)
    killed.communicate(timeout=DEADLINE)
    goes_on = second.start("issue", "--all", *OFFLINE, **nasty)
    wait_for(
        lambda: filed_issues(issues) or says(second, "Waiting for the run"),
        "one that waits for the gh of the other",
        DEADLINE,
    )
    (issues / "go").touch()
    assert "was already filed as #1" in outcome(goes_on)
    assert len(filed_issues(issues)) == 1


def test_a_run_resumes_with_the_tracker_it_started_with(program: Program, tmp_path: Path) -> None:
    write_issue(tmp_path / "issues", 1, "A lamp")
    write_issue(tmp_path / "issues/someone/else", 1, "Of somebody else")
    stopped = program("lld", "1", *OFFLINE, GH_STAND_IN_FAULT="issue view=forbidden@2")
    assert "issues of github.com/example/tidewater" in stopped.stdout
    assert stopped.returncode == 1, stopped.stdout
    again = program("resume", "--failed", "--plain", GH_REPO="someone/else")
    assert again.returncode == 0, again.stdout + again.stderr
    assert (
        "GH_REPO is set to someone/else, but this run continues with the issues of" in again.stderr
    )
    design = (program.repository / "docs/lld/active/LLD-001.md").read_text()
    assert "example/tidewater/issues/1" in design
    assert "A lamp" in design


def test_it_is_said_whose_issues_would_be_worked_on(program: Program, tmp_path: Path) -> None:
    write_issue(tmp_path / "issues/someone/else", 1, "Of somebody else")
    done = program("lld", "--all", "--dry-run", GH_REPO="someone/else")
    assert done.returncode == 0
    assert "Issues of github.com/someone/else" in done.stderr
    assert "not of example/tidewater" in done.stderr
    assert "LLD-1  Of somebody else" in done.stdout
    checked = program("doctor", GH_REPO="someone/else")
    assert re.search(r"^warn +issues +github.com/someone/else", checked.stdout, re.M)
