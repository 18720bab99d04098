"""Who holds an item: the engine by its ``owner`` lock, a living process by its ``busy`` lock."""

from __future__ import annotations

from pathlib import Path

from assemblyzero_tui.runner.locks import FileLock, is_held
from assemblyzero_tui.runner.places import checkpoint_file


def owner_file(checkpoint: Path) -> Path:
    """The lock of the engine that works on the item of this checkpoint."""
    return checkpoint.with_suffix(".owner")


def busy_file(checkpoint: Path) -> Path:
    """The lock of the processes that work on the item of this checkpoint."""
    return checkpoint.with_suffix(".busy")


def held_by(repository: Path, workflow: str, key: str) -> str | None:
    """The name of the run that holds an item now; ``None`` if it is free."""
    checkpoint = checkpoint_file(repository, workflow, key)
    for path in (owner_file(checkpoint), busy_file(checkpoint)):
        if is_held(path):
            return _note(path) or "another run"
    return None


def take_item(checkpoint: Path, run: str) -> FileLock | str:
    """Takes the owner lock of an item; the name of the run that has it if it is held."""
    path = owner_file(checkpoint)
    lock = FileLock.take(path, run)
    return lock if lock is not None else _note(path) or "another run"


def _note(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""
