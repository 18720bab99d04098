"""Polls the visible logs for new lines."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from typing import Protocol

from textual.widget import Widget

from assemblyzero_tui.app.dashboard.actions.base import Screen
from assemblyzero_tui.widgets.items.layout import Mode
from assemblyzero_tui.widgets.items.workflow_pane import WorkflowPane

FOCUSED_PERIOD = 1 / 15
"""Seconds between two polls of the log in focus while it grows."""
IDLE_PERIOD = 0.2
"""The same while it does not."""
OTHERS_PERIOD = 0.5
"""Seconds within which each of the other visible logs is polled once."""


class PolledScreen(Screen, Protocol):
    """The screen with the logs."""

    @property
    def is_current(self) -> bool:
        """Whether it is the screen in front."""

    @property
    def focused(self) -> Widget | None:
        """The widget with the focus."""


class LogPolling:
    """Polls the focused log often, other visible ones less often, and hidden ones never."""

    def __init__(self, screen: PolledScreen, clock: Callable[[], float]) -> None:
        self.screen = screen
        self.clock = clock
        self.grew = 0.0
        """When a visible log last grew, by the clock."""
        self._focus_grew = 0.0
        self._polled = 0.0
        self._turns = 0.0
        """The number of other logs that are due."""
        self._next = 0
        """Index of the other log that is polled next."""

    async def run(self) -> None:
        """Polls until the screen ends."""
        screen = self.screen
        while True:
            now = self.clock()
            if screen.is_current and screen.view_state.mode is not Mode.TOO_SMALL:
                self.poll(self._due(now))
            growing = now - self._focus_grew < 1.0
            await asyncio.sleep(FOCUSED_PERIOD if growing else IDLE_PERIOD)

    def _due(self, now: float) -> list[WorkflowPane]:
        """The other panes that are due: a few at a time, so that no key press has to wait."""
        others = [p for p in self.screen.shown_panes if p.log_pane is not self.screen.focused]
        waited, self._polled = now - self._polled, now
        self._turns = min(self._turns + len(others) * waited / OTHERS_PERIOD, len(others))
        start, count = self._next, int(self._turns)
        self._turns -= count
        self._next = (start + count) % max(1, len(others))
        return (others + others)[start : start + count]

    def poll(self, others: Collection[WorkflowPane] | None = None) -> None:
        """Shows new lines of the focused log and of ``others``; ``None`` means all visible logs."""
        for pane in self.screen.shown_panes:
            focused = pane.log_pane is self.screen.focused
            if (focused or others is None or pane in others) and pane.log_pane.grow():
                self.grew = self.clock()
                self._focus_grew = self.grew if focused else self._focus_grew
