"""Textual's driver for a terminal that may have no size. Importing this module imports Textual."""

from __future__ import annotations

from textual.drivers.linux_driver import LinuxDriver

from assemblyzero_tui.app.launch.terminal_size import terminal_size


class TerminalDriver(LinuxDriver):
    """Knows one size at a time.

    Textual asks two libraries, which differ by a row over a terminal that has none; a screen that
    hears of both sizes at once lays itself out for them in turns, without end.
    """

    def _get_terminal_size(self) -> tuple[int, int]:
        self._size = terminal_size(self._size)
        return self._size
