"""Stopping, leaving, coming back: nothing is lost, whoever ends what."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from assemblyzero_tui.runner.base.paths import RunFolder
from assemblyzero_tui.runner.model.events import NodeStarted
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.runs.journal import read_journal
from assemblyzero_tui.runner.runs.runs import is_alive, open_run, run_folders
from tests.integration.cli.conftest import Program
from tests.waiting import wait_for

DRAFTING = "N1_design"
SLOW = ("--latency", "60", "--items", "3", "--parallel", "2")


def drafting(count: int = 1) -> RunFolder | None:
    """The newest run, as soon as so many items are at their draft."""
    folders = run_folders()
    if not folders or not folders[0].journal.exists():
        return None
    at = {
        event.item
        for event in read_journal(folders[0].journal)
        if isinstance(event, NodeStarted) and event.node == DRAFTING
    }
    return folders[0] if len(at) >= count else None


def slow_demo(program: Program, *arguments: str) -> tuple[subprocess.Popen[bytes], RunFolder]:
    process = program.start("demo", *SLOW, *(arguments or ("--plain",)))
    folder = wait_for(lambda: drafting(2), "two drafts")
    return process, folder


def finish(program: Program, folder: RunFolder) -> None:
    """Makes the model quick, as if the user had more patience than a test, and resumes."""
    document = json.loads(folder.spec.read_text())
    document["options"] = {"latency": 0.0}
    folder.spec.write_text(json.dumps(document))
    done = program("resume", folder.path.name, "--plain")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "resumed: 3 of 3 left" in done.stdout
    assert open_run(folder).state.counts[State.DONE] == 3


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_stops_a_headless_run_which_can_be_resumed(
    program: Program, number: signal.Signals, code: int
) -> None:
    process, folder = slow_demo(program)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == code, err
    assert not is_alive(folder)
    assert b"Stopping: everything will be saved" in out
    assert f"assemblyzero-tui resume {folder.path.name}".encode() in out
    assert b"Traceback" not in err
    state = open_run(folder).state
    assert not state.finished
    assert state.counts[State.PAUSED] == 2
    if number == signal.SIGINT:
        finish(program, folder)


def test_a_second_signal_forces(program: Program) -> None:
    process, folder = slow_demo(program)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130
    wait_for(lambda: not is_alive(folder), "end of the engine")


def test_a_reader_that_leaves_ends_the_run_without_a_traceback(program: Program) -> None:
    process, folder = slow_demo(program)
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    _, err = process.communicate(timeout=30)
    wait_for(lambda: not is_alive(folder), "end of the engine")
    assert process.returncode == 141
    assert b"Traceback" not in err


def test_a_closed_output_does_not_hold_the_run_up(program: Program) -> None:
    program.prefix = ("sh", "-c", 'exec "$@" >&-', "sh")
    done = program("demo", "--items", "1", "--latency", "0")
    assert (done.returncode, done.stdout) == (0, "")


def test_a_killed_command_leaves_the_run_and_attach_finds_it(program: Program) -> None:
    process, folder = slow_demo(program)
    process.kill()
    process.communicate()
    assert is_alive(folder)

    listed = program("runs")
    assert folder.path.name in listed.stdout
    assert "running" in listed.stdout

    viewer = program.start("attach", "--plain")
    wait_for(lambda: is_alive(folder), "engine")
    assert viewer.stdout is not None
    first = viewer.stdout.readline()
    assert b"attached" in first
    viewer.send_signal(signal.SIGINT)
    out, _ = viewer.communicate(timeout=30)
    assert viewer.returncode == 130
    assert b"Detached; the run continues" in out
    assert is_alive(folder)

    again = program("resume", folder.path.name)
    assert again.returncode == 2
    assert f"assemblyzero-tui attach {folder.path.name}" in again.stderr

    stopped = program("stop")
    assert stopped.returncode == 0
    assert f"assemblyzero-tui resume {folder.path.name}" in stopped.stdout
    assert not is_alive(folder)


def test_a_killed_engine_is_noticed_and_its_run_can_be_resumed(program: Program) -> None:
    process, folder = slow_demo(program)
    os.kill(int(folder.engine_lock.read_text()), signal.SIGKILL)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 1, err
    assert b"The engine has died" in out
    assert f"assemblyzero-tui resume {folder.path.name}".encode() in out
    assert "interrupted" in program("runs").stdout
    finish(program, folder)


def test_resume_takes_another_number_of_workers(program: Program) -> None:
    process, folder = slow_demo(program)
    process.terminate()
    process.communicate(timeout=30)
    resumed = program.start("resume", "--parallel", "3", "--plain")
    wait_for(lambda: drafting(3), "three drafts")
    assert open_run(folder).state.parallel == 3
    resumed.terminate()
    resumed.communicate(timeout=30)
    assert resumed.returncode == 143


def test_what_is_finished_has_nothing_left_to_resume(program: Program) -> None:
    assert program("demo", "--items", "1", "--latency", "0", "--plain").returncode == 0
    name = program.the_run().name
    done = program("resume", name)
    assert done.returncode == 0
    assert "nothing left to do" in done.stdout
    nothing = program("resume")
    assert nothing.returncode == 2
    assert "No unfinished runs" in nothing.stderr
    stop = program("stop", name)
    assert stop.returncode == 0
    assert "not running" in stop.stdout
    assert program("stop").returncode == 2


def test_failed_items_are_tried_again(
    program: Program, issues: Callable[..., list[int]], repository: Path
) -> None:
    (number,) = issues(1)
    aside = repository.parent / "issues" / f"{number}.json"
    in_the_way = repository / "docs/lineage/active/1-lld"
    in_the_way.parent.mkdir(parents=True)
    in_the_way.touch()
    failed = program("lld", "1", "--provider", "offline", "--latency", "0", "--plain")
    assert aside.exists()
    assert failed.returncode == 1, failed.stdout
    name = program.the_run().name
    left = program("resume", name)
    assert left.returncode == 0
    assert f"assemblyzero-tui resume {name} --failed" in left.stdout
    in_the_way.unlink()
    again = program("resume", "--failed", "--plain", "--model", "gemini-9-other")
    assert again.returncode == 0, again.stdout + again.stderr
    assert (repository / "docs/lld/active/LLD-001.md").is_file()
    assert program.the_run().spec.options.model == "gemini-9-other"


def test_what_another_run_has_approved_is_not_designed_again(
    program: Program, issues: Callable[..., list[int]], repository: Path
) -> None:
    issues(2)
    slow = ("--provider", "offline", "--latency", "60", "--plain")
    process = program.start("lld", "--all", *slow)
    folder = wait_for(drafting, "a draft")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    done = program("lld", "--all", "--provider", "offline", "--latency", "0", "--plain")
    assert done.returncode == 0, done.stdout + done.stderr
    lineage = repository / "docs/lineage/active"
    before = sorted(path for path in lineage.rglob("*.*"))
    resumed = program("resume", folder.path.name, "--plain")
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert resumed.stdout.count(" -> SKIP  approved after ") == 2
    assert sorted(path for path in lineage.rglob("*.*")) == before


@pytest.mark.parametrize("option", ["--fresh", "--continue"])
def test_an_issue_that_has_changed_can_be_resumed(
    program: Program, repository: Path, option: str
) -> None:
    issue = repository / "issues/1-change.md"
    issue.parent.mkdir()
    issue.write_text("# Show the total\n\nThe total shall be shown.\n")
    arguments = ("lld", "--all", "--issues-dir", "issues", "--provider", "offline")
    process = program.start(*arguments, "--latency", "60", "--plain")
    folder = wait_for(drafting, "a draft")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    document = json.loads(folder.spec.read_text())
    document["options"]["latency"] = 0.0
    folder.spec.write_text(json.dumps(document))
    issue.write_text("# Show the total\n\nThe total shall be shown in euros.\n")
    refused = program("resume", "--plain")
    assert refused.returncode == 1, refused.stdout
    assert "changed since the checkpoint" in refused.stdout
    done = program("resume", "--failed", option, "--plain")
    assert done.returncode == 0, done.stdout + done.stderr
    saved = (repository / "docs/lineage/active/1-lld/001-issue.md").read_text()
    again = repository / "docs/lineage/active/1-lld/002-issue.md"
    assert "euros" not in saved
    assert again.exists() == (option == "--fresh")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(("--failed", "--fresh", "--continue"), "not both"), (("--fresh",), "requires --failed")],
)
def test_resume_refuses_what_makes_no_sense(
    program: Program, arguments: tuple[str, ...], told: str
) -> None:
    done = program("resume", *arguments)
    assert done.returncode == 2
    assert told in done.stderr
