"""Adding a credential: asks for it, stores it, reports the result."""

from __future__ import annotations

from typing import Any

from textual.app import App

from assemblyzero_tui.app.credentials.actions import CredentialService
from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.model.provider_catalog import needs_credentials
from assemblyzero_tui.runner.model.run_state import RunState
from assemblyzero_tui.widgets.credentials.dialog import AddCredentialDialog, NewCredential
from assemblyzero_tui.widgets.glyphs import Glyphs


def ask_for_credential(
    app: App[Any], credential_service: CredentialService | None, run: RunState, glyphs: Glyphs
) -> None:
    """Opens the dialog, and passes the new credential to the service."""
    if isinstance(app.screen, AddCredentialDialog):
        return
    if credential_service is None:
        app.notify("Credentials cannot be added here: this only shows a run.")
        return
    if not run.pool.credentials and not needs_credentials(run.provider):
        app.notify(f"There are no credentials: {run.provider} needs none.", markup=False)
        return
    if credential_service.read_only_reason:
        app.notify(credential_service.read_only_reason)
        return
    service = credential_service

    def add(new: NewCredential | None) -> None:
        if new is not None:
            app.run_worker(_add(app, service, new), group="credentials")

    app.push_screen(
        AddCredentialDialog(set(run.pool.credentials), service.location, glyphs=glyphs), add
    )


async def _add(app: App[Any], credential_service: CredentialService, new: NewCredential) -> None:
    try:
        message = await credential_service.add(new.name, new.secret.reveal(), new.project)
    except (TuiError, OSError) as error:
        app.notify(str(error), severity="error", markup=False)
        return
    app.notify(message, markup=False)
