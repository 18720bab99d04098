"""A terminal to look at: a command on a pseudo-terminal, its screen held by the pyte emulator."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyte

DEADLINE = 30.0
"""Seconds that something may take to appear."""
PROGRAM = (sys.executable, "-m", "assemblyzero_tui.app")

LEFT_DASHBOARD = b"\x1b[?1049l"
"""What Textual ends with: back to the screen that was there before."""

KEYS = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "ctrl+c": "\x03",
}


class Terminal:
    """A command and the screen it draws on.

    ``wait_for`` feeds the emulator until something is to be seen; nothing here ever sleeps.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 120,
        lines: int = 40,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
        sealed: bool = False,
        said: tuple[int, int] | None = None,
    ) -> None:
        """With ``sealed`` the terminal is there, but nobody may open it again.

        It says that it has ``said`` columns and rows where those are not what is looked at.
        """
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self.raw = bytearray()
        """Everything the command has written."""
        self._master, slave = pty.openpty()
        self._set_size(*(said or (columns, lines)))
        if sealed:
            Path(os.ttyname(slave)).chmod(0)
        try:
            self.process = subprocess.Popen(
                command,
                stdin=slave,
                stdout=slave,
                stderr=slave,
                cwd=cwd,
                env=_without_size() | {"TERM": "xterm-256color"} | dict(environment or {}),
                start_new_session=True,
                preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            )
        finally:
            os.close(slave)

    @property
    def text(self) -> str:
        """The screen, line by line, without blanks at the ends."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    @property
    def lines(self) -> list[str]:
        """The lines of the screen."""
        return [line.rstrip() for line in self._screen.display]

    @property
    def parting(self) -> str:
        """What was written after the dashboard had given the terminal back."""
        return self.raw.rpartition(LEFT_DASHBOARD)[2].decode(errors="replace")

    def feed(self, timeout: float = 0.05) -> bool:
        """Takes in what has been written; false if the command has let go of the terminal."""
        if self._master < 0:
            return False
        if not select.select([self._master], [], [], timeout)[0]:
            return True
        try:
            data = os.read(self._master, 65536)
        except OSError:
            return False
        if not data:
            return False
        self.raw += data
        self._stream.feed(data)
        return True

    def wait_until(
        self, condition: Callable[[], object], what: str, deadline: float = DEADLINE
    ) -> None:
        """Feeds the screen until something holds.

        Raises:
            AssertionError: the time is up, or the command has ended; shows the screen.
        """
        end = time.monotonic() + deadline
        while not condition():
            open_still = self.feed()
            if condition():
                return
            if not open_still or time.monotonic() > end:
                why = f"within {deadline:.0f} s" if open_still else "before the command ended"
                raise AssertionError(f"no {what} {why}; the screen:\n{self.text}")

    def wait_for(self, text: str, deadline: float = DEADLINE) -> None:
        """Feeds the screen until a text is to be seen on it."""
        self.wait_until(lambda: text in self.text, repr(text), deadline)

    def wait_until_gone(self, text: str, deadline: float = DEADLINE) -> None:
        """Feeds the screen until a text is to be seen no more."""
        self.wait_until(lambda: text not in self.text, f"end of {text!r}", deadline)

    def press(self, *keys: str) -> None:
        """Types keys: names of ``KEYS``, or text."""
        for key in keys:
            os.write(self._master, KEYS.get(key, key).encode())

    def resize(self, columns: int, lines: int) -> None:
        """Changes the size of the window."""
        self._screen.resize(lines, columns)
        self.say_size(columns, lines)

    def say_size(self, columns: int, lines: int) -> None:
        """Says another size than that of the window."""
        self._set_size(columns, lines)
        self.process.send_signal(signal.SIGWINCH)

    def _set_size(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def hang_up(self) -> None:
        """Closes the terminal as a user closes its window."""
        os.close(self._master)
        self._master = -1

    def wait(self, deadline: float = DEADLINE) -> int:
        """The exit code of the command, once it has ended; its last words are on the screen."""
        end = time.monotonic() + deadline
        while self.feed() and time.monotonic() < end:
            continue
        return self.process.wait(max(0.1, end - time.monotonic()))

    def close(self) -> None:
        """Ends the command if it is still there, and gives the terminal back."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self._master >= 0:
            self.hang_up()


def _without_size() -> dict[str, str]:
    """The environment, less what would have a say in the size of the window."""
    return {name: v for name, v in os.environ.items() if name not in ("COLUMNS", "LINES")}


@contextmanager
def program(
    *arguments: str,
    columns: int = 120,
    lines: int = 40,
    cwd: Path | None = None,
    prefix: Sequence[str] = (),
    sealed: bool = False,
    said: tuple[int, int] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Terminal]:
    """``assemblyzero-tui`` on a terminal of its own."""
    terminal = Terminal(
        [*prefix, *PROGRAM, *arguments],
        columns=columns,
        lines=lines,
        cwd=cwd or Path(os.environ["ASSEMBLYZERO_HOME"]).parent,
        environment=environment,
        sealed=sealed,
        said=said,
    )
    try:
        yield terminal
    finally:
        terminal.close()
