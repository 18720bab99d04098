"""Decides which events are notified, and composes the terminal's title."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence

from assemblyzero_tui.app.credentials.event_text import Notification, PoolNotifications, Severity
from assemblyzero_tui.runner.base.text import one_line
from assemblyzero_tui.runner.model.events import AnyEvent, ItemChanged, Notice, RunBlocked, RunEnded
from assemblyzero_tui.runner.model.run_state import RunState
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.widgets.format import count

WINDOW = 15.0
"""Seconds in which more items than the limits below are a burst, counted in one notification."""
SINGLES = 3
"""Items done within the window that are notified one by one."""
ALARMS = 5
"""Items that need attention within the window and are notified one by one."""
PERIOD = 10.0
"""Least seconds between two notifications with counts, so that little of the screen is covered."""
BRIEFLY = 3.0
"""Seconds for which a notification is shown that nobody has to act on."""
_NOTIFIED = (State.ASKING, State.FAILED, State.LOST, State.DONE)
_ENDINGS = {
    State.DONE: "done",
    State.FAILED: "failed",
    State.LOST: "lost",
    State.ASKING: "waits for an answer",
}


class Notifier:
    """Decides which events are notified; times are of a monotonic clock."""

    def __init__(self) -> None:
        self._recent: dict[State, deque[float]] = {s: deque(maxlen=ALARMS + 1) for s in _NOTIFIED}
        """When items last entered each state, whether notified one by one or not."""
        self._held_back: Counter[State] = Counter()
        self._pool = PoolNotifications()
        self._counted_at = float("-inf")

    def begin(self, run: RunState) -> None:
        """Starts from the present state, which is not notified."""
        self._pool.begin(run.pool)

    def notifications(self, events: Sequence[AnyEvent], now: float) -> list[Notification]:
        """The notifications for these events and those held back, what needs attention first."""
        result: list[Notification] = []
        for state in _NOTIFIED:
            changes = [e for e in events if isinstance(e, ItemChanged) and e.state is state]
            result += self._singles(state, changes, now)
        if any(isinstance(event, RunEnded) for event in events):
            self._held_back.clear()  # the summary shows them
        if self._held_back and now - self._counted_at >= PERIOD:
            self._counted_at = now
            result += [
                _counted(state, self._held_back[state])
                for state in _NOTIFIED
                if self._held_back[state]
            ]
            self._held_back.clear()
        result += self._pool.notifications(events, now)
        for event in events:
            if isinstance(event, Notice) and event.level != "info":
                level: Severity = "error" if event.level == "error" else "warning"
                result.append(Notification(event.item, one_line(event.text), level))
            if isinstance(event, RunBlocked) and event.what:
                text = f"{event.words}. {event.hint}" if event.words else event.hint
                result.append(Notification(event.what, text, "error", attention=True))
        return sorted(result, key=lambda notification: not notification.attention)

    def _singles(
        self, state: State, changes: Sequence[ItemChanged], now: float
    ) -> list[Notification]:
        """The notifications of items one by one; the other items are held back."""
        recent = self._recent[state]
        while recent and now - recent[0] >= WINDOW:
            recent.popleft()
        room = (ALARMS if state.wants_attention else SINGLES) - len(recent)
        if not state.wants_attention and (len(changes) > room or self._held_back[state]):
            room = 0
        single = changes[: max(0, room)]
        if more := len(changes) - len(single):
            if recent and not self._held_back:
                self._counted_at = max(self._counted_at, recent[-1])
            self._held_back[state] += more
        recent.extend([now] * len(changes))
        return [_change(change) for change in single]


def _counted(state: State, number: int) -> Notification:
    attention = state.wants_attention
    more = " more" if attention else ""
    what = f"{count(number)}{more} item{'' if number == 1 else 's'}"
    word = "wait for an answer" if state is State.ASKING and number > 1 else _ENDINGS[state]
    return Notification(
        "",
        f"{what} {word}",
        "error" if attention else "information",
        attention,
        None if attention else BRIEFLY,
    )


def _change(change: ItemChanged) -> Notification:
    summary = change.result.summary if change.result is not None else ""
    title = f"{change.item} {_ENDINGS[change.state]}"
    attention = change.state.wants_attention
    return Notification(
        title,
        one_line(summary or change.reason),
        "error" if attention else "information",
        attention,
        None if attention else BRIEFLY,
    )


def terminal_title(run: RunState, unseen: int) -> str:
    """The title of the terminal's window: unseen notifications, progress and workflow."""
    n = len(run.items)
    done = sum(number for state, number in run.counts.items() if state.terminal)
    mark = f"(!{unseen}) " if unseen else ""
    return one_line(f"{mark}{done}/{n} {run.workflow} - AssemblyZero")
