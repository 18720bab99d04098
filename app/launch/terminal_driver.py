"""Textual's driver for a terminal that may have no size. Importing this module imports Textual."""

from __future__ import annotations

from textual.drivers.linux_driver import LinuxDriver

from assemblyzero_tui.app.launch.terminal_size import terminal_size


class TerminalDriver(LinuxDriver):
    """A driver that reports one size at a time.

    Textual asks two libraries, which differ by a row over a terminal without a size; a screen that
    receives both sizes keeps laying itself out for each in turn, forever.
    """

    def _get_terminal_size(self) -> tuple[int, int]:
        self._size = terminal_size(self._size)
        return self._size
