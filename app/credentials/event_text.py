"""The texts about the pool in notifications and plain lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from assemblyzero_tui.runner.base.text import one_line
from assemblyzero_tui.runner.model.events import (
    AnyEvent,
    AutoResumeSet,
    CallQueued,
    CredentialChanged,
    EngineStarted,
    ItemChanged,
    PoolChanged,
    RunEnded,
)
from assemblyzero_tui.runner.model.pool_state import PoolState
from assemblyzero_tui.runner.model.pool_text import SENTENCES, WITHOUT_A_TIME, time_of_day
from assemblyzero_tui.runner.model.states import State

SETTLED = 2.0
"""Seconds without another item that saves and waits, after which they are counted."""
ANOTHER_TIME = 60.0
"""Seconds by which a time must change to be reported again."""
QUIET_STATES = frozenset({"ready", "cooling", "probing"})
"""States that credentials pass through all the time; a change from one of them to ready or
probing is not reported."""

Severity = Literal["information", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Notification:
    """One notification."""

    title: str
    text: str
    severity: Severity
    attention: bool = False
    """Whether a human should look."""
    timeout: float | None = None
    """Seconds for which it is shown; ``None`` means the default."""


STOPS = "The run saves and stops"
"""What a run with ``--on-exhausted stop`` does when no quota is left."""


def paused_texts(
    event: PoolChanged, *, auto_resume: bool = True, stops: bool = False
) -> tuple[str, str]:
    """The title and the text for an exhausted pool: until when, why, and what happens then."""
    why = one_line(event.reason)
    if event.until is None:
        return "No usable credential", f"{why}. {WITHOUT_A_TIME}." if why else f"{WITHOUT_A_TIME}."
    then = "The run resumes automatically." if auto_resume else "The run waits for you then."
    then = f"{STOPS}." if stops else then
    until = f"until {time_of_day(event.until)}"
    return "No quota left", f"{until}: {why}. {then}" if why else f"{until}. {then}"


def auto_resume_text(event: AutoResumeSet) -> str:
    """Whether the run resumes automatically."""
    if event.on:
        return "When quota is available again, the run resumes automatically."
    return "When quota is available again, the run waits for you."


class PoolNotifications:
    """Decides which events of the pool are notified; each change is notified once."""

    def __init__(self) -> None:
        self._paused = False
        self._auto_resume = True
        self._stops = False
        self._parked: dict[str, float] = {}

    def begin(self, pool: PoolState) -> None:
        """Starts from the present state, which is not notified."""
        self._paused, self._auto_resume = pool.paused, pool.auto_resume
        self._stops = pool.stops

    def notifications(self, events: Sequence[AnyEvent], now: float) -> Iterator[Notification]:
        """The notifications for these events, and those that have been held back."""
        for event in events:
            if isinstance(event, PoolChanged):
                yield from self._pool_changed(event)
            elif isinstance(event, AutoResumeSet) and event.on is not self._auto_resume:
                self._auto_resume = event.on
                yield Notification("", auto_resume_text(event), "information")
            elif isinstance(event, ItemChanged) and event.state is State.QUOTA:
                self._parked[event.item] = now
            elif isinstance(event, ItemChanged):
                self._parked.pop(event.item, None)
            elif isinstance(event, EngineStarted):
                self._stops = event.stops
            elif isinstance(event, RunEnded):
                self._parked.clear()
        if self._parked and now - max(self._parked.values()) >= SETTLED:
            n = len(self._parked)
            self._parked.clear()
            who = "1 item has saved and waits" if n == 1 else f"{n} items have saved and wait"
            yield Notification("", f"{who} for quota.", "information")

    def _pool_changed(self, event: PoolChanged) -> Iterator[Notification]:
        was, self._paused = self._paused, event.state == "paused"
        if self._paused and not was:
            title, text = paused_texts(event, auto_resume=self._auto_resume, stops=self._stops)
            severity: Severity = "warning" if event.until else "error"
            yield Notification(title, text[0].upper() + text[1:], severity, attention=True)
        elif was and not self._paused:
            text = "The run resumes." if self._auto_resume else "Press R to resume."
            yield Notification(
                "Quota is available again", text, "information", not self._auto_resume
            )


class PoolLines:
    """Formats the events of the pool as lines, without the changes that happen all the time."""

    def __init__(self) -> None:
        self._state = "open"
        self._slots = 0
        self._until: float | None = None
        self._credential_states: dict[tuple[str, str], str] = {}
        self._auto_resume = True

    def begin(self, pool: PoolState) -> None:
        """Starts from the present state, which is not reported."""
        self._state, self._slots, self._until = pool.state, pool.slots, pool.until
        self._auto_resume = pool.auto_resume
        for credential in pool.credentials.values():
            for model, status in credential.statuses.items():
                self._credential_states[credential.name, model] = status.state

    def pool(self, event: PoolChanged, parallel: int, *, stops: bool = False) -> Iterator[str]:
        """The lines for a change of the pool as a whole."""
        before, self._state = self._state, event.state
        earlier, self._until = self._until, event.until
        moved = abs((event.until or 0.0) - (earlier or 0.0)) >= ANOTHER_TIME
        if event.state == "paused":
            if before != "paused" or moved:
                title, text = paused_texts(event, auto_resume=self._auto_resume, stops=stops)
                yield f"{title.lower()}{' ' if event.until else ': '}{text}"
            return
        if before == "paused":
            yield "quota is available again"
        why = f": {one_line(event.reason)}" if event.reason else ""
        if event.state == "throttled" and before != "throttled":
            until = time_of_day(event.until, seconds=True) if event.until else "later"
            yield f"no calls until {until}{why}"
        elif event.slots != self._slots:
            self._slots = event.slots
            yield f"{event.slots or parallel} of {parallel} at work now{why}"

    def auto_resume(self, event: AutoResumeSet) -> Iterator[str]:
        """The line for a change of automatic resume."""
        if event.on is not self._auto_resume:
            self._auto_resume = event.on
            text = auto_resume_text(event)
            yield text[0].lower() + text[1:].rstrip(".")

    def credential(self, event: CredentialChanged) -> Iterator[str]:
        """The line for a change of a credential's state, unless it is a frequent one."""
        place = (event.credential, event.model)
        before, self._credential_states[place] = (
            self._credential_states.get(place, "ready"),
            event.state,
        )
        if event.state in ("ready", "probing") and before in QUIET_STATES:
            return
        text = f"credential {one_line(event.credential)} {SENTENCES[event.state]}"
        if event.model:
            text += f" for {one_line(event.model)}"
        if event.until:
            text += f" until {time_of_day(event.until, seconds=True)}"
        yield f"{text}: {one_line(event.reason)}" if event.reason else text


def queued_text(event: CallQueued) -> str:
    """The text for a call that waits for quota, or for its model."""
    if event.for_model:
        at = f"; retried at {time_of_day(event.until, seconds=True)}" if event.until else ""
        return f"{one_line(event.why)}{at}"
    until = f" until {time_of_day(event.until, seconds=True)}" if event.until else ""
    why = f": {one_line(event.why)}" if event.why else ""
    return f"waiting for quota{until}{why}"
