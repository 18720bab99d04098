"""Issues as files of a folder, and the repository of the demonstration."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from assemblyzero_tui.app.cli.selection import choose_items
from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.workflows.lld.issue_files import find_issue_files, read_issue
from assemblyzero_tui.runner.workflows.lld.pending import pending_lld_items
from assemblyzero_tui.runner.workflows.samples.demo import make_demo_repository


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "issues"
    path.mkdir()
    return path


def test_files_become_items_in_the_order_of_their_numbers(repository: Path, folder: Path) -> None:
    (folder / "10-later.md").write_text("# Later\n\nText.\n")
    (folder / "009-make-it_fast.md").write_text("Only text, CRLF\r\nand more.\r\n")
    (folder / "README.md").write_text("ignored")
    items, notes = pending_lld_items(repository, folder)
    assert [(i.id, i.key, i.title) for i in items] == [
        ("LLD-9", "9", "Make it fast"),
        ("LLD-10", "10", "Later"),
    ]
    assert items[0].source == str(folder / "009-make-it_fast.md")
    assert notes == []
    assert [i.id for i in pending_lld_items(repository, folder, ["10"])[0]] == ["LLD-10"]
    with pytest.raises(TuiError, match="no file for issue 11"):
        pending_lld_items(repository, folder, ["11"])


def test_two_files_of_one_number_are_refused(folder: Path) -> None:
    for name in ("42-a.md", "042-b.md"):
        (folder / name).write_text("text")
    with pytest.raises(TuiError, match=r"are issue 42: 042-b\.md and 42-a\.md"):
        find_issue_files(folder)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "is empty"),
        (b" \n\t\n", "is empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "is not UTF-8 text"),
        (b"text\0text", "is binary"),
        (b"x" * 1_000_001, "is larger than"),
    ],
)
def test_a_file_that_is_no_text_is_named(
    repository: Path, folder: Path, data: bytes, told: str
) -> None:
    (folder / "42-x.md").write_bytes(data)
    with pytest.raises(TuiError, match=rf"42-x\.md {told}"):
        pending_lld_items(repository, folder)


def test_a_file_that_is_no_text_does_not_hold_up_the_others(repository: Path, folder: Path) -> None:
    (folder / "7-good.md").write_text("# Good\n\nA text.\n")
    (folder / "8-empty.md").write_bytes(b"")
    os.mkfifo(folder / "9-pipe.md")
    items, notes = pending_lld_items(repository, folder)
    assert "LLD-7" in [item.id for item in items]
    assert {"LLD-8", "LLD-9"}.isdisjoint(item.id for item in items)
    assert [note for note in notes if "8-empty.md is empty" in note]
    assert [note for note in notes if "9-pipe.md is a special file" in note]
    with pytest.raises(TuiError, match="is empty"):
        pending_lld_items(repository, folder, ["8"])


def test_what_looks_like_an_api_key_in_a_title_is_redacted(repository: Path, folder: Path) -> None:
    key = "AIza" + "SyD3mo-0123456789_abcdefghijklmnopq"
    (folder / "7-key.md").write_text(f"# Rotate {key} now\n\nA text.\n")
    items, _ = choose_items(repository, issues_dir=folder, wanted=["7"])
    assert [item.title for item in items] == ["Rotate [redacted:AIza] now"]


def test_a_file_that_went_away_is_named(folder: Path) -> None:
    with pytest.raises(TuiError, match="does not exist"):
        read_issue(folder / "42-x.md")
    (folder / "43-dangling.md").symlink_to(folder / "nothing")
    with pytest.raises(TuiError, match="does not exist"):
        read_issue(folder / "43-dangling.md")


def test_a_file_that_cannot_be_opened_is_named(folder: Path) -> None:
    loop = folder / "42-loop.md"
    loop.symlink_to(loop)
    with pytest.raises(TuiError, match="Cannot read the issue file"):
        read_issue(loop)


def test_a_folder_without_issues_is_an_error(folder: Path) -> None:
    (folder / "notes.md").write_text("x")
    with pytest.raises(TuiError, match="no issue file"):
        find_issue_files(folder)
    with pytest.raises(TuiError, match="does not exist"):
        find_issue_files(folder / "nowhere")
    with pytest.raises(TuiError, match="is not a folder"):
        find_issue_files(folder / "notes.md")


def test_the_demonstration_is_a_git_repository_with_the_issues_as_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "another repository"))
    path = tmp_path / "demo"
    items = make_demo_repository(path, 14)
    monkeypatch.delenv("GIT_DIR")
    assert [item.key for item in items] == [str(n) for n in range(101, 115)]
    assert items[12].title == items[0].title

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], cwd=path, check=True, capture_output=True, text=True
        ).stdout

    assert git("status", "--porcelain") == ""
    assert git("log", "--format=%s").splitlines() == ["Sample issues"]
    assert pending_lld_items(path, path / "issues")[0] == items
    with pytest.raises(TuiError, match="is not empty"):
        make_demo_repository(path, 1)


def test_without_git_the_demonstration_reports_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    with pytest.raises(TuiError, match="git is not on the PATH"):
        make_demo_repository(tmp_path / "demo", 1)
    assert not (tmp_path / "demo").exists()
