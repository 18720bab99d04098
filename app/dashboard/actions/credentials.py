"""Keys of the keyboard that are about the keys of the pool."""

from __future__ import annotations

from assemblyzero_tui.app.dashboard.actions.base import DashboardPart
from assemblyzero_tui.runner.model.commands import SetAutoResume, TryNow


class Keeping(DashboardPart):
    """Keys of the keyboard that are about the keys of the pool."""

    def action_pool(self) -> None:
        from assemblyzero_tui.app.screens.credentials import CredentialsScreen

        app = self._app
        if isinstance(app.screen, CredentialsScreen):
            return
        if not self._screen.run_state.pool.credentials:
            name = self._screen.run_state.provider or "a specific run"
            self._screen.notify(f"There are no keys: {name} needs none.", markup=False)
            return
        app.push_screen(
            CredentialsScreen(
                lambda: app.source, app.credential_service, glyphs=self._screen.glyphs
            )
        )

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

    def action_add_credential(self) -> None:
        from assemblyzero_tui.app.screens.add_credential import ask_for_credential

        ask_for_credential(
            self._app, self._app.credential_service, self._screen.run_state, self._screen.glyphs
        )
