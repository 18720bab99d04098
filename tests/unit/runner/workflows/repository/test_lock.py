"""The lock of the files that items share: waited for, but not for ever, and then named."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.workflows.repository import shared_files
from assemblyzero_tui.runner.workflows.repository.shared_files import repository_lock

_KEEP = """
import fcntl, os, sys
fcntl.flock(os.open(sys.argv[1], os.O_RDONLY), fcntl.LOCK_EX)
print("kept", flush=True)
sys.stdin.read()
"""


def test_whoever_keeps_the_lock_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_files, "LOCK_PATIENCE", 0.2)
    keeper = subprocess.Popen(
        [sys.executable, "-c", _KEEP, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert keeper.stdout is not None
        assert keeper.stdout.readline() == b"kept\n"
        with pytest.raises(TuiError) as refused, repository_lock(tmp_path):
            pass
        assert str(tmp_path) in refused.value.what
        if Path("/proc/locks").exists():
            assert f"(process {keeper.pid})" in refused.value.what
    finally:
        keeper.communicate()
    with repository_lock(tmp_path):
        pass


@pytest.mark.parametrize("error", [errno.EBADF, errno.ENOLCK, errno.ENOTSUP])
def test_where_folders_take_no_locks_a_file_stands_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    real = fcntl.flock

    def flock(descriptor: int, operation: int) -> None:
        if os.path.samestat(os.fstat(descriptor), tmp_path.stat()):
            raise OSError(error, os.strerror(error))
        real(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", flock)
    monkeypatch.setattr(shared_files, "LOCK_PATIENCE", 0.2)
    with repository_lock(tmp_path):
        with pytest.raises(TuiError, match=f"by process {os.getpid()}"):
            with repository_lock(tmp_path):
                pass
    with repository_lock(tmp_path):
        pass
