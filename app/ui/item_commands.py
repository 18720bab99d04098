"""Builds the command for the engine from a key and the items that it acts on."""

from __future__ import annotations

from collections.abc import Sequence

from assemblyzero_tui.runner.model.commands import AnyCommand, Cancel, Pause, Reply, Resume, Retry
from assemblyzero_tui.runner.model.run_state import ItemState, RunState


def pause_or_resume(items: Sequence[ItemState]) -> AnyCommand | None:
    """Pauses the items that can be paused; if there are none, resumes the paused ones."""
    if pausable := [item.id for item in items if item.state.pausable]:
        return Pause(items=pausable)
    if resumable := [item.id for item in items if item.state.resumable]:
        return Resume(items=resumable)
    return None


def pause_or_resume_all(run: RunState) -> AnyCommand | None:
    """Pauses the whole run, or resumes it."""
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
    """Retries the items that ended without success."""
    retriable = [item.id for item in items if item.state.retriable]
    return Retry(items=retriable) if retriable else None


def too_late(command: AnyCommand, reply: Reply, ended: Sequence[str]) -> list[str]:
    """The items of a command that had ended before it arrived, so that it had no effect on them."""
    targets = command.items if isinstance(command, (Pause, Resume, Cancel, Retry)) else []
    return [item for item in targets if item in ended and item not in reply.affected]


def named(items: Sequence[str]) -> str:
    """The items in a question or a message: up to three by name, otherwise their number."""
    return ", ".join(items) if len(items) <= 3 else f"{len(items)} items"
