"""Writing to a reader that is slow or goes away does not block."""

from __future__ import annotations

import errno
import os

import pytest

from assemblyzero_tui.app.cli.console import BACKLOG, LineWriter


@pytest.fixture
def pipe() -> tuple[int, int]:
    return os.pipe()


async def test_lines_arrive_whole_and_in_order(pipe: tuple[int, int]) -> None:
    out = LineWriter(pipe[1])
    out.line("one")
    out.line(b"two \xff")
    out.line("lone \ud800")
    await out.flush(1)
    assert out.empty
    assert os.read(pipe[0], 100) == b"one\ntwo \xff\nlone ?\n"


async def test_a_reader_that_does_not_read_costs_no_time(pipe: tuple[int, int]) -> None:
    out = LineWriter(pipe[1])
    while not out.full:
        out.line("x" * 1000)
    await out.flush(0.01)
    assert (out.empty, out.closed) == (False, False)
    received = b""
    while not out.empty:
        received += os.read(pipe[0], 1 << 20)
        await out.flush(0)
    received += os.read(pipe[0], 1 << 20)
    assert len(received) >= BACKLOG
    assert set(received.splitlines()) == {b"x" * 1000}


async def test_a_full_disk_is_distinguished_from_a_closed_pipe() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    out = LineWriter(full)
    out.line("one")
    await out.flush(1)
    os.close(full)
    assert out.closed
    assert out.error == os.strerror(errno.ENOSPC)


async def test_a_reader_that_has_gone_is_noticed_and_nothing_is_raised(
    pipe: tuple[int, int],
) -> None:
    out = LineWriter(pipe[1])
    os.close(pipe[0])
    out.line("one")
    await out.flush(1)
    assert out.closed
    assert not out.error
    out.line("two")
    assert out.empty
    os.close(pipe[1])
