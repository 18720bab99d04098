"""What is worth a toast, the bell or a word in the terminal's title."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from assemblyzero_tui.app.credentials.event_text import PoolNotifications
from assemblyzero_tui.runner.base.text import one_line
from assemblyzero_tui.runner.model.events import AnyEvent, ItemChanged, Notice, RunEnded
from assemblyzero_tui.runner.model.run_state import RunState
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.widgets.format import count

WINDOW = 15.0
"""Seconds in which so many endings are a burst, and are counted in one toast."""
SINGLES = 3
"""Items done in a window that are told one by one."""
ALARMS = 5
"""Items in a window that need attention and are told one by one."""
PERIOD = 10.0
"""Seconds between two toasts that count, at least: most of the time nothing is covered."""
BRIEFLY = 3.0
"""Seconds that a toast stays which nobody has to act on."""
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
    timeout: float | None = None
    """Seconds that it stays; ``None`` leaves that to the screen."""


class Herald:
    """Decides what is worth a toast. Time is that of a clock that never goes back."""

    def __init__(self) -> None:
        self._recent: dict[State, deque[float]] = {s: deque(maxlen=ALARMS + 1) for s in _TOLD}
        """When the newest items came to it, told one by one or not."""
        self._untold: Counter[State] = Counter()
        self._pool = PoolNotifications()
        self._counted_at = float("-inf")

    def begin(self, run: RunState) -> None:
        """What was so before is not told."""
        self._pool.begin(run.pool)

    def announce(self, events: Sequence[AnyEvent], now: float) -> list[Announcement]:
        """The toasts for these events and for what was held back, what needs attention first."""
        found: list[Announcement] = []
        for state in _TOLD:
            changes = [e for e in events if isinstance(e, ItemChanged) and e.state is state]
            found += self._singles(state, changes, now)
        if any(isinstance(event, RunEnded) for event in events):
            self._untold.clear()  # the summary tells all of it
        if self._untold and now - self._counted_at >= PERIOD:
            self._counted_at = now
            found += [
                _counted(state, self._untold[state]) for state in _TOLD if self._untold[state]
            ]
            self._untold.clear()
        found += [
            Announcement(told.title, told.text, told.severity, told.attention)
            for told in self._pool.notifications(events, now)
        ]
        for event in events:
            if isinstance(event, Notice) and event.level != "info":
                level: Severity = "error" if event.level == "error" else "warning"
                found.append(Announcement(event.item, one_line(event.text), level))
        return sorted(found, key=lambda said: not said.attention)

    def _singles(
        self, state: State, changes: Sequence[ItemChanged], now: float
    ) -> list[Announcement]:
        """Those that are told one by one; the others are noted."""
        recent = self._recent[state]
        while recent and now - recent[0] >= WINDOW:
            recent.popleft()
        room = (ALARMS if state.wants_attention else SINGLES) - len(recent)
        if not state.wants_attention and (len(changes) > room or self._untold[state]):
            room = 0
        single = changes[: max(0, room)]
        if more := len(changes) - len(single):
            if recent and not self._untold:
                self._counted_at = max(self._counted_at, recent[-1])
            self._untold[state] += more
        recent.extend([now] * len(changes))
        return [_change(change) for change in single]


def _counted(state: State, number: int) -> Announcement:
    attention = state.wants_attention
    more = " more" if attention else ""
    what = f"{count(number)}{more} item{'' if number == 1 else 's'}"
    word = "wait for an answer" if state is State.ASKING and number > 1 else _ENDINGS[state]
    return Announcement(
        "",
        f"{what} {word}",
        "error" if attention else "information",
        attention,
        None if attention else BRIEFLY,
    )


def _change(change: ItemChanged) -> Announcement:
    said = change.result.summary if change.result is not None else ""
    title = f"{change.item} {_ENDINGS[change.state]}"
    attention = change.state.wants_attention
    return Announcement(
        title,
        one_line(said or change.reason),
        "error" if attention else "information",
        attention,
        None if attention else BRIEFLY,
    )


def terminal_title(run: RunState, unseen: int) -> str:
    """The title of the terminal's window: what needs a human, how far, of what."""
    n = len(run.items)
    done = sum(number for state, number in run.counts.items() if state.terminal)
    mark = f"(!{unseen}) " if unseen else ""
    return one_line(f"{mark}{done}/{n} {run.workflow} - AssemblyZero")
