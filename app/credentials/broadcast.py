"""Sends a new credential to active runs: an engine reads the file only when it starts."""

from __future__ import annotations

import asyncio
from pathlib import Path

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.base.paths import RunFolder
from assemblyzero_tui.runner.credentials import sources
from assemblyzero_tui.runner.model.commands import AddCredential
from assemblyzero_tui.runner.model.provider_catalog import needs_credentials
from assemblyzero_tui.runner.runs.live_run import LiveRun
from assemblyzero_tui.runner.runs.runs import is_alive, read_spec, run_folders


def send_to_runs(file: Path, credential: AddCredential) -> list[str]:
    """Sends a credential to each run whose engine would find it in its file if it started now.

    Returns:
        The names of the runs that received it.
    """
    return asyncio.run(_send(file, credential))


async def _send(file: Path, credential: AddCredential) -> list[str]:
    receivers = []
    for folder in run_folders():
        try:
            if not (is_alive(folder) and _uses(folder, file)):
                continue
            run = LiveRun(folder)
            try:
                await run.send(credential)
                receivers.append(folder.path.name)
            finally:
                await run.close()
        except (TuiError, OSError):
            continue  # it has just ended, or belongs to another user
    return receivers


def _uses(folder: RunFolder, file: Path) -> bool:
    spec = read_spec(folder)
    if spec.demo or not needs_credentials(spec.provider):
        return False
    files = [Path(spec.credentials)] if spec.credentials else sources.default_files()
    return file.resolve() in [path.resolve() for path in files]
