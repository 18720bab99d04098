"""The position in a log that grows, as pure arithmetic."""

from __future__ import annotations

from assemblyzero_tui.runner.logs.reader import LogReader


class LogView:
    """The scroll position in one log; kept while its pane shows another one.

    Lines are numbered from 0 and never removed, so the position is stable while the log grows.
    """

    def __init__(self, reader: LogReader) -> None:
        self.reader = reader
        self.top = 0
        """The first line shown."""
        self.left = 0
        """Cells scrolled out on the left."""
        self.following = True
        """Whether the end stays visible."""
        self.wrapping = False
        """Whether long lines take several rows."""
        self.stamped = False
        """Whether each line begins with its time."""
        self.height = 0
        """Number of rows of the pane."""
        self._extent = (reader.size, reader.line_count)
        self._left_at = 0
        """Number of lines when the user scrolled away from the end."""

    @property
    def total(self) -> int:
        """Number of lines of the log."""
        return self.reader.line_count

    @property
    def last_top(self) -> int:
        """The first line shown when the end is visible."""
        return max(0, self.total - self.height)

    @property
    def new_lines(self) -> int:
        """Lines added since the user scrolled away from the end."""
        return 0 if self.following else max(0, self.total - self._left_at)

    def take_in(self) -> bool:
        """Reads the size of the log; returns whether it has changed."""
        self.reader.refresh()
        extent = (self.reader.size, self.total)
        changed = extent != self._extent
        self._extent = extent
        self.settle()
        return changed

    def settle(self) -> None:
        """Keeps the position within the log, and at its end while following."""
        self.top = self.last_top if self.following else min(self.top, self.last_top)

    def resize(self, height: int) -> None:
        """Sets the number of rows."""
        self.height = max(0, height)
        self.settle()

    def scroll(self, lines: int) -> None:
        """Scrolls down by ``lines``, or up if negative; follows the end once it is reached."""
        self.go_to(self.top + lines)

    def go_to(self, line: int) -> None:
        """Scrolls so that a line is the first one shown, if enough lines follow it."""
        top = max(0, min(line, self.last_top))
        if self.following and top < self.last_top:
            self._left_at = self.total
        self.following = top >= self.last_top
        self.top = top

    def follow(self) -> None:
        """Goes to the end and follows it."""
        self.following = True
        self.settle()

    def unfollow(self) -> None:
        """Stops following the end."""
        if self.following:
            self.following = False
            self._left_at = self.total

    def shift(self, cells: int, widest: int, width: int) -> None:
        """Scrolls right by ``cells``, or left if negative."""
        self.left = max(0, min(self.left + cells, widest - width))
