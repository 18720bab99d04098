"""Looks for new lines in the logs in sight, as often as it is worth it."""

from __future__ import annotations

import asyncio

from assemblyzero_tui.app.dashboard_part import DashboardPart
from assemblyzero_tui.widgets.layout import Mode

FOCUSED_PERIOD = 1 / 15
"""Seconds between two looks at the log in focus while it grows."""
RESTING_PERIOD = 0.2
"""The same while it does not."""
OTHERS_PERIOD = 0.5
"""Seconds between two looks at the other logs in sight."""


class Watching(DashboardPart):
    """Paints what the logs gain: often in focus, seldom beside it, never out of sight."""

    grew = 0.0
    """When a log in sight last gained something, by the screen's clock."""
    _focus_grew = 0.0
    _others_looked = 0.0

    async def watch_logs(self) -> None:
        """Goes on until the screen ends."""
        screen = self._screen
        while True:
            now = screen.clock()
            others = now - self._others_looked >= OTHERS_PERIOD
            if others:
                self._others_looked = now
            if screen.is_current and screen.stage.mode is not Mode.TOO_SMALL:
                with screen.app.batch_update():
                    self.look_at_logs(others=others)
            growing = now - self._focus_grew < 1.0
            await asyncio.sleep(FOCUSED_PERIOD if growing else RESTING_PERIOD)

    def look_at_logs(self, *, others: bool = True) -> None:
        """Shows what the logs in sight have gained; only the one in focus unless ``others``."""
        for pane in self._screen.shown_panes:
            focused = pane.log_pane is self._screen.focused
            if (focused or others) and pane.log_pane.grow():
                self.grew = self._screen.clock()
                self._focus_grew = self.grew if focused else self._focus_grew
