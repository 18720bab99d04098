"""What the groups of actions have in common: the screen and the application they act on."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from assemblyzero_tui.app.dashboard.app import DashboardApp
    from assemblyzero_tui.app.dashboard.screen import DashboardScreen


class DashboardPart:
    """A part of the dashboard's screen; the screen inherits from all of them."""

    @property
    def _screen(self) -> DashboardScreen:
        return cast("DashboardScreen", self)

    @property
    def _app(self) -> DashboardApp:
        return cast("DashboardApp", self._screen.app)
