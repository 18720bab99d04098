"""Entries of workers that leave something behind: what commands and graphs of users may do."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import msgspec

from assemblyzero_tui.runner.wire.worker_messages import Ended, Ready, frame
from assemblyzero_tui.runner.worker.inherited_files import InheritedFile

DAEMON = "import time; time.sleep(600)"


def _worker(output: InheritedFile, channel: InheritedFile, kept: tuple[int, ...]) -> None:
    os.setsid()
    printed = output.take()
    os.write(printed, b"the last words of the worker\n")
    subprocess.Popen(
        [sys.executable, "-c", DAEMON], stdin=subprocess.DEVNULL, stdout=printed, stderr=printed,
        start_new_session=True, pass_fds=kept,
    )  # fmt: skip
    with socket.socket(fileno=channel.take()) as said:
        said.sendall(frame(Ready(seq=1, pid=os.getpid(), preloaded=True)))
        said.sendall(frame(Ended(seq=2, outcome="finished")))
    os._exit(0)


def keeping_output(
    encoded: bytes, channel: InheritedFile, output: InheritedFile, busy: InheritedFile
) -> None:
    """Leaves a daemon that has the output open."""
    assert msgspec.msgpack.decode(encoded)
    busy.take()
    _worker(output, channel, ())


def keeping_all(
    encoded: bytes, channel: InheritedFile, output: InheritedFile, busy: InheritedFile
) -> None:
    """Leaves a daemon that has the output open and holds the worker's lock."""
    assert msgspec.msgpack.decode(encoded)
    _worker(output, channel, (busy.take(),))
