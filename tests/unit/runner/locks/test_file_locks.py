"""Locks that belong to an open file: exclusive, inherited, and safe to remove."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from assemblyzero_tui.runner.locks.file_locks import FileLock, LockProbe, is_held
from tests import powerless


def test_a_lock_is_exclusive_until_it_is_released(tmp_path: Path) -> None:
    path = tmp_path / "item.owner"
    lock = FileLock.take(path, "run-1")
    assert lock is not None
    assert is_held(path)
    assert FileLock.take(path) is None
    assert path.read_text() == "run-1"
    lock.release()
    lock.release()
    assert not is_held(path)


def test_a_lock_lives_in_the_child_it_was_handed_to(tmp_path: Path) -> None:
    path = tmp_path / "item.busy"
    lock = FileLock.take(path)
    assert lock is not None
    child = subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"],
        stdin=subprocess.PIPE,
        pass_fds=(lock.descriptor,),
    )
    lock.hand_over()
    assert is_held(path)
    child.communicate()
    assert not is_held(path)


def test_a_lock_is_seen_in_a_file_that_can_only_be_read(tmp_path: Path) -> None:
    path = tmp_path / "engine.pid"
    code = (
        "import sys, pathlib\nfrom assemblyzero_tui.runner.locks.file_locks import is_held\n"
        "print(is_held(pathlib.Path(sys.argv[1])))"
    )
    looking = [*powerless.prefix(), sys.executable, "-c", code, str(path)]
    lock = FileLock.take(path)
    assert lock is not None
    path.chmod(0o400)
    assert subprocess.check_output(looking) == b"True\n"
    lock.release()
    assert subprocess.check_output(looking) == b"False\n"


def test_a_removed_lock_file_does_not_let_two_in(tmp_path: Path) -> None:
    path = tmp_path / "item.owner"
    first = FileLock.take(path)
    assert first is not None
    first.release(remove=True)
    assert not path.exists()
    second = FileLock.take(path)
    assert second is not None
    assert FileLock.take(path) is None
    assert os.fstat(second.descriptor).st_ino == path.stat().st_ino
    second.release()


def test_nobody_holds_what_does_not_exist(tmp_path: Path) -> None:
    assert not is_held(tmp_path / "nothing")


def test_a_probe_is_right_after_the_file_has_lost_its_name(tmp_path: Path) -> None:
    path = tmp_path / "item.busy"
    lock = FileLock.take(path)
    assert lock is not None
    probe = LockProbe(path)
    path.unlink()
    assert probe.held()
    assert not is_held(path)
    lock.release()
    assert not probe.held()
    probe.close()
    probe.close()
    assert not probe.held()
