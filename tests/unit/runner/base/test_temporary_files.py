"""Temporary files: out of sight, and gone when their writer is."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from assemblyzero_tui.runner.base.paths import write_atomically
from assemblyzero_tui.runner.base.temporary_files import make_temporary, sweep, temporary_folder
from assemblyzero_tui.runner.workflows.repository.shared_files import publish, sweep_repository
from tests.powerless import prefix

_KILLED_WHILE_WRITING = """
import os, signal, sys
from pathlib import Path
from assemblyzero_tui.runner.base import paths
from assemblyzero_tui.runner.workflows.repository.shared_files import publish
os.fchmod = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
publish(Path(sys.argv[1]), b"text")
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    return folder


def untracked(repository: Path) -> str:
    """What ``git add`` would see."""
    command = ["git", "-C", str(repository), "status", "--porcelain", "--untracked-files=all"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def killed_while_writing(path: Path, *before: str) -> None:
    command = [*before, sys.executable, "-c", _KILLED_WHILE_WRITING, str(path)]
    assert subprocess.run(command).returncode == -signal.SIGKILL


def everything(folder: Path) -> list[Path]:
    return list(folder.rglob("*azt-tmp*"))


def test_git_never_sees_what_a_killed_process_left(repository: Path) -> None:
    path = repository / "docs/lld/lld-status.json"
    killed_while_writing(path)
    assert untracked(repository) == ""
    (left,) = everything(repository)
    assert left.is_relative_to(repository / ".git")
    assert sweep_repository(repository) == 1
    assert everything(repository) == []
    publish(path, b"new")
    assert untracked(repository) == "?? docs/lld/lld-status.json\n"
    assert everything(repository) == []


def test_where_git_keeps_nothing_the_leftover_is_swept(repository: Path) -> None:
    before = prefix()
    (repository / ".git/assemblyzero").mkdir()
    (repository / ".git/assemblyzero").chmod(0o500)
    path = repository / "docs/lineage/active/42-lld/001-issue.md"
    killed_while_writing(path, *before)
    (repository / ".git/assemblyzero").chmod(0o700)
    (left,) = everything(repository)
    assert left.parent == path.parent
    assert left.name.startswith(".001-issue.md.")
    assert sweep_repository(repository) == 1
    assert everything(repository) == []


def test_a_folder_without_git_is_its_own_place(tmp_path: Path) -> None:
    assert temporary_folder(tmp_path) is None
    publish(tmp_path / "file", b"text")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_work_trees_share_a_place(repository: Path, tmp_path: Path) -> None:
    settings = ["-c", "user.name=a", "-c", "user.email=a@b"]
    git = ["git", "-C", str(repository), *settings]
    subprocess.run([*git, "commit", "-qm", "one", "--allow-empty"], check=True)
    subprocess.run([*git, "worktree", "add", "-q", str(tmp_path / "second")], check=True)
    place = temporary_folder(tmp_path / "second")
    assert place == temporary_folder(repository) == repository / ".git/assemblyzero/tmp"


def test_another_device_is_no_place(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = Path.stat

    def elsewhere(self: Path, **options: bool) -> os.stat_result:
        values = list(found(self, **options))
        values[2] += self.is_relative_to(repository / ".git")
        return os.stat_result(values)

    monkeypatch.setattr(Path, "stat", elsewhere)
    assert temporary_folder(repository) is None


def test_a_device_that_only_looks_the_same_is_noticed(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with two mounts of one file system: renaming says EXDEV."""
    renamed = Path.replace

    def replace(self: Path, target: Path) -> Path:
        if self.parent != target.parent:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return renamed(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    publish(repository / "docs/file", b"text")
    assert (repository / "docs/file").read_bytes() == b"text"
    assert everything(repository) == []


def test_what_is_being_written_and_what_is_not_ours_stays(tmp_path: Path) -> None:
    handle, path = make_temporary(tmp_path, "file")
    others = [tmp_path / name for name in (".file.x", "file.azt-tmp", ".gitignore")]
    for other in others:
        other.touch()
    (tmp_path / ".link.azt-tmp").symlink_to(others[0])
    (tmp_path / ".folder.azt-tmp").mkdir()
    assert sweep(tmp_path) == 0
    os.close(handle)
    assert sweep(tmp_path) == 1
    assert not path.exists()
    assert all(other.exists() for other in others)
    assert sweep(tmp_path / "missing") == 0


def test_a_file_swept_before_it_was_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []
    mkstemp: Callable[..., tuple[int, str]] = tempfile.mkstemp

    def and_swept(*arguments: object) -> tuple[int, str]:
        handle, name = mkstemp(*arguments)
        if not made:
            sweep(tmp_path)
        made.append(Path(name))
        return handle, name

    monkeypatch.setattr(tempfile, "mkstemp", and_swept)
    write_atomically(tmp_path / "file", b"text")
    assert len(made) == 2
    assert (tmp_path / "file").read_bytes() == b"text"
