"""In a repository with a past, each issue and each idea gets what its owner expects."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.integration.cli.conftest import Program, make_repository
from tests.integration.cli.start.old_repository import (
    APPROVED,
    CLOSED,
    DESIGNS,
    ENTRIES,
    IDEAS,
    NOT_OURS,
    RUNS,
    UNREAD,
    expected_of_ideas,
    expected_of_issues,
    make_old_repository,
    snapshot,
)
from tests.stand_ins import write_issue

OFFLINE = ("--provider", "offline", "--latency", "0", "--plain", "--parallel", "4")
PATIENCE = 170.0


@pytest.fixture
def program(program: Program, tmp_path: Path) -> Program:
    """The program, in a clone of such a repository; the tracker has its issues."""
    origin = make_repository(tmp_path / "origin")
    make_old_repository(origin)
    git = ["git", "-C", str(origin), "-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run([*git, "add", "--all"], check=True)
    subprocess.run([*git, "commit", "-qm", "A year of work"], check=True)
    clone = program.repository
    clone.rename(tmp_path / "unused")
    subprocess.run(["git", "clone", "-q", str(origin), str(clone)], check=True)
    tracker = Path(program.environment["GH_STAND_IN_DIR"])
    for number in expected_of_issues():
        write_issue(tracker, number, f"Buoy {number}", "One at each end of the quay.")
    write_issue(tracker, CLOSED, "Closed", state="CLOSED")
    for number, more in {
        86: {"labels": None},
        87: {"body": None},
        88: {"title": "Issue #88: Buoy 88"},
    }.items():
        path = tracker / f"{number}.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | more))
    program.environment["GH_STAND_IN_CALLS"] = str(tmp_path / "calls.jsonl")
    return program


def lines(text: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in text.splitlines()]


def test_the_repository_is_as_large_as_it_is_meant_to_be() -> None:
    assert (len(ENTRIES), len(DESIGNS), len(IDEAS)) == (38, 60, 39)


def test_every_issue_is_listed_or_left_out_for_its_reason(program: Program) -> None:
    before = snapshot(program.repository)
    listed = program("lld", "--all", "--dry-run", "--json")
    left = program("lld", "--all", "--left-out", "--json")
    assert (listed.returncode, left.returncode) == (0, 0), listed.stderr + left.stderr
    found = {int(one["key"]): RUNS for one in lines(listed.stdout)}
    reasons = {int(one["id"].removeprefix("LLD-")): one["reason"] for one in lines(left.stdout)}
    for number, reason in reasons.items():
        found[number] = next(r for r in (APPROVED, NOT_OURS, UNREAD) if r in reason)
    assert dict(sorted(found.items())) == expected_of_issues()
    assert {one["title"] for one in lines(listed.stdout) if one["key"] == "88"} == {"Buoy 88"}
    designs = {int(one["id"].removeprefix("LLD-")): one["design"] for one in lines(left.stdout)}
    for number, path in DESIGNS.items():
        assert path == designs[number] or path.startswith(designs[number] + "/")
    assert snapshot(program.repository) == before


@pytest.mark.slow
def test_all_designs_are_written_and_nothing_that_was_there_changes(program: Program) -> None:
    before = snapshot(program.repository)
    done = program("lld", "--all", *OFFLINE, patience=PATIENCE)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    runs = [number for number, fate in expected_of_issues().items() if fate == RUNS]
    after = snapshot(program.repository)
    status = "docs/lld/lld-status.json"
    assert {path: after.get(path) for path in before if path != status} == {
        path: data for path, data in before.items() if path != status
    }
    new = {path for path in after if path not in before}
    assert {path for path in new if path.startswith("docs/lld/")} == {
        f"docs/lld/active/LLD-{number:03d}.md" for number in runs
    }
    folders = {Path(path).parent.name for path in new if path.startswith("docs/lineage/active/")}
    assert folders == {f"{number}-lld" for number in runs}
    assert min(p for p in new if "/85-lld/" in p) == "docs/lineage/active/85-lld/010-issue.md"
    issues = json.loads(after[status])["issues"]
    for key, (entry, fate) in ENTRIES.items():
        assert (issues[key] == entry) is (fate != RUNS), key
    assert all(issues[str(number)]["status"] == "approved" for number in runs)
    again = program("lld", "--all", *OFFLINE)
    assert again.returncode == 0
    assert "Nothing is pending" in again.stdout


def test_every_idea_is_listed_or_left_out_for_its_reason(program: Program) -> None:
    listed = program("issue", "--all", "--no-file", "--dry-run", "--json")
    assert listed.returncode == 0, listed.stderr
    runs, reasons = expected_of_ideas()
    assert sorted(one["key"] for one in lines(listed.stdout)) == runs
    notes = [line for line in listed.stderr.splitlines() if line.startswith("Note: ")]
    for reason in set(reasons):
        assert sum(reason in note for note in notes), reason
    for name, (_, fate) in IDEAS.items():
        if fate.startswith("!"):
            assert any(name in note for note in notes), name
    assert any("names #12 as its issue" in note for note in notes)
    titles = {one["key"]: one["title"] for one in lines(listed.stdout)}
    assert titles["setext"] == "Anchors"
    assert titles["commented"] == "Cranes"
    assert titles["matter"] == "Dredging: deep"
    assert titles["html"] == "Ferries"
    assert titles["no-heading"] == "No heading"
    assert titles["deep"] == "Pilots"
    assert max(map(len, titles.values())) <= 256


@pytest.mark.slow
def test_all_ideas_are_drafted_and_nothing_is_filed(program: Program, tmp_path: Path) -> None:
    before = snapshot(program.repository)
    done = program("issue", "--all", "--no-file", *OFFLINE, patience=PATIENCE)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    runs, _ = expected_of_ideas()
    after = snapshot(program.repository)
    assert {path: after.get(path) for path in before} == before
    new = {path for path in after if path not in before}
    folders = {Path(path).parent.name for path in new if path.startswith("docs/lineage/active/")}
    assert sorted(folders) == runs
    first = min(path for path in new if "/begun-there/" in path)
    assert first == "docs/lineage/active/begun-there/007-brief.md"
    assert not (tmp_path / "calls.jsonl").exists()
