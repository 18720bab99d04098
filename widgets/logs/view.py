"""Where a reader stands in a log: pure arithmetic over a log that grows."""

from __future__ import annotations

from assemblyzero_tui.runner.logs.reader import LogReader


class LogView:
    """One reader's place in one log; kept while its pane shows something else.

    Lines are numbered from 0 and never go away, so the place does not drift while the log grows.
    """

    def __init__(self, reader: LogReader) -> None:
        self.reader = reader
        self.top = 0
        """The first line shown."""
        self.left = 0
        """Cells hidden on the left."""
        self.following = True
        """Whether the end stays in sight."""
        self.wrapping = False
        """Whether long lines take several rows."""
        self.stamped = False
        """Whether each line begins with its time."""
        self.height = 0
        """Rows there are."""
        self._extent = (reader.size, reader.line_count)
        self._left_at = 0
        """Lines there were when the reader left the end."""

    @property
    def total(self) -> int:
        """Lines of the log."""
        return self.reader.line_count

    @property
    def last_top(self) -> int:
        """The first line shown when the end is in sight."""
        return max(0, self.total - self.height)

    @property
    def new_lines(self) -> int:
        """Lines that came in since the reader left the end."""
        return 0 if self.following else max(0, self.total - self._left_at)

    def take_in(self) -> bool:
        """Reads how far the log has grown; true if anything changed."""
        self.reader.refresh()
        extent = (self.reader.size, self.total)
        changed = extent != self._extent
        self._extent = extent
        self.settle()
        return changed

    def settle(self) -> None:
        """Keeps the place within the log, and at its end while following."""
        self.top = self.last_top if self.following else min(self.top, self.last_top)

    def resize(self, height: int) -> None:
        """There are so many rows from now on."""
        self.height = max(0, height)
        self.settle()

    def scroll(self, lines: int) -> None:
        """Moves down by so many lines, or up; arriving at the end means to follow it."""
        self.go_to(self.top + lines)

    def go_to(self, line: int) -> None:
        """Makes a line the first one shown, as far as the log reaches."""
        top = max(0, min(line, self.last_top))
        if self.following and top < self.last_top:
            self._left_at = self.total
        self.following = top >= self.last_top
        self.top = top

    def follow(self) -> None:
        """Goes to the end and stays there."""
        self.following = True
        self.settle()

    def unfollow(self) -> None:
        """Stays where it is."""
        if self.following:
            self.following = False
            self._left_at = self.total

    def shift(self, cells: int, widest: int, width: int) -> None:
        """Moves to the right by so many cells, or to the left."""
        self.left = max(0, min(self.left + cells, widest - width))
