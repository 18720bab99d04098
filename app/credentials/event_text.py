"""What of the pool is news: for toasts, and in the lines of the faces without a screen."""

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
"""Seconds after which no other item is likely to save and wait with those before it."""
ANOTHER_TIME = 60.0
"""Seconds by which a time must change to be news."""
QUIET_STATES = frozenset({"ready", "cooling", "probing"})
"""States that keys go through all the time: what follows on them is no news."""


@dataclass(frozen=True, slots=True)
class Notification:
    """One toast."""

    title: str
    text: str
    severity: Literal["information", "warning", "error"]
    attention: bool = False


LEAVES = "The run saves and leaves"
"""What becomes of a run that is not to wait for keys."""


def paused_texts(
    event: PoolChanged, *, auto_resume: bool = True, stops: bool = False
) -> tuple[str, str]:
    """That all keys rest; until when and why, and what happens then."""
    why = one_line(event.reason)
    if event.until is None:
        return "No key can be used", f"{why}. {WITHOUT_A_TIME}." if why else f"{WITHOUT_A_TIME}."
    then = "The run goes on by itself." if auto_resume else "The run waits for you then."
    then = f"{LEAVES}." if stops else then
    until = f"until {time_of_day(event.until)}"
    return "All keys rest", f"{until}: {why}. {then}" if why else f"{until}. {then}"


def auto_resume_text(event: AutoResumeSet) -> str:
    """Whether the run goes on by itself."""
    if event.on:
        return "When there are keys again, the run goes on by itself."
    return "When there are keys again, the run waits for you."


class PoolNotifications:
    """Remembers what was said, so that it is said once."""

    def __init__(self) -> None:
        self._paused = False
        self._auto_resume = True
        self._stops = False
        self._parked: dict[str, float] = {}

    def begin(self, pool: PoolState) -> None:
        """What was so before is no news."""
        self._paused, self._auto_resume = pool.paused, pool.auto_resume
        self._stops = pool.stops

    def toasts(self, events: Sequence[AnyEvent], now: float) -> Iterator[Notification]:
        """The toasts for these events, and for what was held back until now."""
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
            yield Notification("", f"{who} for a key.", "information")

    def _pool_changed(self, event: PoolChanged) -> Iterator[Notification]:
        was, self._paused = self._paused, event.state == "paused"
        if self._paused and not was:
            title, text = paused_texts(event, auto_resume=self._auto_resume, stops=self._stops)
            severity: Literal["warning", "error"] = "warning" if event.until else "error"
            yield Notification(title, text[0].upper() + text[1:], severity, attention=True)
        elif was and not self._paused:
            text = "The run goes on." if self._auto_resume else "The run waits for you: R."
            yield Notification("There are keys again", text, "information", not self._auto_resume)


class PoolLines:
    """The pool's events as sentences, each of which is news."""

    def __init__(self) -> None:
        self._state = "open"
        self._slots = 0
        self._until: float | None = None
        self._keys: dict[tuple[str, str], str] = {}
        self._auto_resume = True

    def begin(self, pool: PoolState) -> None:
        """What was so before is no news."""
        self._state, self._slots, self._until = pool.state, pool.slots, pool.until
        self._auto_resume = pool.auto_resume
        for credential in pool.credentials.values():
            for model, status in credential.statuses.items():
                self._keys[credential.name, model] = status.state

    def pool(self, event: PoolChanged, parallel: int, *, stops: bool = False) -> Iterator[str]:
        """How the keys as a whole stand."""
        before, self._state = self._state, event.state
        earlier, self._until = self._until, event.until
        moved = abs((event.until or 0.0) - (earlier or 0.0)) >= ANOTHER_TIME
        if event.state == "paused":
            if before != "paused" or moved:
                title, text = paused_texts(event, auto_resume=self._auto_resume, stops=stops)
                yield f"{title.lower()}{' ' if event.until else ': '}{text}"
            return
        if before == "paused":
            yield "there are keys again"
        why = f": {one_line(event.reason)}" if event.reason else ""
        if event.state == "throttled" and before != "throttled":
            until = time_of_day(event.until, seconds=True) if event.until else "later"
            yield f"nobody calls until {until}{why}"
        elif event.slots != self._slots:
            self._slots = event.slots
            yield f"{event.slots or parallel} of {parallel} at work from now on{why}"

    def auto_resume(self, event: AutoResumeSet) -> Iterator[str]:
        """Whether the run goes on by itself."""
        if event.on is not self._auto_resume:
            self._auto_resume = event.on
            text = auto_resume_text(event)
            yield text[0].lower() + text[1:].rstrip(".")

    def credential(self, event: CredentialChanged) -> Iterator[str]:
        """How a key stands now; nothing of what happens all the time."""
        place = (event.credential, event.model)
        before, self._keys[place] = self._keys.get(place, "ready"), event.state
        if event.state in ("ready", "probing") and before in QUIET_STATES:
            return
        text = f"key {one_line(event.credential)} {SENTENCES[event.state]}"
        if event.model:
            text += f" for {one_line(event.model)}"
        if event.until:
            text += f" until {time_of_day(event.until, seconds=True)}"
        yield f"{text}: {one_line(event.reason)}" if event.reason else text


def queued_text(event: CallQueued) -> str:
    """That a call waits for a key, or for its model."""
    if event.for_model:
        at = f"; asked again at {time_of_day(event.until, seconds=True)}" if event.until else ""
        return f"{one_line(event.why)}{at}"
    until = f" until {time_of_day(event.until, seconds=True)}" if event.until else ""
    why = f": {one_line(event.why)}" if event.why else ""
    return f"waits for a key{until}{why}"
