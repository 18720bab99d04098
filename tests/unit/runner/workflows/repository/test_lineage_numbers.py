"""A new journey's files have numbers above everything that is in the folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from assemblyzero_tui.runner.workflows.repository.lineage import first_number


@pytest.mark.parametrize(
    ("names", "number"),
    [
        ([], 1),
        (["001-issue.md", "002-draft.md"], 3),
        (["001-issue.md", "007-test-plan.md"], 8),
        (["003-final.md", "012-implementation-report.json"], 13),
        (["004_notes.txt"], 5),
        (["20310405-notes.md", "002-draft.md"], 3),
        (["README.md", ".DS_Store", "1-x.md"], 1),
        (["999-draft.md", "1000-verdict.md"], 1001),
    ],
)
def test_above_everything_that_is_there(tmp_path: Path, names: list[str], number: int) -> None:
    for name in names:
        (tmp_path / name).write_text("theirs")
    assert first_number(tmp_path, "issue.md", b"mine") == number


def test_a_folder_that_is_not_there_begins_with_one(tmp_path: Path) -> None:
    assert first_number(tmp_path / "none", "issue.md", b"mine") == 1


def test_the_own_file_of_a_process_that_died_is_written_again(tmp_path: Path) -> None:
    (tmp_path / "004-plan.md").write_text("theirs")
    (tmp_path / "005-issue.md").write_text("mine")
    assert first_number(tmp_path, "issue.md", b"mine") == 5
    assert first_number(tmp_path, "issue.md", b"other") == 6
    (tmp_path / "006-plan.md").write_text("theirs")
    assert first_number(tmp_path, "issue.md", b"mine") == 7
