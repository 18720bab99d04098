"""The state of one item of a run, and how it spent its time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from assemblyzero_tui.runner.model.events import ItemInfo, Result
from assemblyzero_tui.runner.model.states import AT_WORK, State


@dataclass(slots=True)
class Span:
    """A period that an item spent in one state, in seconds since the epoch."""

    state: State
    start: float
    end: float | None = None


@dataclass(slots=True)
class Call:
    """A call to a model that is under way."""

    lease: int
    model: str
    credential: str
    since: float
    timeout: float


@dataclass(frozen=True, slots=True)
class Waiting:
    """A call that waits for a credential or for its model."""

    model: str
    why: str
    since: float
    until: float | None
    """When it is expected to start."""
    for_model: bool = False
    """The model is not answering; the credentials are ready."""


@dataclass(slots=True)
class ItemState:
    """The current state of one item."""

    info: ItemInfo
    index: int
    """Place in the queue of the run, from 0."""
    state: State = State.QUEUED
    since: float = 0.0
    """When it entered its state."""
    until: float | None = None
    """When a waiting state is expected to end."""
    reason: str = ""
    attempt: int = 0
    tries: int = 0
    elsewhere: str = ""
    """The other run that works on it; empty if it does not wait for one."""
    node: str = ""
    """The current node, or the last one."""
    node_since: float = 0.0
    iteration: int = 0
    limit: int = 0
    note: str = ""
    call: Call | None = None
    waiting: Waiting | None = None
    """The call that its process is waiting to make."""
    waits: list[tuple[float, float]] = field(default_factory=list)
    """Start and end of each past call wait, in order and without overlap."""
    waited: float = 0.0
    """Total seconds of the past call waits."""
    calls: int = 0
    calls_skipped: int = 0
    calls_refused: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    started: float | None = None
    ended: float | None = None
    result: Result | None = None
    spans: list[Span] = field(default_factory=list)
    spent: defaultdict[State, float] = field(default_factory=lambda: defaultdict(float))
    """Seconds in each state that has ended; :meth:`seconds_in` adds the current one."""
    _user_wait_since: float | None = None
    """Since when it has been waiting for the user to resume it, although there is quota."""
    _user_waited: float = 0.0
    """Total seconds of such waits that have ended."""
    _work_since: float = 0.0
    """When its process started; no call wait begins earlier."""

    @property
    def id(self) -> str:
        """The item's id, such as ``LLD-42``."""
        return self.info.id

    def seconds_in(self, states: Iterable[State], now: float) -> float:
        """Seconds spent in any of these states until ``now``."""
        total = 0.0
        for state in states:
            total += self.spent[state]
            if state is self.state and not state.terminal:
                total += max(0.0, now - self.since)
        return total

    def call_wait_seconds(self, now: float) -> float:
        """Seconds for which its calls waited, with a process."""
        open_since = self.waiting.since if self.waiting is not None else now
        return self.waited + max(0.0, now - open_since)

    def process_seconds(self, now: float) -> float:
        """Seconds with a process, at work or waiting for a call."""
        return self.seconds_in(AT_WORK, now)

    def active_seconds(self, now: float) -> float:
        """Seconds with a process at work, not waiting for a call."""
        return max(0.0, self.process_seconds(now) - self.call_wait_seconds(now))

    def paused_seconds(self, now: float) -> float:
        """Seconds paused by the user, or waiting for the user when there was quota again."""
        return self.seconds_in((State.PAUSED,), now) + self._user_wait_seconds(now)

    def quota_seconds(self, now: float) -> float:
        """Seconds spent waiting for quota, with or without a process."""
        without = self.seconds_in((State.QUOTA,), now) - self._user_wait_seconds(now)
        return without + self.call_wait_seconds(now)

    def set_user_wait(self, time: float, *, waits: bool) -> None:
        """Sets whether it waits for the user from now on, although there is quota."""
        if waits and self._user_wait_since is None:
            self._user_wait_since = time
        elif not waits and self._user_wait_since is not None:
            self._user_waited += max(0.0, time - self._user_wait_since)
            self._user_wait_since = None

    def _user_wait_seconds(self, now: float) -> float:
        since = now if self._user_wait_since is None else self._user_wait_since
        return self._user_waited + max(0.0, now - since)

    def enter(self, state: State, time: float) -> None:
        """Sets its state from now on."""
        self.set_user_wait(time, waits=False)
        if not self.state.terminal:
            self.spent[self.state] += max(0.0, time - self.since)
        if self.spans:
            self.spans[-1].end = time
        self.spans.append(Span(state, time, time if state.terminal else None))
        if state not in AT_WORK:
            self.end_call_wait(time)
            self.call = None
        elif self.state not in AT_WORK:
            self._work_since = time
        self.state, self.since, self.until = state, time, None

    def end_call_wait(self, time: float, seconds: float | None = None) -> None:
        """Ends the wait of its call.

        Args:
            time: When the wait ended.
            seconds: How long it was; measured from its event if ``None``.
        """
        since = self.waiting.since if self.waiting is not None else time
        self.waiting = None
        floor = max(self._work_since, self.waits[-1][1] if self.waits else 0.0)
        start = max(since if seconds is None else time - seconds, floor)
        if start < time:
            self.waits.append((start, time))
            self.waited += time - start
