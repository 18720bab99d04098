"""The locks of items: their folder, their text, and the holders that they exclude."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.base.paths import checkpoint_file
from assemblyzero_tui.runner.locks import item_locks
from assemblyzero_tui.runner.locks.file_locks import FileLock
from assemblyzero_tui.runner.locks.item_locks import IN_GIT_FOLDER, Holder, ItemLock, ItemLocks
from assemblyzero_tui.runner.locks.lock_folder import OVERRIDE
from tests.powerless import prefix

ME = Holder(run="run-1", state="/home/x/.assemblyzero", pid=4711)


def git(folder: Path, *arguments: str) -> str:
    settings = ["-c", "user.name=a", "-c", "user.email=a@b"]
    return subprocess.run(
        ["git", "-C", str(folder), *settings, *arguments],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q")
    git(folder, "commit", "-q", "--allow-empty", "-m", "one")
    return folder


def take(locks: ItemLocks, key: str = "42") -> ItemLock:
    taken = locks.take(key)
    assert isinstance(taken, tuple)
    return taken[0]


def test_work_trees_and_state_folders_see_the_same_holder(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = tmp_path / "tree"
    git(repository, "worktree", "add", "-q", str(tree))
    lock = take(ItemLocks(repository, "lld", ME))
    assert lock.path == repository / ".git" / IN_GIT_FOLDER / "lld-42.owner"
    monkeypatch.setenv("ASSEMBLYZERO_HOME", str(tmp_path / "other"))
    for place in (repository, tree):
        locks = ItemLocks(place, "lld")
        assert locks.take("42") == ME
        assert locks.holder("42") == ME
        assert str(ME) == "run run-1 (state folder /home/x/.assemblyzero, process 4711)"
        assert locks.holder("43") is None
        assert ItemLocks(place, "issue").holder("42") is None
    assert git(repository, "status", "--porcelain", "--ignored") == ""
    git(repository, "gc", "--prune=now", "-q")
    git(repository, "worktree", "prune")
    assert lock.named
    lock.release(remove=True)
    take(ItemLocks(tree, "lld")).release(remove=True)
    assert not list((repository / ".git" / IN_GIT_FOLDER).iterdir())


def test_an_item_with_a_living_process_is_held_without_its_engine(repository: Path) -> None:
    locks = ItemLocks(repository, "lld", ME)
    busy = locks.take_busy("42")
    assert busy is not None
    other = ItemLocks(repository, "lld", Holder(run="run-2"))
    assert other.take("42") == ME
    assert other.take_busy("42") is None
    busy.release()
    take(other).release(remove=True)


def test_without_git_the_folder_itself_counts(tmp_path: Path) -> None:
    place = tmp_path / "no-git"
    place.mkdir()
    lock = take(ItemLocks(place, "lld", ME))
    found = place.stat()
    assert lock.path.parent == Path(os.environ[OVERRIDE]) / f"{found.st_dev}-{found.st_ino}"
    (tmp_path / "link").symlink_to(place)
    assert ItemLocks(tmp_path / "link", "lld").take("42") == ME
    lock.release(remove=True)


@pytest.mark.parametrize("error", sorted(item_locks.UNLOCKABLE))
def test_a_git_folder_that_takes_no_locks_is_done_without(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    tree = tmp_path / "tree"
    git(repository, "worktree", "add", "-q", str(tree))
    shared = repository / ".git"

    def refuse(folder: Path) -> None:
        if folder.is_relative_to(shared):
            raise OSError(error, os.strerror(error))

    monkeypatch.setattr(item_locks, "_check_lockable", refuse)
    lock = take(ItemLocks(repository, "lld", ME))
    found = shared.stat()
    assert lock.path.parent.name == f"{found.st_dev}-{found.st_ino}"
    assert ItemLocks(tree, "lld").take("42") == ME
    monkeypatch.undo()
    monkeypatch.setenv(OVERRIDE, str(lock.path.parent.parent))
    assert ItemLocks(tree, "lld").take("42") == ME, "the places of both choices are looked at"
    lock.release(remove=True)


def test_a_git_folder_that_cannot_be_written_is_done_without(repository: Path) -> None:
    script = (
        "import pathlib, sys\n"
        "from assemblyzero_tui.runner.locks.item_locks import ItemLocks\n"
        "print(ItemLocks(pathlib.Path(sys.argv[1]), 'lld').take('42')[0].path)\n"
    )
    (repository / ".git").chmod(0o555)
    try:
        command = [*prefix(), sys.executable, "-c", script, str(repository)]
        ran = subprocess.run(command, capture_output=True, text=True, check=True)
        assert Path(ran.stdout.strip()).is_relative_to(os.environ[OVERRIDE])
    finally:
        (repository / ".git").chmod(0o755)


def test_a_full_disk_is_no_other_place(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(folder: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(item_locks, "_check_lockable", full)
    with pytest.raises(TuiError, match="No space left"):
        ItemLocks(repository, "lld").take("42")


def test_the_fixed_folder_is_refused_if_others_can_enter_it(tmp_path: Path) -> None:
    Path(os.environ[OVERRIDE]).mkdir(mode=0o700)
    Path(os.environ[OVERRIDE]).chmod(0o777)
    with pytest.raises(TuiError, match="not a private folder"):
        ItemLocks(tmp_path, "lld").take("42")


def test_who_may_commit_may_lock(repository: Path) -> None:
    (repository / ".git").chmod(0o775)
    before = os.umask(0o077)
    try:
        lock = take(ItemLocks(repository, "lld", ME))
    finally:
        os.umask(before)
    assert lock.path.parent.stat().st_mode & 0o777 == 0o775
    assert lock.path.stat().st_mode & 0o777 == 0o664
    lock.release(remove=True)


def test_the_next_holder_sees_the_outcome(repository: Path) -> None:
    lock = take(ItemLocks(repository, "lld", ME))
    mark = Holder(run="run-1", finished=17.0, outcome="approved after 2 reviews")
    lock.finish(mark)
    taken = ItemLocks(repository, "lld", Holder(run="run-2")).take("42")
    assert isinstance(taken, tuple)
    assert taken[1] == mark
    taken[0].release(remove=True)


def test_a_lock_whose_file_was_removed_knows_and_removes_no_other(repository: Path) -> None:
    first = take(ItemLocks(repository, "lld", ME))
    had_its_name = first.named
    first.path.unlink()
    assert (had_its_name, first.named) == (True, False)
    second = take(ItemLocks(repository, "lld", Holder(run="run-2")))
    first.release(remove=True)
    assert second.named
    second.release(remove=True)


def test_held_files_are_kept_from_growing_old_and_old_ones_are_removed(repository: Path) -> None:
    locks = ItemLocks(repository, "lld", ME)
    held = take(locks, "1")
    busy = locks.take_busy("1")
    assert busy is not None
    take(locks, "2").finish(ME)
    take(locks, "3").finish(ME)
    folder = held.path.parent
    for name in ("lld-1.owner", "lld-1.busy", "lld-2.owner"):
        os.utime(folder / name, (0, 0))
    take(ItemLocks(repository, "lld"), "4").release(remove=True)
    assert sorted(path.name for path in folder.iterdir()) == [
        "lld-1.busy", "lld-1.owner", "lld-3.owner",
    ]  # fmt: skip
    held.touch()
    for name in ("lld-1.owner", "lld-1.busy"):
        assert (folder / name).stat().st_mtime > 1e9
    busy.release()
    held.release(remove=True)


@pytest.mark.parametrize("kind", [".owner", ".busy"])
def test_locks_of_an_earlier_version_count(repository: Path, kind: str, state_home: Path) -> None:
    path = checkpoint_file(repository, "lld", "42").with_suffix(kind)
    old = FileLock.take(path, "20250101-000000-lld")
    assert old is not None
    locks = ItemLocks(repository, "lld", ME)
    assert locks.take("42") == Holder(run="20250101-000000-lld", state=str(state_home))
    old.release()
    take(locks).release(remove=True)


@pytest.mark.parametrize("text", ["", "{", '{"run": 5}', "\0\xff"])
def test_a_text_that_cannot_be_read_still_holds(repository: Path, text: str) -> None:
    lock = take(ItemLocks(repository, "lld", ME))
    lock.path.write_text(text)
    assert isinstance(ItemLocks(repository, "lld").take("42"), Holder)
    lock.release(remove=True)
