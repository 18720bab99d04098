"""What a user gets when things are wrong: what, where, what to do; and nothing is lost."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from assemblyzero_tui.runner.base.paths import checkpoint_file
from assemblyzero_tui.runner.model.events import NodeStarted
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.runs.journal import read_journal
from assemblyzero_tui.runner.runs.runs import readable_runs, run_folders
from tests.integration.cli.conftest import Program
from tests.needs import require
from tests.powerless import prefix
from tests.stand_ins import write_issue
from tests.waiting import wait_for

Issues = Callable[..., list[int]]
QUICK = ("--provider", "offline", "--latency", "0", "--plain")
SLOW = ("--provider", "offline", "--latency", "60", "--plain")


@pytest.fixture
def powerless(program: Program) -> Program:
    """The program without the power of root to go past permissions."""
    program.prefix = prefix()
    return program


def runs() -> int:
    return len(run_folders())


def has_begun(node: str) -> bool:
    """Whether a node has begun, in the newest run."""
    folders = run_folders()
    if not folders or not folders[0].journal.exists():
        return False
    events = read_journal(folders[0].journal)
    return any(isinstance(event, NodeStarted) and event.node == node for event in events)


def test_no_repository(program: Program, tmp_path: Path) -> None:
    program.repository = tmp_path
    done = program("lld", "--all", *QUICK)
    assert done.returncode == 2
    assert f"{tmp_path.resolve()} is not in a git repository" in done.stderr
    assert "--repo PATH" in done.stderr
    assert runs() == 0


def test_a_repository_that_does_not_exist(program: Program) -> None:
    done = program("lld", "--all", "--repo", "nowhere", *QUICK)
    assert done.returncode == 2
    assert "nowhere" in done.stderr
    assert runs() == 0


def test_no_gh(program: Program, path_with_only: Callable[..., str]) -> None:
    done = program("lld", "--all", *QUICK, PATH=path_with_only("git"))
    assert done.returncode == 2
    assert "gh (GitHub's command line tool) is not on the PATH" in done.stderr
    assert "--issues-dir" in done.stderr
    assert runs() == 0


def test_gh_not_logged_in(program: Program, issues: Issues) -> None:
    issues(1)
    done = program("lld", "--all", *QUICK, GH_STAND_IN_FAULT="not-logged-in")
    assert done.returncode == 2
    assert "gh is not logged in" in done.stderr
    assert "gh auth login" in done.stderr
    assert runs() == 0


def test_an_issue_that_does_not_exist_stops_the_others_before_they_start(
    program: Program, issues: Issues, repository: Path
) -> None:
    issues(2)
    done = program("lld", "1", "99", *QUICK)
    assert done.returncode == 2
    assert "There is no issue #99" in done.stderr
    assert runs() == 0
    assert not (repository / "docs").exists()


@pytest.mark.parametrize("wrong", ["../x", "42/..", "a b", "", "LLD-", "x42", "1;ls", "٤٢"])
def test_what_cannot_be_an_issue_is_refused(program: Program, wrong: str) -> None:
    done = program("lld", wrong, *QUICK)
    assert done.returncode == 2
    assert repr(wrong) in done.stderr
    assert "assemblyzero-tui lld 42" in done.stderr
    assert runs() == 0


def test_gemini_is_the_default_and_without_a_key_nothing_starts(
    program: Program, issues: Issues
) -> None:
    issues(1)
    done = program("lld", "--all")
    assert done.returncode == 2
    assert "There is no Gemini credential." in done.stderr
    assert "assemblyzero-tui demo" in done.stderr
    assert runs() == 0


def test_a_context_file_that_is_missing_or_no_text(program: Program, repository: Path) -> None:
    (repository / "picture.png").write_bytes(b"\x89PNG\x00\xff")
    for name in ("missing.md", "picture.png", "."):
        done = program("lld", "1", "--context", name, *QUICK)
        assert done.returncode == 2
        assert name in done.stderr
        assert "--context" in done.stderr
    assert runs() == 0


def test_a_template_that_is_missing_or_none(program: Program, repository: Path) -> None:
    (repository / "picture.png").write_bytes(b"\x89PNG\x00\xff")
    (repository / "words.md").write_text("No headings.")
    (repository / "issues").mkdir(exist_ok=True)
    (repository / "issues/1-lamps.md").write_text("# Lamps\n\nThe pier is dark.")
    for name in ("missing.md", "picture.png", ".", "words.md"):
        done = program("lld", "1", "--issues-dir", "issues", "--template", name, *QUICK)
        assert done.returncode == 2
        assert name in done.stderr
        assert "--template" in done.stderr
    assert runs() == 0


def test_fresh_and_continue_exclude_each_other(program: Program) -> None:
    done = program("lld", "1", "--fresh", "--continue", *QUICK)
    assert done.returncode == 2
    assert "--fresh or --continue" in done.stderr


def test_an_invalid_status_file_is_set_aside(
    program: Program, issues: Issues, repository: Path
) -> None:
    issues(1)
    path = repository / "docs/lld/lld-status.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"issues": {"7": ')
    done = program("lld", "--all", *QUICK)
    assert done.returncode == 0
    assert "is not a status file" in done.stderr
    entries = json.loads(path.read_text())["issues"]
    assert {number: entry["status"] for number, entry in entries.items()} == {
        "7": "unknown",
        "1": "approved",
    }
    (aside,) = (p for p in path.parent.iterdir() if p.is_file() and p != path)
    assert aside.read_text() == '{"issues": {"7": '
    assert aside.name in done.stderr


def test_a_status_file_that_cannot_be_read(
    powerless: Program, issues: Issues, repository: Path
) -> None:
    issues(1)
    path = repository / "docs/lld/lld-status.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"version":"1.0","last_updated":"","issues":{}}')
    path.chmod(0)
    done = powerless("lld", "--all", *QUICK)
    path.chmod(0o600)
    assert done.returncode == 2
    assert str(path) in done.stderr
    assert runs() == 0
    assert json.loads(path.read_text())["issues"] == {}


def test_a_state_folder_that_is_not_writable(
    powerless: Program, issues: Issues, state_home: Path, repository: Path
) -> None:
    issues(1)
    state_home.mkdir()
    state_home.chmod(0o500)
    for arguments in (("lld", "--all", *QUICK), ("demo", "--plain")):
        done = powerless(*arguments)
        assert done.returncode == 2
        assert str(state_home) in done.stderr
        assert "ASSEMBLYZERO_HOME" in done.stderr
    doctor = powerless("doctor")
    assert doctor.returncode == 1
    assert "BROKEN state folder" in doctor.stdout
    state_home.chmod(0o700)
    assert not list(state_home.iterdir())
    assert not (repository / "docs").exists()


def test_a_state_folder_that_is_a_file(program: Program, issues: Issues, tmp_path: Path) -> None:
    issues(1)
    (tmp_path / "file").touch()
    done = program("lld", "--all", *QUICK, ASSEMBLYZERO_HOME=str(tmp_path / "file"))
    assert done.returncode == 2
    assert str(tmp_path / "file") in done.stderr
    assert "ASSEMBLYZERO_HOME" in done.stderr
    assert "configuration" not in done.stderr


def test_an_output_that_cannot_be_written_stops_the_run_and_says_so(
    program: Program, issues: Issues
) -> None:
    require(Path("/dev/full").exists(), "only Linux has /dev/full")
    issues(2)
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            program.command("lld", "--all", *SLOW), cwd=program.repository, stdout=full,
            stderr=subprocess.PIPE, text=True, env=os.environ | program.environment, timeout=60,
        )  # fmt: skip
    assert done.returncode == 1
    assert "Cannot write the output: No space left on device." in done.stderr
    assert f"assemblyzero-tui resume {run_folders()[0].path.name}" in done.stderr
    assert next(readable_runs()).state.end_reason == "stopped"


def test_two_runs_on_the_same_item(program: Program, issues: Issues) -> None:
    issues(2)
    first = program.start("lld", "1", *SLOW)
    wait_for(lambda: has_begun("N1_design"), "draft")
    name = run_folders()[0].path.name

    second = program.start("lld", "1", "2", *QUICK)
    wait_for(
        lambda: (
            (run := next(readable_runs())).name != name
            and run.state.finished is False
            and run.state.counts[State.DONE] == 1
        ),
        "design of the other",
    )
    assert next(readable_runs()).state.items["LLD-1"].elsewhere == name
    first.terminate()
    assert first.wait(30) == 143

    output, errors = second.communicate(timeout=60)
    assert second.returncode == 0
    told = f"run {name} (state folder "
    assert f"LLD-1 is at work in {told}" in errors.decode()
    assert f"LLD-1 waits: at work in {told}" in output.decode()


def test_an_issue_that_changed_since_its_checkpoint(
    program: Program, issues: Issues, repository: Path, tmp_path: Path
) -> None:
    issues(1)
    first = program.start("lld", "1", *SLOW)
    wait_for(lambda: has_begun("N1_design"), "draft")
    first.terminate()
    assert first.wait(30) == 143
    checkpoint = checkpoint_file(repository, "lld", "1")
    assert checkpoint.exists()

    write_issue(tmp_path / "issues", 1, "Something else", "It must now do another thing entirely.")
    refused = program("lld", "1", *QUICK)
    assert refused.returncode == 1
    assert "--fresh" in refused.stdout
    assert "--continue" in refused.stdout
    next_step = f"resume {run_folders()[0].path.name} --failed --continue"
    assert next_step in program("report").stdout
    assert checkpoint.exists()
    assert not (repository / "docs/lld/active").exists()

    accepted = program("lld", "1", "--continue", *QUICK)
    assert accepted.returncode == 0, accepted.stdout
    assert (repository / "docs/lld/active/LLD-001.md").exists()

    again = program("lld", "1", "--fresh", *QUICK)
    assert again.returncode == 0, again.stdout
    assert "Something else" in (repository / "docs/lld/active/LLD-001.md").read_text()


def test_a_folder_for_sockets_that_others_can_enter(
    program: Program, issues: Issues, tmp_path: Path
) -> None:
    issues(1)
    shared = Path(os.environ["XDG_RUNTIME_DIR"]) / "assemblyzero-tui"
    shared.mkdir(mode=0o755)
    shared.chmod(0o755)
    done = program("lld", "--all", *QUICK)
    assert done.returncode == 2
    assert f"{shared} is not a private folder of yours" in done.stderr
    doctor = program("doctor")
    assert doctor.returncode == 1
    assert "BROKEN sockets" in doctor.stdout


def test_an_engine_that_cannot_start_says_why(program: Program) -> None:
    stopped = program.start("demo", *SLOW[2:], "--items", "1")
    wait_for(lambda: has_begun("N1_design"), "draft")
    stopped.terminate()
    assert stopped.wait(30) == 143
    (folder,) = run_folders()
    folder.engine_lock.unlink()
    folder.engine_lock.mkdir()
    done = program("resume", "--plain")
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert str(folder.path) in done.stderr


def test_a_damaged_run_is_named(program: Program, state_home: Path) -> None:
    folder = state_home / "runs" / "20260101-000000-lld"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text("{}")
    done = program("attach", "--plain")
    assert done.returncode == 2
    assert f"{folder / 'run.json'} is damaged" in done.stderr


def test_an_error_that_nobody_foresaw_leaves_its_traceback_in_a_file(
    program: Program, state_home: Path, tmp_path: Path
) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/sitecustomize.py").write_text(
        "from assemblyzero_tui.runner.runs import runs\nruns.find_run = None\n"
    )
    done = program("report", PYTHONPATH=str(tmp_path / "broken"))
    assert done.returncode == 1
    assert "TypeError: 'NoneType' object is not callable" in done.stderr
    assert "Traceback" not in done.stderr
    (crash,) = (state_home / "crashes").iterdir()
    assert str(crash) in done.stderr
    assert "Traceback" in crash.read_text()
