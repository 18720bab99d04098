"""The main job: designs for every open issue, many at a time, and nothing twice."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from assemblyzero_tui.runner.model.events import ItemChanged
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.runs.journal import read_journal
from tests.integration.cli.conftest import Program

Issues = Callable[..., list[int]]
OFFLINE = ("--provider", "offline", "--latency", "0.05")


def most_at_once(program: Program) -> int:
    """The most items that had a process at the same time."""
    at_work: set[str] = set()
    most = 0
    for event in read_journal(program.the_run().folder.journal):
        if isinstance(event, ItemChanged):
            (at_work.add if event.state.at_work else at_work.discard)(event.item)
            most = max(most, len(at_work))
    return most


def test_twelve_open_issues_get_a_design_each_and_then_nothing_is_pending(
    program: Program, issues: Issues, repository: Path
) -> None:
    numbers = issues(12)
    done = program("lld", "--all", "--parallel", "3", *OFFLINE, "--plain")
    assert done.returncode == 0, done.stdout + done.stderr

    designs = sorted(path.name for path in (repository / "docs/lld/active").iterdir())
    assert designs == [f"LLD-{n:03d}.md" for n in numbers]
    for number in numbers:
        lineage = repository / f"docs/lineage/active/{number}-lld"
        names = sorted(path.name for path in lineage.iterdir())
        assert names[0] == "001-issue.md"
        assert names[-1].endswith("-approved.json")
    status = json.loads((repository / "docs/lld/lld-status.json").read_text())
    assert sorted(map(int, status["issues"])) == numbers
    for entry in status["issues"].values():
        assert entry["status"] == "approved"
        assert entry["has_gemini_review"] is False
        assert (repository / entry["lld_path"]).is_file()
    audit = (repository / "docs/lineage/workflow-audit.jsonl").read_text().splitlines()
    completed = [json.loads(line) for line in audit]
    completed = [line for line in completed if line["event"] == "complete"]
    assert sorted(line["issue_number"] for line in completed) == numbers

    run = program.the_run()
    assert run.state.finished
    assert run.state.counts[State.DONE] == 12
    assert 1 < most_at_once(program) <= 3
    for number in numbers:
        assert b"SUCCESS" in run.folder.log(f"LLD-{number}").read_bytes()
    rows = [line for line in done.stdout.splitlines() if re.match(r"LLD-\d+ +DONE ", line)]
    assert len(rows) == 12
    markdown = run.folder.summary_markdown
    assert f"Report: {markdown}" in done.stdout
    assert len(re.findall(r"^\| \[?`?LLD-\d+", markdown.read_text(), re.MULTILINE)) == 12
    assert not list((run.folder.path.parent.parent / "checkpoints").rglob("*.db"))

    prefixed = done.stdout[: done.stdout.index("\n\n")].splitlines()
    assert all(re.match(r"\[(LLD-\d+|COORDINATOR)\]", line) for line in prefixed)
    for number in numbers:
        assert f"[LLD-{number}] >>> Executing: N4_finalize" in prefixed
        assert any(f"LLD-{number} RUN -> DONE  approved after" in line for line in prefixed)
    assert any("[COORDINATOR] 3 of 12 done" in line for line in prefixed)

    again = program("lld", "--all", "--parallel", "3", *OFFLINE, "--plain")
    assert again.returncode == 0
    assert "Nothing is pending" in again.stdout
    assert program.the_run().name == run.name


def test_without_parallel_the_items_follow_one_another(program: Program, issues: Issues) -> None:
    issues(3)
    assert program("lld", "2", "3", *OFFLINE, "--plain").returncode == 0
    assert most_at_once(program) == 1
    assert list(program.the_run().state.items) == ["LLD-2", "LLD-3"]


def test_a_dry_run_lists_what_would_run_and_leaves_no_trace(
    program: Program, issues: Issues, repository: Path, state_home: Path
) -> None:
    issues(2)
    done = program("lld", "--all", "--dry-run")
    assert done.returncode == 0
    assert re.findall(r"^LLD-\d+", done.stdout, re.MULTILINE) == ["LLD-1", "LLD-2"]
    assert "2 would run" in done.stdout
    as_json = program("lld", "--all", "--dry-run", "--json")
    assert [json.loads(line)["id"] for line in as_json.stdout.splitlines()] == ["LLD-1", "LLD-2"]
    assert [path.name for path in repository.iterdir()] == [".git"]
    assert not (state_home / "runs").exists()


def test_issues_from_files_need_no_gh(
    program: Program, repository: Path, path_with_only: Callable[..., str]
) -> None:
    folder = repository / "issues"
    folder.mkdir()
    (folder / "7-cache.md").write_text("# Cache the listing\n\nIt is slow. It must be fast.\n")
    done = program("lld", "--all", "--issues-dir", "issues", *OFFLINE, PATH=path_with_only("git"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert (repository / "docs/lld/active/LLD-007.md").is_file()


def test_json_is_the_journal_and_nothing_else(program: Program, issues: Issues) -> None:
    issues(2)
    done = program("lld", "--all", "--parallel", *OFFLINE, "--json")
    assert done.returncode == 0
    journal = program.the_run().folder.journal.read_text().splitlines()
    assert done.stdout.splitlines() == journal[1:]
    assert json.loads(journal[-1])["type"] == "run_ended"


def test_context_files_reach_the_drafts(program: Program, issues: Issues, repository: Path) -> None:
    issues(1)
    (repository / "style.md").write_text("Prefer small modules.")
    done = program("lld", "1", "--context", "style.md", *OFFLINE, "--plain")
    assert done.returncode == 0
    assert program.the_run().spec.options.context == [str(repository / "style.md")]


def test_the_headings_of_a_template_are_looked_for(
    program: Program, issues: Issues, repository: Path
) -> None:
    issues(1)
    (repository / "mine.md").write_text("# {Title}\n\n## 2. Requirements\n\n## Tides\n")
    done = program("lld", "1", "--template", "mine.md", *OFFLINE, "--plain")
    assert done.returncode == 0
    assert program.the_run().spec.options.template == str(repository / "mine.md")
    assert "The draft lacks 1 of 2 headings of the template" in done.stdout
    assert "docs/templates" not in done.stdout


@pytest.mark.parametrize("fault", ["--max-iterations=1"])
def test_a_failed_item_gives_exit_code_1_and_disturbs_no_other(
    program: Program, issues: Issues, fault: str
) -> None:
    issues(6)
    done = program("lld", "--all", "--parallel", fault, *OFFLINE, "--plain")
    state = program.the_run().state
    assert done.returncode == 1
    assert state.counts[State.FAILED] >= 1
    assert state.counts[State.DONE] >= 1
    assert state.finished
    assert "-> FAIL" in done.stdout
    assert "resume" in done.stdout
    assert "--failed" in done.stdout

    more = program("resume", "--failed", "--max-iterations", "20", "--plain")
    assert more.returncode == 0, more.stdout + more.stderr
    assert program.the_run().state.counts[State.DONE] == 6


def test_modules_of_the_repository_are_not_imported(
    program: Program, issues: Issues, repository: Path
) -> None:
    issues(1)
    for name in ("queue", "selectors", "msgspec", "langgraph", "app", "runner"):
        (repository / f"{name}.py").write_text("raise RuntimeError('of the user')\n")
    console_script = Path(sys.executable).with_name("assemblyzero-tui")
    done = subprocess.run(
        [console_script, "lld", "1", *OFFLINE, "--plain"],
        cwd=repository, env=os.environ | program.environment, capture_output=True, text=True,
        stdin=subprocess.DEVNULL, timeout=90,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
