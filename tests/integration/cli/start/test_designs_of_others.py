"""What lies in ``docs/lld`` and was not written by this tool is not overwritten."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.cli.conftest import Program

Issues = Callable[..., list[int]]
OFFLINE = ("--provider", "offline", "--latency", "0", "--plain")
BY_HAND = "# Lamps\n\nWritten by hand.\n"


def put(repository: Path, name: str, text: str = BY_HAND) -> Path:
    path = repository / "docs/lld" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture
def theirs(repository: Path) -> dict[Path, str]:
    """Designs of the issues 1 to 3 by somebody else, with their texts."""
    paths = [
        put(repository, "active/LLD-001.md", f"{BY_HAND}\n**Final Status:** APPROVED\n"),
        put(repository, "active/lld-2-lamps.md"),
        put(repository, "done/03-switches.md", f"{BY_HAND}\n* **Status:** Draft\n"),
    ]
    return {path: path.read_text() for path in paths}


@pytest.mark.parametrize("from_files", [False, True])
def test_all_leaves_out_what_has_a_design_and_says_how_to_list_it(
    program: Program,
    issues: Issues,
    repository: Path,
    theirs: dict[Path, str],
    from_files: bool,
) -> None:
    issues(4)
    source: tuple[str, ...] = ()
    if from_files:
        source = ("--issues-dir", "issues")
        (repository / "issues").mkdir()
        for number in range(1, 5):
            (repository / f"issues/{number}-x.md").write_text(f"# Issue {number}\n\nText.\n")
    dry = program("lld", "--all", "--dry-run", *source)
    assert "LLD-4" in dry.stdout
    assert "1 would run." in dry.stdout
    done = program("lld", "--all", *OFFLINE, *source)
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(program.the_run().state.items) == ["LLD-4"]
    for told in (dry.stderr, done.stderr):
        assert "3 issues left out" in told
        assert "#1, #2, #3. 1 approved, 2 of unknown status" in told
        assert "--left-out" in told
    assert {path: path.read_text() for path in theirs} == theirs
    assert (repository / "docs/lld/active/LLD-004.md").is_file()

    listed = program("lld", "--all", "--left-out", "--json", *source)
    rows = [json.loads(line) for line in listed.stdout.splitlines()]
    assert [(row["id"], row["status"], row["design"]) for row in rows] == [
        ("LLD-1", "approved", "docs/lld/active/LLD-001.md"),
        ("LLD-2", "unknown", "docs/lld/active/lld-2-lamps.md"),
        ("LLD-3", "unknown", "docs/lld/done/03-switches.md"),
        ("LLD-4", "approved", "docs/lld/active/LLD-004.md"),
    ]
    plain = program("lld", "--all", "--left-out", *source)
    assert "LLD-2  unknown   docs/lld/active/lld-2-lamps.md" in plain.stdout
    assert plain.stdout.endswith("4 left out.\n")


def test_a_named_number_replaces_and_keeps_a_copy(
    program: Program, issues: Issues, repository: Path
) -> None:
    issues(1)
    path = put(repository, "active/LLD-001.md", f"{BY_HAND}\n**Final Status:** APPROVED\n")
    other = put(repository, "done/1-lamps.md")
    text = path.read_text()
    dry = program("lld", "1", "--dry-run")
    assert "docs/lld/active/LLD-001.md was not written by this tool" in dry.stderr
    assert "would be replaced" in dry.stderr
    assert "a copy is kept in docs/lineage/active/1-lld" in dry.stderr
    assert (
        "docs/lld/done/1-lamps.md was not written by this tool; it is left unchanged" in dry.stderr
    )
    assert not (repository / "docs/lineage").exists()

    done = program("lld", "1", *OFFLINE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "will be replaced" in done.stderr
    assert "Written by hand" not in path.read_text()
    (copy,) = (repository / "docs/lineage/active/1-lld").glob("*-replaced.md")
    assert copy.read_text() == text
    assert other.read_text() == BY_HAND
    assert copy.name in done.stdout
    report = program.the_run().folder.summary_markdown.read_text()
    assert copy.name in report


def test_what_cannot_be_copied_is_not_replaced(
    program: Program, issues: Issues, repository: Path
) -> None:
    issues(1)
    (repository / "docs/lld/active/LLD-001.md").mkdir(parents=True)
    done = program("lld", "1", *OFFLINE)
    assert done.returncode != 0
    assert "Cannot replace docs/lld/active/LLD-001.md: it is not a file" in done.stderr
    assert "Nothing is pending" in program("lld", "--all", *OFFLINE).stdout


def test_a_merge_conflict_in_the_status_file_makes_nothing_again(
    program: Program, issues: Issues, repository: Path
) -> None:
    issues(3)
    status = put(
        repository, "lld-status.json",
        '{"version": "1.0", "mine": 1, "issues": {"1": {"status": "approved"}\n'
        '<<<<<<< HEAD\n, "2": {"status": "Approved"}\n=======\n, "3": {"status": 3}\n'
        ">>>>>>> other\n}}\n",
    )  # fmt: skip
    damaged = status.read_text()
    dry = program("lld", "--all", "--dry-run")
    assert "'3' could not be" in dry.stderr
    assert status.read_text() == damaged
    done = program("lld", "--all", *OFFLINE)
    assert "Nothing is pending" in done.stdout
    (aside,) = status.parent.glob("lld-status.json.invalid-*")
    assert aside.read_text() == damaged
    document = json.loads(status.read_text())
    assert document["mine"] == 1
    assert sorted(document["issues"]) == ["1", "2", "3"]
    assert "Nothing is pending" in program("lld", "--all", *OFFLINE).stdout


def test_left_out_is_about_all_issues(program: Program) -> None:
    done = program("lld", "1", "--left-out")
    assert done.returncode == 2
    assert "--left-out works with --all" in done.stderr
