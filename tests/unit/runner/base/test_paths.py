"""Folders that are private and files that are replaced as a whole."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from assemblyzero_tui.runner.base.paths import make_private_directory, write_atomically
from assemblyzero_tui.runner.workflows.lld.issue_files import find_issue_files


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_private_folder_has_private_parents(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        make_private_directory(tmp_path / "home/checkpoints/repository")
    finally:
        os.umask(before)
    for name in ("home", "home/checkpoints", "home/checkpoints/repository"):
        assert mode(tmp_path / name) == 0o700


def test_folders_that_are_there_keep_their_mode(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir(mode=0o755)
    (tmp_path / "open").chmod(0o755)
    make_private_directory(tmp_path / "open/inner")
    assert mode(tmp_path / "open") == 0o755


def test_a_link_to_a_file_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old")
    link.symlink_to(target)
    write_atomically(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "target"]


def test_what_is_no_file_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write_atomically(pipe, b"report")
    reader.join(20)
    assert read == [b"report"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_path_stays_good_when_the_folder_it_was_typed_in_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "target").write_text("text")
    (tmp_path / "1-lamp.md").symlink_to("target")
    monkeypatch.chdir(tmp_path / "here")
    found = find_issue_files(Path(".."))[1]
    monkeypatch.undo()
    (tmp_path / "here").rmdir()
    assert found == tmp_path / "1-lamp.md"
    assert found.read_text() == "text"
