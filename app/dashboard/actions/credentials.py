"""Commands on credentials and on a pause for quota."""

from __future__ import annotations

from assemblyzero_tui.app.dashboard.actions.base import Actions, Handler
from assemblyzero_tui.runner.model.commands import SetAutoResume, TryNow


class CredentialActions(Actions):
    """The credentials screen, new credentials, the pause for quota."""

    def handlers(self) -> dict[str, Handler]:
        """By the name of the action."""
        return {
            "credentials": self.credentials,
            "try_now": self.try_now,
            "auto_resume": self.auto_resume,
            "add_credential": self.add_credential,
        }

    def credentials(self) -> None:
        from assemblyzero_tui.app.screens.credentials import CredentialsScreen

        app, program = self.screen.app, self.program
        if isinstance(app.screen, CredentialsScreen):
            return
        if not self.screen.run_state.pool.credentials:
            name = self.screen.run_state.provider or "this run"
            self.screen.notify(f"There are no credentials: {name} needs none.", markup=False)
            return
        app.push_screen(
            CredentialsScreen(
                lambda: program.source, program.credential_service, glyphs=self.screen.glyphs
            )
        )

    def try_now(self) -> None:
        if not self.screen.source.live:
            self.screen.notify("No engine is running: resume the run first.")
            return
        self.screen.send(TryNow())

    def auto_resume(self) -> None:
        if not self.screen.source.live:
            self.screen.notify("No engine is running: resume the run first.")
            return
        self.screen.send(SetAutoResume(on=not self.screen.run_state.pool.auto_resume))

    def add_credential(self) -> None:
        from assemblyzero_tui.app.screens.add_credential import ask_for_credential

        ask_for_credential(
            self.screen.app,
            self.program.credential_service,
            self.screen.run_state,
            self.screen.glyphs,
        )
