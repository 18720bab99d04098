"""Reading a small file that can be anything."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from assemblyzero_tui.runner.base.small_files import read_small_file


def test_a_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert read_small_file(path, 5) == b"12345"
    with pytest.raises(OSError, match="too large"):
        read_small_file(path, 4)


def test_a_pipe_without_a_writer_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "fifo", tmp_path, Path("/dev/zero")):
        with pytest.raises(OSError, match=r"regular file|directory|Invalid"):
            read_small_file(path, 5)
