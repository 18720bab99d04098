"""What is worth a toast, the bell or a word in the terminal's title."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from assemblyzero_tui.runner.events import AnyEvent, ItemChanged, Notice
from assemblyzero_tui.runner.run_state import RunState
from assemblyzero_tui.runner.safe_text import one_line
from assemblyzero_tui.runner.states import State

MOST = 3
"""Toasts for one piece of news; more items are counted in one."""
_TOLD = (State.ASKING, State.FAILED, State.LOST, State.DONE)
_ENDINGS = {
    State.DONE: "done",
    State.FAILED: "failed",
    State.LOST: "lost",
    State.ASKING: "waits for an answer",
}


Severity = Literal["information", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Announcement:
    """One toast."""

    title: str
    text: str
    severity: Severity
    attention: bool = False
    """A human should look."""


def announcements(events: Sequence[AnyEvent]) -> list[Announcement]:
    """The toasts for these events, the ones that need attention first."""
    found: list[Announcement] = []
    for state in _TOLD:
        changes = [e for e in events if isinstance(e, ItemChanged) and e.state is state]
        found += [_change(change) for change in changes[:MOST]]
        if len(changes) > MOST:
            more = len(changes) - MOST
            severity: Severity = "error" if state.wants_attention else "information"
            text = f"and {more} more {_ENDINGS[state]}"
            found.append(Announcement("", text, severity, state.wants_attention))
    for event in events:
        if isinstance(event, Notice) and event.level != "info":
            level: Severity = "error" if event.level == "error" else "warning"
            found.append(Announcement(event.item, one_line(event.text), level))
    return found


def _change(change: ItemChanged) -> Announcement:
    said = change.result.summary if change.result is not None else ""
    title = f"{change.item} {_ENDINGS[change.state]}"
    attention = change.state.wants_attention
    severity: Severity = "error" if attention else "information"
    return Announcement(title, one_line(said or change.reason), severity, attention)


def terminal_title(run: RunState, unseen: int) -> str:
    """The title of the terminal's window: what needs a human, how far, of what."""
    n = len(run.items)
    done = sum(number for state, number in run.counts.items() if state.terminal)
    mark = f"(!{unseen}) " if unseen else ""
    return one_line(f"{mark}{done}/{n} {run.workflow} - AssemblyZero")
