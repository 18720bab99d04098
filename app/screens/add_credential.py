"""Adding a key: asks for it, keeps it, says what came of it."""

from __future__ import annotations

from typing import Any

from textual.app import App

from assemblyzero_tui.app.credentials.actions import PoolDesk
from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.model.provider_catalog import needs_credentials
from assemblyzero_tui.runner.model.run_state import RunState
from assemblyzero_tui.widgets.credentials.dialog import KeyDialog, NewKey
from assemblyzero_tui.widgets.glyphs import Glyphs


def ask_for_key(app: App[Any], desk: PoolDesk | None, run: RunState, glyphs: Glyphs) -> None:
    """Opens the dialog; what is typed goes to the desk."""
    if isinstance(app.screen, KeyDialog):
        return
    if desk is None:
        app.notify("Keys cannot be added from here: this only shows a run.")
        return
    if not run.pool.keys and not needs_credentials(run.provider):
        app.notify(f"There are no keys: {run.provider} needs none.", markup=False)
        return
    if desk.takes_none:
        app.notify(desk.takes_none)
        return
    keeper = desk

    def typed(new: NewKey | None) -> None:
        if new is not None:
            app.run_worker(_add(app, keeper, new), group="keys")

    app.push_screen(KeyDialog(set(run.pool.keys), keeper.place, glyphs=glyphs), typed)


async def _add(app: App[Any], desk: PoolDesk, new: NewKey) -> None:
    try:
        said = await desk.add(new.name, new.secret.reveal(), new.project)
    except (TuiError, OSError) as error:
        app.notify(str(error), severity="error", markup=False)
        return
    app.notify(said, markup=False)
