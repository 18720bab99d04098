"""Formats a run as plain lines, each with the item that it is about as its prefix."""

from __future__ import annotations

import time
from collections.abc import Iterator

from assemblyzero_tui.app.credentials.event_text import PoolLines, queued_text
from assemblyzero_tui.runner.base.durations import duration
from assemblyzero_tui.runner.base.text import one_line
from assemblyzero_tui.runner.logs.sanitise import display_text, plain_text
from assemblyzero_tui.runner.model.events import (
    AnyEvent,
    AutoResumeSet,
    CallEnded,
    CallQueued,
    CredentialChanged,
    EngineStarted,
    ItemChanged,
    ItemsQueued,
    Notice,
    PoolChanged,
    RunBlocked,
    RunEnded,
    RunHeld,
    RunStarted,
)
from assemblyzero_tui.runner.model.run_state import ItemState, RunState
from assemblyzero_tui.runner.model.states import State

COORDINATOR = "COORDINATOR"
NOTHING_LOST = "No more items are started, and nothing is lost"
LINE_LIMIT = 1 << 16
"""Characters of a log line that are printed at most."""

_RESET = "\x1b[0m"
_COLOURS = {
    State.DONE: "32",
    State.FAILED: "31",
    State.LOST: "31",
    State.QUOTA: "33",
    State.RETRYING: "33",
    State.ASKING: "35",
    State.RUNNING: "36",
}
_LEVELS = {"warning": "33", "error": "31"}


class PlainLines:
    """Formats events and logs as lines; keeps each item's last state, to print the change."""

    def __init__(
        self, *, timestamps: bool = False, colours: bool = False, ascii: bool = False
    ) -> None:
        self._timestamps = timestamps
        self._colours = colours
        self._ascii = ascii
        self._states: dict[str, State] = {}
        self._attempts: dict[str, int] = {}
        self._waits: dict[str, str] = {}
        """What each item was last reported to wait for, as models are retried often."""
        self._pool = PoolLines()

    def prime(self, state: RunState) -> None:
        """Starts from the present state, without printing it."""
        for item in state.items.values():
            self._states[item.id], self._attempts[item.id] = item.state, item.attempt
        self._pool.begin(state.pool)

    def line(self, who: str, text: str, now: float, colour: str = "") -> str:
        """One line with its prefix."""
        stamp = time.strftime("%H:%M:%S ", time.localtime(now)) if self._timestamps else ""
        prefix = f"[{who}]"
        if self._colours:
            prefix = f"\x1b[{'1' if who == COORDINATOR else '2'}m{prefix}{_RESET}"
            if colour:
                text = f"\x1b[{colour}m{text}{_RESET}"
        return f"{stamp}{prefix} {text}".rstrip()

    def coordinator(self, text: str, now: float, colour: str = "") -> str:
        """A line about the run as a whole."""
        return self.line(COORDINATOR, text, now, colour)

    def log(self, item: str, raw: bytes, now: float) -> str:
        """A line of an item's log, with harmless control sequences only."""
        if not self._colours:
            return self.line(item, plain_text(raw, LINE_LIMIT), now)
        text = display_text(raw, LINE_LIMIT)
        return self.line(item, f"{text}{_RESET}" if "\x1b" in text else text, now)

    def event(self, event: AnyEvent, state: RunState) -> Iterator[str]:
        """The lines of one event, which ``state`` already includes."""
        match event:
            case ItemChanged():
                yield from self._item_changed(event, state)
            case Notice():
                text = one_line(event.text)
                text = text if event.level == "info" else f"{event.level}: {text}"
                who = event.item or COORDINATOR
                yield self.line(who, text, event.time, _LEVELS.get(event.level, ""))
            case CallQueued():
                before, self._waits[event.item] = self._waits.get(event.item), event.why
                if not (event.for_model and event.why == before):
                    yield self.line(event.item, queued_text(event), event.time)
            case CallEnded(outcome="ok"):
                self._waits.pop(event.item, None)
            case CredentialChanged() | PoolChanged() | AutoResumeSet():
                yield from self._pool_event(event, state)
            case _:
                yield from self._run_event(event, state)

    def _pool_event(
        self, event: CredentialChanged | PoolChanged | AutoResumeSet, state: RunState
    ) -> Iterator[str]:
        match event:
            case CredentialChanged():
                texts = self._pool.credential(event)
            case PoolChanged():
                texts = self._pool.pool(event, state.parallel, stops=state.pool.stops)
            case AutoResumeSet():
                texts = self._pool.auto_resume(event)
        paused = isinstance(event, PoolChanged) and event.state == "paused"
        for text in texts:
            yield self.coordinator(text, event.time, "33" if paused else "")

    def _run_event(self, event: AnyEvent, state: RunState) -> Iterator[str]:
        match event:
            case RunStarted():
                at_once = "one at a time" if event.parallel == 1 else f"{event.parallel} at once"
                yield self.coordinator(
                    f"{event.run}: {event.workflow} in {event.repository}, {at_once}, "
                    f"provider {event.provider}",
                    event.time,
                )
                if event.tracker:
                    yield self.coordinator(f"issues of {one_line(event.tracker)}", event.time)
            case ItemsQueued():
                yield self.coordinator(
                    f"{_many(len(event.items))} queued: {_ids([i.id for i in event.items])}",
                    event.time,
                )
                for info in event.items:
                    self._states.setdefault(info.id, State.QUEUED)
            case EngineStarted(resumed=True):
                text = f"resumed: {len(state.unfinished())} of {len(state.items)} left"
                yield self.coordinator(text, event.time)
                self._states.update(
                    {name: State.QUEUED for name, s in self._states.items() if not s.terminal}
                )
            case RunBlocked():
                if event.what:
                    text = f"error: {event.text}. {NOTHING_LOST}. {event.hint}"
                    yield self.coordinator(one_line(text), event.time, _LEVELS["error"])
            case RunHeld(held=True):
                text = f"paused: {event.reason or 'no new items start'}"
                yield self.coordinator(text, event.time)
            case RunHeld():
                yield self.coordinator("items start again", event.time)
            case RunEnded():
                yield self.coordinator(f"{event.reason}: {counted(state)}", event.time)

    def _item_changed(self, event: ItemChanged, state: RunState) -> Iterator[str]:
        item = state.items.get(event.item)
        if item is None or event.attempt < self._attempts.get(event.item, 0):
            return
        self._attempts[event.item] = event.attempt
        before = self._states.get(event.item, State.QUEUED)
        self._states[event.item] = event.state
        if before is event.state:
            if event.elsewhere:
                yield self.coordinator(f"{event.item} waits: {one_line(event.reason)}", event.time)
            return
        change = f"{self._word(before)} -> {self._word(event.state)}"
        yield self.coordinator(
            f"{event.item} {change}{_details(event, item)}",
            event.time,
            _COLOURS.get(event.state, ""),
        )

    def _word(self, state: State) -> str:
        word = state.look.word
        return word.replace("…", "...") if self._ascii else word

    def progress(self, state: RunState, now: float) -> str:
        """The line about the progress of the run."""
        parts = [f"{state.counts[State.DONE]} of {len(state.items)} done"]
        parts += [f"{state.counts[s]} {_WORDS[s]}" for s in _WORDS if state.counts[s]]
        if at_work := sum(state.counts[s] for s in State if s.at_work):
            parts.append(f"{at_work} at work")
        if (seconds := state.seconds_left(now)) and state.unfinished():
            parts.append(f"ETA {eta(seconds)}")
        return self.coordinator(", ".join(parts), now)

    def elsewhere(self, state: RunState, now: float) -> str | None:
        """The line about a run whose items only other runs work on, otherwise ``None``."""
        waiting = [item for item in state.items.values() if item.elsewhere]
        if not waiting or any(item.state.at_work for item in state.items.values()):
            return None
        who = "1 item waits" if len(waiting) == 1 else f"{len(waiting)} items wait"
        reasons = sorted({one_line(item.reason) for item in waiting})
        return self.coordinator(f"{who}: {'; '.join(reasons)}", now)

    def waiting(self, state: RunState, now: float) -> str | None:
        """A line about the wait for quota if nothing else is happening, otherwise ``None``."""
        waiting = [item for item in state.items.values() if item.state is State.QUOTA]
        if not waiting or any(item.state.at_work for item in state.items.values()):
            return None
        times = [item.until for item in waiting if item.until is not None]
        when = f", at the earliest in {duration(max(0.0, min(times) - now))}" if times else ""
        when += "" if state.pool.auto_resume else "; automatic resume is off"
        who = "1 item waits" if len(waiting) == 1 else f"{len(waiting)} items wait"
        return self.coordinator(f"{who} for quota{when}", now)


_WORDS = {
    State.FAILED: "failed",
    State.LOST: "lost",
    State.CANCELLED: "cancelled",
    State.SKIPPED: "done by another run",
    State.PAUSED: "paused",
    State.QUOTA: "waiting for quota",
    State.ASKING: "waiting for an answer",
}


def counted(state: RunState) -> str:
    """The number of items in each state, in words."""
    parts = [f"{state.counts[s]} {s.value}" for s in State if state.counts[s]]
    return ", ".join(reversed(parts)) or "no items"


def eta(seconds: float) -> str:
    """An estimate, rounded to what it can claim to know: ``40s``, ``4m``, ``2h 05m``."""
    if seconds < 60:
        return f"{max(1, round(seconds))}s"
    if seconds < 3600:
        return f"{round(seconds / 60)}m"
    return duration(seconds)


def _details(event: ItemChanged, item: ItemState) -> str:
    """The reason or the result, the try and the time it took, where they are known."""
    what = event.reason
    if event.state is State.DONE and event.result is not None:
        what = event.result.summary or event.reason
    text = f"  {one_line(what)}" if what else ""
    if event.tries and event.state in (State.QUEUED, State.RETRYING):
        text += f"  (try {event.tries})"
    if event.state.terminal and item.started is not None:
        text += f" ({duration(item.active_seconds(event.time))})"
    return text


def _many(items: int) -> str:
    return "1 item" if items == 1 else f"{items} items"


def _ids(ids: list[str], limit: int = 12) -> str:
    more = f" and {len(ids) - limit} more" if len(ids) > limit else ""
    return ", ".join(ids[:limit]) + more
