"""From a key and the items it is meant for to the command that the engine gets."""

from __future__ import annotations

from collections.abc import Sequence

from assemblyzero_tui.runner.model.commands import AnyCommand, Cancel, Pause, Reply, Resume, Retry
from assemblyzero_tui.runner.model.run_state import ItemState, RunState


def pause_or_resume(items: Sequence[ItemState]) -> AnyCommand | None:
    """Pauses what can be paused; if nothing can, lets what is paused go on."""
    if pausable := [item.id for item in items if item.state.pausable]:
        return Pause(items=pausable)
    if resumable := [item.id for item in items if item.state.resumable]:
        return Resume(items=resumable)
    return None


def pause_or_resume_all(run: RunState) -> AnyCommand | None:
    """Holds the whole run, or lets it go on."""
    if run.held:
        return Resume()
    items = list(run.items.values())
    if any(item.state.pausable for item in items):
        return Pause()
    return Resume() if any(item.state.resumable for item in items) else None


def cancellable(items: Sequence[ItemState]) -> list[str]:
    """The items that can still be cancelled."""
    return [item.id for item in items if item.state.cancellable]


def retry(items: Sequence[ItemState]) -> Retry | None:
    """Tries again what ended without success."""
    found = [item.id for item in items if item.state.retriable]
    return Retry(items=found) if found else None


def too_late(command: AnyCommand, reply: Reply, ended: Sequence[str]) -> list[str]:
    """The items of a command that had ended when it came, so that nothing happened to them."""
    meant = command.items if isinstance(command, (Pause, Resume, Cancel, Retry)) else []
    return [item for item in meant if item in ended and item not in reply.affected]


def named(items: Sequence[str]) -> str:
    """The items in a question or a message: by name, or how many there are."""
    return ", ".join(items) if len(items) <= 3 else f"{len(items)} items"
