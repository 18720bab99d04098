"""Assigns items to panes, and cells of the grid to panes, table and side panel."""

from __future__ import annotations

from textual.widget import Widget

from assemblyzero_tui.app.dashboard.actions.base import Screen
from assemblyzero_tui.widgets.items.grid import Grid
from assemblyzero_tui.widgets.items.layout import (
    MOST_PANES,
    Cell,
    Mode,
    list_cells,
    single_cells,
)
from assemblyzero_tui.widgets.items.steps import SidePanel
from assemblyzero_tui.widgets.items.workflow_pane import WorkflowPane
from assemblyzero_tui.widgets.logs.view import LogView

NUMBERED_PANES = 10
"""Panes that a digit key goes to: 1 to 9, then 0."""


class Placement:
    """Assigns items to panes and puts the panes into the grid.

    Args:
        screen: The screen with the run, the current item and the table.
        grid: Contains the table, the side panel and the panes created here.
        side: The panel beside the log of a zoomed item.
    """

    def __init__(self, screen: Screen, grid: Grid, side: SidePanel) -> None:
        self.screen = screen
        self.grid = grid
        self.side = side
        self.panes: list[WorkflowPane] = []
        """All panes created so far; the first ones are in use."""
        self.views: dict[str, LogView] = {}
        """The view of the log of each item that has been shown."""

    @property
    def shown_panes(self) -> list[WorkflowPane]:
        """The panes in sight."""
        return [widget for widget in self.grid.placed if isinstance(widget, WorkflowPane)]

    def reset(self) -> None:
        """Forgets the items and logs of the previous source."""
        self.views.clear()
        for pane in self.panes:
            pane.item = ""

    def place(self, width: int, height: int) -> None:
        """Fills a grid of this size as the view state asks."""
        self.grid.place(self._cells(width, height))

    def _cells(self, width: int, height: int) -> list[tuple[Widget, Cell]]:
        view_state, items, current = (
            self.screen.view_state,
            self.screen.items,
            self.screen.current,
        )
        listed = view_state.mode is Mode.LIST
        if listed:
            self.screen.table.update()
        if current and (view_state.zoomed or (len(items) == 1 and not listed)):
            log, panel = single_cells(width, height)
            self._assign([current], alone=panel is None)
            return [(self.panes[0], log), *([(self.side, panel)] if panel else [])]
        if listed:
            table, logs = list_cells(width, height, len(items))
            view_state.in_log = view_state.in_log and bool(logs)
            beside = self._beside_the_table(len(logs))
            self._assign(beside)
            shown = zip(self.panes, logs[: len(beside)], strict=False)
            return [(self.screen.table, table), *shown]
        page = view_state.in_grid(items)
        self._assign(page)
        return list(
            zip(self.panes, view_state.layout.cells(len(page), width, height), strict=False)
        )

    def _beside_the_table(self, logs: int) -> list[str]:
        """The items of the logs beside the table: the current one, and its neighbours if they fit.

        While one of the logs is active, they do not change.
        """
        shown = [pane.item for pane in self.shown_panes]
        if self.screen.view_state.in_log and len(shown) == logs and self.screen.current in shown:
            return shown
        rows, cursor = self.screen.table.rows, self.screen.table.cursor
        after = rows[cursor : cursor + logs]
        return after + rows[:cursor][::-1][: logs - len(after)]

    def follow_the_table(self) -> None:
        """Shows the logs of the rows at the cursor if the cursor has moved."""
        shown = [pane.item for pane in self.shown_panes]
        items = self._beside_the_table(len(shown))
        if shown != items and not self.screen.view_state.zoomed:
            self._assign(items)

    def _assign(self, items: list[str], *, alone: bool = False) -> None:
        """Assigns these items to the first panes; creates panes as they are needed."""
        missing = min(len(items), MOST_PANES) - len(self.panes)
        if missing > 0:
            new_panes = [WorkflowPane(self.screen.glyphs) for _ in range(missing)]
            self.panes += new_panes
            self.grid.mount(*new_panes)
        run, now = self.screen.run_state, self.screen.source_now()
        for pane, item in zip(self.panes, items, strict=False):
            pane.assign(run.items[item], self._view(item), alone=alone)
            pane.update(run.items[item], run, now, self._number(pane, len(items)))

    def _view(self, item: str) -> LogView:
        if item not in self.views:
            self.views[item] = LogView(self.screen.source.log(item))
        return self.views[item]

    def update_panes(self) -> None:
        """Shows the present state of the items in the panes and the side panel."""
        run, now = self.screen.run_state, self.screen.source_now()
        shown = self.shown_panes
        for pane in shown:
            if pane.item in run.items:
                pane.update(run.items[pane.item], run, now, self._number(pane, len(shown)))
        if self.side.display and shown and shown[0].item in run.items:
            self.side.update(run.items[shown[0].item], run, now, self.screen.glyphs)

    def _number(self, pane: WorkflowPane, shown: int) -> int | None:
        """The digit that focuses a pane, ``None`` if none does."""
        index, view_state = self.panes.index(pane), self.screen.view_state
        if view_state.mode is Mode.LIST or view_state.zoomed or shown == 1:
            return None
        return (index + 1) % 10 if index < NUMBERED_PANES else None
