"""Briefs become issues: each once, many at a time, whatever dies in between."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from assemblyzero_tui.runner.base.paths import checkpoint_file
from assemblyzero_tui.runner.model.events import NodeStarted
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.runs.journal import read_journal
from assemblyzero_tui.runner.runs.runs import readable_runs, run_folders
from assemblyzero_tui.runner.workflows.samples.sample_issues import demo_issues
from tests.integration.cli.conftest import Program
from tests.stand_ins import filed_issues
from tests.waiting import wait_for

OFFLINE = ("--provider", "offline", "--latency", "0", "--plain")
URL = "https://github.com/example/tidewater/issues"


@pytest.fixture
def tracker(tmp_path: Path) -> Path:
    """The folder of the stand-in's issues."""
    return tmp_path / "issues"


@pytest.fixture
def ideas(repository: Path) -> Callable[[int], list[Path]]:
    """Puts so many briefs into ideas/active."""

    def make(count: int) -> list[Path]:
        folder = repository / "ideas/active"
        folder.mkdir(parents=True)
        paths = []
        for sample in demo_issues(count):
            paths.append(folder / f"{sample.slug}.md")
            paths[-1].write_text(sample.text)
        return sorted(paths)

    return make


Ideas = Callable[[int], list[Path]]


def test_six_briefs_become_six_issues_and_then_nothing_is_pending(
    program: Program, ideas: Ideas, repository: Path, tracker: Path
) -> None:
    paths = ideas(6)
    slugs = [path.stem for path in paths]
    done = program("issue", "--all", "--parallel", "3", *OFFLINE)
    assert done.returncode == 0, done.stdout + done.stderr

    issues = filed_issues(tracker)
    assert len(issues) == 6
    assert len({issue["title"] for issue in issues}) == 6
    assert all("<!-- assemblyzero-tui:" in issue["body"] for issue in issues)
    assert list((repository / "ideas/active").iterdir()) == []
    moved = [p.stem.partition("-") for p in (repository / "ideas/done").iterdir()]
    assert sorted(slug for _, _, slug in moved) == slugs
    assert all(number.isdecimal() for number, _, _ in moved)
    assert list((repository / "docs/lineage/active").iterdir()) == []
    folders = [p.name for p in (repository / "docs/lineage/done").iterdir()]
    assert sorted(name.partition("-")[2] for name in folders) == slugs
    assert sorted(int(name.partition("-")[0]) for name in folders) == list(range(1, 7))

    lines = (repository / "docs/lineage/workflow-audit.jsonl").read_text().splitlines()
    events = [json.loads(line) for line in lines]
    assert Counter((e["slug"], e["event"]) for e in events) == Counter(
        (slug, event) for slug in slugs for event in ("start", "complete")
    )
    run = program.the_run()
    assert run.state.counts[State.DONE] == 6
    assert list(run.state.items) == [f"ISSUE-{slug}" for slug in slugs]
    assert sorted(p.name for p in (run.folder.path / "audit").iterdir()) == [
        f"workflow-audit-issue-{slug}.jsonl" for slug in slugs
    ]
    assert not list((run.folder.path.parent.parent / "checkpoints").rglob("*.db"))

    rows = re.findall(rf"^ISSUE-\S+ +DONE .* filed as #\d {URL}/\d$", done.stdout, re.MULTILINE)
    assert len(rows) == 6
    for slug in slugs:
        assert f"[ISSUE-{slug}] >>> Executing: N6_file" in done.stdout
    report = run.folder.summary_markdown.read_text()
    assert len(re.findall(r"^\| \[?`?ISSUE-", report, re.MULTILINE)) == 6
    assert f"<{URL}/1>" in report

    again = program("issue", "--all", *OFFLINE)
    assert again.returncode == 0
    assert "Nothing is pending" in again.stdout
    named = program("issue", str(paths[0]), *OFFLINE)
    assert named.returncode == 0
    assert "left out: already filed; the brief is now" in named.stderr
    assert "Nothing is pending" in named.stdout
    assert len(filed_issues(tracker)) == 6


def test_a_dry_run_lists_what_would_run_and_leaves_no_trace(
    program: Program, ideas: Ideas, repository: Path, state_home: Path
) -> None:
    paths = ideas(3)
    done = program("issue", "--all", "--dry-run")
    assert done.returncode == 0
    assert re.findall(r"^ISSUE-(\S+)", done.stdout, re.MULTILINE) == [p.stem for p in paths]
    assert "3 would run" in done.stdout
    as_json = program("issue", str(paths[1]), "--dry-run", "--json")
    assert [json.loads(line)["key"] for line in as_json.stdout.splitlines()] == [paths[1].stem]
    assert sorted(path.name for path in repository.iterdir()) == [".git", "ideas"]
    assert not (state_home / "runs").exists()


def test_no_file_drafts_and_the_same_command_without_it_files(
    program: Program, ideas: Ideas, repository: Path, tracker: Path
) -> None:
    (path,) = ideas(1)
    for _ in range(2):
        drafted = program("issue", "--all", "--no-file", *OFFLINE, GH_STAND_IN_FAULT="fail")
        assert drafted.returncode == 0, drafted.stdout
        found = re.search(r"not filed: (docs/lineage/active/\S+-draft\.md)", drafted.stdout)
        assert found
        assert (repository / found[1]).is_file()
    assert checkpoint_file(repository, "issue", path.stem).exists()
    assert path.exists()
    filed = program("issue", "--all", *OFFLINE)
    assert filed.returncode == 0, filed.stdout
    assert "N2_draft" not in filed.stdout
    assert len(filed_issues(tracker)) == 1
    assert not checkpoint_file(repository, "issue", path.stem).exists()


@pytest.fixture
def killing(program: Program) -> Program:
    """The program; its gh kills the worker between filing and recording, twice."""
    program.environment["GH_STAND_IN_FAULT"] = (
        "issue create=then-kill-parent@1,issue create=then-kill-parent@2"
    )
    return program


def test_workers_killed_between_filing_and_recording_file_nothing_twice(
    killing: Program, ideas: Ideas, repository: Path, tracker: Path
) -> None:
    ideas(3)
    done = killing("issue", "--all", "--parallel", "3", *OFFLINE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(re.findall(r"-> RETRY .*SIGKILL", done.stdout)) == 2
    assert len(filed_issues(tracker)) == 3
    assert len(re.findall(r"^ISSUE-\S+ +DONE .* was already filed as", done.stdout, re.M)) == 2
    assert list((repository / "ideas/active").iterdir()) == []
    assert len(list((repository / "docs/lineage/done").iterdir())) == 3


def test_a_gh_that_outlives_its_worker_is_waited_for(
    program: Program, ideas: Ideas, tracker: Path
) -> None:
    ideas(1)
    process = program.start("issue", "--all", *OFFLINE, GH_STAND_IN_FAULT="issue create=orphaned@1")
    wait_for(lambda: (tracker / ".issue-create-1").exists(), "gh at work")
    (worker,) = (p for p in _workers(program) if p)
    os.kill(worker, 9)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert b"was already filed as #1" in out
    assert len(filed_issues(tracker)) == 1


def _workers(program: Program) -> list[int]:
    """The processes that work on the newest run's only item: those that asked gh."""
    import psutil

    found = []
    for process in psutil.process_iter():
        try:
            line = " ".join(process.cmdline())
        except psutil.Error:
            continue
        if "stand_ins/gh" in line and "create" in line:
            environment = process.environ()
            if environment.get("GH_STAND_IN_DIR") == program.environment["GH_STAND_IN_DIR"]:
                found.append(process.ppid())
    return found


def drafting() -> bool:
    folders = run_folders()
    if not folders or not folders[0].journal.exists():
        return False
    events = read_journal(folders[0].journal)
    return any(isinstance(event, NodeStarted) and event.node == "N2_draft" for event in events)


def test_a_brief_that_changed_since_its_checkpoint(
    program: Program, ideas: Ideas, repository: Path, tracker: Path
) -> None:
    (path,) = ideas(1)
    slow = ("--provider", "offline", "--latency", "60", "--plain")
    first = program.start("issue", "--all", *slow)
    wait_for(drafting, "draft")
    taken = program("issue", str(path), "--dry-run")
    assert taken.returncode == 0
    assert f"ISSUE-{path.stem} is at work in run " in taken.stderr
    first.terminate()
    assert first.wait(30) == 143
    checkpoint = checkpoint_file(repository, "issue", path.stem)
    assert checkpoint.name == f"issue_workflow_{path.stem}.db"
    assert checkpoint.exists()

    path.write_text("# Something else\n\nIt must now do another thing entirely.\n")
    refused = program("issue", "--all", *OFFLINE)
    assert refused.returncode == 1
    assert "the brief changed since the checkpoint" in refused.stdout
    assert "--fresh" in refused.stdout
    assert "--continue" in refused.stdout
    assert filed_issues(tracker) == []
    assert path.exists()

    fresh = program("issue", "--all", "--fresh", *OFFLINE)
    assert fresh.returncode == 0, fresh.stdout
    (issue,) = filed_issues(tracker)
    assert issue["title"] == "Something else"


def test_a_batch_continues_when_gh_fails_for_one(
    program: Program, ideas: Ideas, repository: Path, tracker: Path
) -> None:
    ideas(3)
    done = program("issue", "--all", *OFFLINE, GH_STAND_IN_FAULT="issue create=forbidden@2")
    assert done.returncode == 1
    assert "Not filed: gh's login may not do this" in done.stdout
    assert len(filed_issues(tracker)) == 2
    assert len(list((repository / "ideas/active").iterdir())) == 1
    again = program("issue", "--all", *OFFLINE)
    assert again.returncode == 0, again.stdout
    assert len(filed_issues(tracker)) == 3
    assert next(readable_runs()).state.counts[State.DONE] == 1
