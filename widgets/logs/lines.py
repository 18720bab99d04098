"""Lines of a log for the screen: read in one go, parsed once, cached while they are visible."""

from __future__ import annotations

from typing import NamedTuple

from rich.ansi import AnsiDecoder
from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.cache import LRUCache

from assemblyzero_tui.runner.logs.reader import LogReader
from assemblyzero_tui.runner.logs.sanitise import display_text

LONGEST = 4096
"""Most characters of a line that are shown."""
STEP_MARK = ">>> Executing:"
"""The beginning of a line that a workflow prints when a node starts."""
_KEPT = 128
_JOINERS = {0x200D: None, 0xFE0E: None, 0xFE0F: None}
"""Joiners, which are removed: terminals disagree about the width of joined characters."""


class Line(NamedTuple):
    """One whole line. Not a ``Strip``: each strip has seven caches."""

    cells: list[Segment]
    width: int
    """In cells."""


class LogLines:
    """The parsed lines of one log."""

    def __init__(self, reader: LogReader) -> None:
        self.reader = reader
        self.text_style = Style()
        self.step_style = Style()
        self._console = Console(file=None, force_terminal=True, color_system="truecolor")
        self._raw: LRUCache[int, bytes] = LRUCache(_KEPT)
        self._parsed: LRUCache[int, Line] = LRUCache(_KEPT)
        self._last = -1
        self._size = -1

    def restyle(self, text: Style, step: Style) -> None:
        """Uses these styles from now on."""
        if (text, step) != (self.text_style, self.step_style):
            self.text_style, self.step_style = text, step
            self._parsed.clear()

    def fetch(self, start: int, stop: int) -> None:
        """Reads those of these lines that are not cached."""
        if self.reader.size != self._size:
            if self.reader.size < self._size:
                self._raw.clear()
                self._parsed.clear()
            self._size = self.reader.size
            self._raw.discard(self._last)
            self._parsed.discard(self._last)
            self._last = self.reader.line_count - 1
        missing = [line for line in range(start, stop) if line not in self._raw]
        if missing:
            first = missing[0]
            for place, raw in enumerate(self.reader.lines(first, missing[-1] + 1)):
                self._raw[first + place] = raw

    def line(self, number: int) -> Line:
        """A line; empty if it does not exist."""
        line = self._parsed.get(number)
        if line is None:
            if number not in self._raw:
                self.fetch(number, number + 1)
            line = self._parse(self._raw.get(number) or b"")
            self._parsed[number] = line
        return line

    def is_step(self, line: int) -> bool:
        """Whether this line marks the start of a node."""
        return (self._raw.get(line) or b"").startswith(STEP_MARK.encode())

    def _parse(self, raw: bytes) -> Line:
        text = display_text(raw, LONGEST).translate(_JOINERS)
        style = self.step_style if text.startswith(STEP_MARK) else self.text_style
        if "\x1b" not in text:
            return Line([Segment(text, style)] if text else [], cell_len(text))
        decoded = AnsiDecoder().decode_line(text)
        decoded.end = ""
        cells = list(Segment.apply_style(decoded.render(self._console), style))
        return Line(cells, decoded.cell_len)
