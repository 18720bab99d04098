"""Looks for new lines in the logs in sight, as often as it is worth it."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from assemblyzero_tui.app.dashboard.actions.base import DashboardPart
from assemblyzero_tui.widgets.items.layout import Mode
from assemblyzero_tui.widgets.items.workflow_pane import WorkflowPane

FOCUSED_PERIOD = 1 / 15
"""Seconds between two looks at the log in focus while it grows."""
RESTING_PERIOD = 0.2
"""The same while it does not."""
OTHERS_PERIOD = 0.5
"""Seconds in which each of the other logs in sight is looked at once."""


class Watching(DashboardPart):
    """Paints what the logs gain: often in focus, seldom beside it, never out of sight."""

    grew = 0.0
    """When a log in sight last gained something, by the screen's clock."""
    _focus_grew = 0.0
    _looked = 0.0
    _turns = 0.0
    """How many of the other logs it is time to look at."""
    _next = 0
    """Whose turn it is."""

    async def watch_logs(self) -> None:
        """Goes on until the screen ends."""
        screen = self._screen
        while True:
            now = screen.clock()
            if screen.is_current and screen.stage.mode is not Mode.TOO_SMALL:
                self.look_at_logs(self._due(now))
            growing = now - self._focus_grew < 1.0
            await asyncio.sleep(FOCUSED_PERIOD if growing else RESTING_PERIOD)

    def _due(self, now: float) -> list[WorkflowPane]:
        """The panes beside the focus whose turn it is: a few at a time, so that no key waits."""
        others = [p for p in self._screen.shown_panes if p.log_pane is not self._screen.focused]
        waited, self._looked = now - self._looked, now
        self._turns = min(self._turns + len(others) * waited / OTHERS_PERIOD, len(others))
        start, count = self._next, int(self._turns)
        self._turns -= count
        self._next = (start + count) % max(1, len(others))
        return (others + others)[start : start + count]

    def look_at_logs(self, others: Collection[WorkflowPane] | None = None) -> None:
        """Shows what the log in focus has gained and these other ones; all if none are named."""
        for pane in self._screen.shown_panes:
            focused = pane.log_pane is self._screen.focused
            if (focused or others is None or pane in others) and pane.log_pane.grow():
                self.grew = self._screen.clock()
                self._focus_grew = self.grew if focused else self._focus_grew
