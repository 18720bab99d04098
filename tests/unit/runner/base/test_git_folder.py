"""Finding the shared git folder, against git itself."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from assemblyzero_tui.runner.base.git_folder import common_git_folder


def git(folder: Path, *arguments: str) -> str:
    settings = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "protocol.file.allow=always"]
    ran = subprocess.run(
        ["git", "-C", str(folder), *settings, *arguments],
        check=True,
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
    )
    return ran.stdout.strip()


def by_git(folder: Path) -> Path:
    return (folder / git(folder, "rev-parse", "--git-common-dir")).resolve()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "a repository"
    folder.mkdir()
    git(folder, "init", "-q")
    git(folder, "commit", "-q", "--allow-empty", "-m", "one")
    return folder


def test_plain_repository(repository: Path) -> None:
    assert common_git_folder(repository) == by_git(repository) == repository / ".git"


def test_linked_work_trees_share_one(repository: Path, tmp_path: Path) -> None:
    git(repository, "worktree", "add", "-q", str(tmp_path / "second"))
    assert common_git_folder(tmp_path / "second") == by_git(tmp_path / "second")
    assert common_git_folder(tmp_path / "second") == repository / ".git"


def test_separate_git_folder(tmp_path: Path) -> None:
    folder = tmp_path / "tree"
    git(tmp_path, "init", "-q", "--separate-git-dir", str(tmp_path / "elsewhere"), str(folder))
    assert (folder / ".git").is_file()
    assert common_git_folder(folder) == tmp_path / "elsewhere"


def test_submodule_has_its_own(repository: Path, tmp_path: Path) -> None:
    outer = tmp_path / "outer"
    outer.mkdir()
    git(outer, "init", "-q")
    git(outer, "submodule", "add", "-q", str(repository), "part")
    assert common_git_folder(outer / "part") == by_git(outer / "part")
    assert common_git_folder(outer / "part") != common_git_folder(outer)


def test_git_folder_that_is_a_link(repository: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / ".git").symlink_to(repository / ".git")
    assert common_git_folder(other) == repository / ".git"


@pytest.mark.parametrize(
    "content", [None, b"", b"gitdir: ", b"gitdir: nowhere\n", b"\xff\0nonsense", b"gitdir: a\0b"]
)
def test_no_repository(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / ".git").write_bytes(content)
    assert common_git_folder(tmp_path) is None


def test_empty_folder_called_git_is_none(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    assert common_git_folder(tmp_path) is None
