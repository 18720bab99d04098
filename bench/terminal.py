"""Runs the dashboard on a pseudo-terminal with raw output, and measures its response to keys."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path

import psutil

COLUMNS, ROWS = 200, 60
PATIENCE = 20.0
"""Seconds to wait for a paint."""


def peak_megabytes(process: int) -> float:
    """The peak memory of a process; where that is unknown, its current memory."""
    status = Path(f"/proc/{process}/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return float(psutil.Process(process).memory_info().rss) / 2**20


class Terminal:
    """A program on its own pseudo-terminal; a thread reads everything that it paints."""

    def __init__(self, arguments: list[str], environment: dict[str, str]) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.started = time.monotonic()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                stdin=slave,
                stdout=slave,
                stderr=slave,
                start_new_session=True,
                env=os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor"} | environment,
            )
        finally:
            os.close(slave)
        self.bytes_painted = 0
        self._painted = bytearray()
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def _read(self) -> None:
        while select.select([self._master], [], [])[0]:
            try:
                data = os.read(self._master, 1 << 16)
            except OSError:
                data = b""
            with self._changed:
                if not data:
                    self._changed.notify_all()
                    return
                self.bytes_painted += len(data)
                self._painted += data
                self._changed.notify_all()

    def wait_for(self, marker: bytes, patience: float = PATIENCE) -> float:
        """Waits until a text has been painted since :meth:`forget`; returns the monotonic time.

        Raises:
            TimeoutError: it was not painted.
        """
        deadline = time.monotonic() + patience
        with self._changed:
            while marker not in self._painted:
                remaining = deadline - time.monotonic()
                if remaining <= 0 or not self._reader.is_alive():
                    raise TimeoutError(f"the terminal never showed {marker!r}")
                self._changed.wait(remaining)
            return time.monotonic()

    def forget(self) -> None:
        """Forgets everything that was painted so far."""
        with self._changed:
            self._painted.clear()

    def press(self, key: bytes, marker: bytes) -> float:
        """Milliseconds from a key until a text has been painted.

        Raises:
            TimeoutError: it was not painted.
        """
        self.forget()
        pressed = time.monotonic()
        os.write(self._master, key)
        return (self.wait_for(marker) - pressed) * 1000

    def close(self) -> None:
        """Ends the program and closes the terminal."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(PATIENCE)
        os.close(self._master)
