"""Looking at runs: the list, the report, the replay, an ended run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.cli.conftest import Program


@pytest.fixture
def ended(program: Program) -> Program:
    """One run that has ended."""
    done = program("demo", "--items", "2", "--latency", "0", "--plain", "--parallel", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    return program


def test_without_runs_everything_says_so(program: Program) -> None:
    assert "No runs yet. Try: assemblyzero-tui demo" in program("runs").stdout
    done = program("report")
    assert done.returncode == 2
    assert "There are no runs" in done.stderr


def test_runs_lists_a_run(ended: Program) -> None:
    (run,) = map(json.loads, ended("runs", "--json").stdout.splitlines())
    assert (run["state"], run["items"], run["done"], run["failed"], run["left"]) == (
        "finished", 2, 2, 0, 0,
    )  # fmt: skip
    header, row = ended("runs").stdout.splitlines()
    assert header.split() == [
        "run", "workflow", "repository", "state", "done", "failed", "cancelled", "left", "started",
    ]  # fmt: skip
    assert row.startswith(run["run"])


def test_a_name_that_is_no_run(ended: Program) -> None:
    for command in ("report", "attach", "stop", "resume", "replay"):
        done = ended(command, "no-such-run")
        assert done.returncode == 2
        assert "There is no run 'no-such-run'" in done.stderr


def test_an_ended_run_is_shown_by_its_summary(ended: Program) -> None:
    done = ended("attach", "--plain")
    assert done.returncode == 0
    assert "All 2 items are done" in done.stdout
    assert "Report: " in done.stdout
    assert "Executing" not in done.stdout


def test_the_report_is_the_one_in_the_folder(ended: Program, tmp_path: Path) -> None:
    folder = ended.the_run().folder
    assert ended("report").stdout == folder.summary_markdown.read_text()
    as_json = json.loads(ended("report", "--format", "json").stdout)
    assert as_json == json.loads(folder.summary_json.read_text())
    target = tmp_path / "report.md"
    done = ended("report", folder.path.name, "-o", str(target))
    assert done.returncode == 0
    assert done.stdout == ""
    assert target.read_text() == folder.summary_markdown.read_text()
    wrong = ended("report", "-o", str(tmp_path / "no" / "report.md"))
    assert wrong.returncode == 2
    assert "report.md" in wrong.stderr


def test_a_replay_says_what_the_run_said(ended: Program) -> None:
    name = ended.the_run().name
    done = ended("replay", name, "--speed", "1000", "--plain")
    assert done.returncode == 0, done.stderr
    for item in ("LLD-101", "LLD-102"):
        assert f"[{item}] >>> Executing: N4_finalize" in done.stdout
        assert f"{item} RUN -> DONE" in done.stdout
    as_json = ended("replay", name, "--speed", "1000", "--json")
    assert (
        as_json.stdout.splitlines() == (ended.the_run().folder.journal.read_text().splitlines()[1:])
    )


def test_timestamps_stand_in_front(ended: Program) -> None:
    done = ended("replay", ended.the_run().name, "--speed", "1000", "--plain", "--timestamps")
    first = done.stdout.splitlines()[0]
    assert first[2] == first[5] == ":"
    assert first[9:].startswith("[COORDINATOR] ")


def test_the_demo_keeps_its_repository_with_the_run(ended: Program) -> None:
    run = ended.the_run()
    assert run.spec.repository == str(run.folder.path.resolve() / "repository")
    assert (Path(run.spec.repository) / "docs/lld/active/LLD-101.md").is_file()


def test_doctor_passes_on_this_machine(program: Program) -> None:
    done = program("doctor", "--json")
    checks = {check["name"]: check for check in map(json.loads, done.stdout.splitlines())}
    assert done.returncode == 0, done.stdout
    assert {"python", "packages", "workers", "terminal", "git", "gh", "state folder"} <= set(checks)
    assert checks["workers"]["verdict"] == "ok"
    assert "logged in" in checks["gh"]["found"]


def test_doctor_names_what_is_broken(
    program: Program, path_with_only: Callable[..., str], state_home: Path
) -> None:
    state_home.mkdir()
    (state_home / "tui.toml").write_text("[lld")
    done = program("doctor", GH_STAND_IN_FAULT="not-logged-in")
    assert "gh auth login" in done.stdout
    done = program("doctor", PATH=path_with_only())
    assert done.returncode == 1
    assert "BROKEN git" in done.stdout
    assert "Install git" in done.stdout
    assert "--issues-dir DIR" in done.stdout
    assert "BROKEN configuration" in done.stdout
    broken = program("runs")
    assert broken.returncode == 2
    assert "tui.toml is not valid TOML" in broken.stderr


def test_the_bare_command_without_a_terminal_is_help_and_exit_code_2(program: Program) -> None:
    done = program()
    assert done.returncode == 2
    assert "Commands:" in done.stderr
    assert done.stdout == ""


def test_a_reader_that_has_seen_enough_is_no_error(ended: Program) -> None:
    for arguments in (("report",), ("replay", ended.the_run().name, "--speed", "1000", "--plain")):
        process = ended.start(*arguments)
        assert process.stdout is not None
        process.stdout.close()
        process.stdout = None
        _, err = process.communicate(timeout=30)
        assert process.returncode == 141
        assert err == b""
