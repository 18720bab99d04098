"""Keys of the keyboard that are about the keys of the pool."""

from __future__ import annotations

from assemblyzero_tui.app.dashboard.actions.base import DashboardPart
from assemblyzero_tui.runner.model.commands import SetAutoResume, TryNow


class Keeping(DashboardPart):
    """Keys of the keyboard that are about the keys of the pool."""

    def action_pool(self) -> None:
        from assemblyzero_tui.app.screens.credentials import PoolScreen

        app = self._app
        if isinstance(app.screen, PoolScreen):
            return
        if not self._screen.run_state.pool.keys:
            name = self._screen.run_state.provider or "this run"
            self._screen.notify(f"There are no keys: {name} needs none.", markup=False)
            return
        app.push_screen(PoolScreen(lambda: app.source, app.desk, glyphs=self._screen.glyphs))

    def action_try_now(self) -> None:
        if not self._screen.source.live:
            self._screen.notify("No engine serves the run: resume it first.")
            return
        self._screen.send(TryNow())

    def action_auto_resume(self) -> None:
        if not self._screen.source.live:
            self._screen.notify("No engine serves the run: resume it first.")
            return
        self._screen.send(SetAutoResume(on=not self._screen.run_state.pool.auto_resume))

    def action_add_key(self) -> None:
        from assemblyzero_tui.app.screens.add_credential import ask_for_key

        ask_for_key(self._app, self._app.desk, self._screen.run_state, self._screen.glyphs)
