"""The state of a run, computed from its events alone (a fold).

The dashboard and the printers show a :class:`RunState`. It is the same whether the events come
from a running engine, from the journal of a finished run, or from a replay.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from math import fsum
from typing import Any

from assemblyzero_tui.runner.base.steady_clock import SteadyClock
from assemblyzero_tui.runner.model.events import (
    ABANDONED,
    AnyEvent,
    AutoResumeSet,
    CallEnded,
    CallQueued,
    CallSkipped,
    CallStarted,
    CredentialChanged,
    EngineStarted,
    ItemChanged,
    ItemsQueued,
    NodeEnded,
    NodeStarted,
    Notice,
    PoolChanged,
    Progressed,
    QuotaCounted,
    RunBlocked,
    RunEnded,
    RunHeld,
    RunStarted,
)
from assemblyzero_tui.runner.model.item_state import Call, ItemState, Span, Waiting
from assemblyzero_tui.runner.model.pool_state import PoolEvent, PoolState
from assemblyzero_tui.runner.model.states import State

__all__ = ["ItemState", "RunState", "Span", "fold"]

NOTICE_LIMIT = 500
"""Notices kept in memory; the journal contains all of them."""


@dataclass(slots=True)
class RunState:
    """The current state of a run."""

    run: str = ""
    workflow: str = ""
    repository: str = ""
    provider: str = ""
    parallel: int = 1
    nodes: list[str] = field(default_factory=list)
    host: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    demo: bool = False
    tracker: str = ""
    """``host/owner/name`` of the repository that the issues belong to; empty without a tracker."""
    started: float | None = None
    ended: float | None = None
    exit_code: int | None = None
    end_reason: str = ""
    held: bool = False
    held_reason: str = ""
    blocked: RunBlocked | None = None
    """Why no item can continue."""
    engine_pid: int = 0
    items: dict[str, ItemState] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    pool: PoolState = field(default_factory=PoolState)
    items_waiting: set[str] = field(default_factory=set)
    """Ids of the items whose call waits for a credential or a model."""
    calls_ended: Counter[str] = field(default_factory=Counter)
    """How many calls had each outcome."""
    counts: Counter[State] = field(default_factory=Counter)
    """How many items are in each state."""
    time: float = 0.0
    """Of the newest event, by :attr:`clock`, as all times here."""
    seq: int = 0
    """Of the newest event."""
    missing: int = 0
    """Events that the journal should contain and does not."""
    unserved: float = 0.0
    """Seconds between the end of one engine, or its last event, and the start of the next."""
    clock: SteadyClock = field(default_factory=SteadyClock)
    """Keeps running when the machine's clock is set back, so that durations stay correct."""

    def apply(self, event: AnyEvent) -> None:
        """Applies an event. Events of older attempts of an item are dropped."""
        if event.seq:
            if event.seq <= self.seq:
                return
            self.missing += event.seq - self.seq - 1
            self.seq = event.seq
        last, self.time = self.time, self.clock.take(event.time)
        if isinstance(event, EngineStarted):
            self._engine_started(event, last)
        if event.item:
            item = self.items.get(event.item)
            if item is None or (event.attempt and event.attempt < item.attempt):
                return
            if event.attempt > item.attempt:
                item.attempt = event.attempt
            if (item_handler := _ITEM_HANDLERS.get(type(event))) is not None:
                item_handler(self, item, event)
        if (handler := _RUN_HANDLERS.get(type(event))) is not None:
            handler(self, event)
        if self.pool.auto_resume_was_off:
            self._update_user_waits(event)

    def _update_user_waits(self, event: AnyEvent) -> None:
        """Measures how long items wait for the user instead of for quota."""
        items: Iterable[ItemState] = ()
        if isinstance(event, (PoolChanged, AutoResumeSet, EngineStarted)):
            items = self.items.values()
        elif isinstance(event, ItemChanged):
            items = (self.items[event.item],)
        waits = not self.pool.auto_resume and not self.pool.paused
        for item in items:
            item.set_user_wait(self.time, waits=waits and item.state is State.QUOTA)

    @property
    def live(self) -> bool:
        """Whether an engine was serving the run at the newest event."""
        return self.started is not None and self.ended is None

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do without a retry."""
        return bool(self.items) and all(item.state.terminal for item in self.items.values())

    def wall_seconds(self, now: float) -> float:
        """Seconds with an engine from the start until the end, or until ``now``."""
        end = self.ended if self.ended is not None else now
        begin = self.started if self.started is not None else end
        return max(0.0, end - begin - self.unserved)

    def unfinished(self) -> list[ItemState]:
        """The items with which a resumed run continues, in order."""
        return [item for item in self.items.values() if not item.state.terminal]

    def position(self, item: ItemState) -> int:
        """The number of the item's node in the graph, from 1; 0 if it has not reached one."""
        return self.nodes.index(item.node) + 1 if item.node in self.nodes else 0

    def done_fraction(self) -> float:
        """The share of the run that is done, 0 to 1: ended items count fully, others by node."""
        if not self.items:
            return 0.0
        steps = max(1, len(self.nodes))
        done = fsum(  # rounded alike by every Python
            1.0 if item.state.terminal else max(0, self.position(item) - 1) / steps
            for item in self.items.values()
        )
        return done / len(self.items)

    def seconds_left(self, now: float) -> float | None:
        """Estimated seconds until the last item has ended; ``None`` while unknown.

        Every remaining item is expected to take the mean process time of the finished ones, less
        the time that it has been at work; the workers share the sum. While no quota is left, the
        wait for it is added.
        """
        finished = [i.process_seconds(now) for i in self.items.values() if i.state is State.DONE]
        remaining = self.unfinished()
        pool = self.pool
        blocked = pool.paused and (pool.until is None or not pool.auto_resume)
        if not finished or not remaining or blocked:
            return None if remaining else 0.0
        mean = sum(finished) / len(finished)
        seconds = [max(mean * 0.1, mean - item.process_seconds(now)) for item in remaining]
        pause = max(0.0, (pool.until or now) - now) if pool.paused else 0.0
        return pause + max(sum(seconds) / min(self.at_once, len(seconds)), min(seconds))

    @property
    def at_once(self) -> int:
        """How many items can be at work at once, as far as the quotas allow."""
        return min(self.parallel, self.pool.slots or self.parallel)

    @property
    def calls_refused(self) -> int:
        """Calls that ended without an answer, without the abandoned ones."""
        return sum(n for outcome, n in self.calls_ended.items() if outcome != "ok") - (
            self.calls_abandoned
        )

    @property
    def calls_abandoned(self) -> int:
        """Calls that were abandoned before the answer, for example by a stop."""
        return sum(self.calls_ended[outcome] for outcome in ABANDONED)

    def calls_in_flight(self) -> int:
        """Leases that have not been returned."""
        return sum(1 for item in self.items.values() if item.call is not None)

    def _started(self, event: RunStarted) -> None:
        for name in (
            "run", "workflow", "repository", "provider", "parallel", "nodes", "host", "versions",
            "demo", "tracker",
        ):  # fmt: skip
            setattr(self, name, getattr(event, name))
        self.started = self.time

    def _queued(self, event: ItemsQueued) -> None:
        for info in event.items:
            if info.id not in self.items:
                item = ItemState(info, len(self.items), since=self.time)
                item.spans.append(Span(State.QUEUED, self.time))
                self.items[info.id] = item
                self.counts[State.QUEUED] += 1

    def _engine_started(self, event: EngineStarted, last: float) -> None:
        self.engine_pid = event.pid
        self.parallel = event.parallel or self.parallel
        if event.resumed:
            self.unserved += max(0.0, self.time - last)
        self.ended = self.exit_code = None
        self.end_reason = ""
        self.held, self.held_reason, self.blocked = False, "", None
        self.pool.engine_started(last, stops=event.stops)
        for item in self.items.values():
            if not item.state.terminal and item.state is not State.QUEUED:
                self._enter(item, State.QUEUED, last)
                item.since = item.spans[-1].start = self.time
                item.reason = "continued"
            if item.elsewhere:
                item.elsewhere = item.reason = ""

    def _held(self, event: RunHeld) -> None:
        self.held, self.held_reason = event.held, event.reason

    def _blocked(self, event: RunBlocked) -> None:
        self.blocked = event if event.what else None

    def _ended(self, event: RunEnded) -> None:
        self.ended, self.exit_code, self.end_reason = self.time, event.exit_code, event.reason
        self.pool.engine_ended(self.time)

    def _notice(self, event: Notice) -> None:
        self.notices.append(event)
        del self.notices[:-NOTICE_LIMIT]

    def _pool_event(self, event: PoolEvent) -> None:
        self.pool.apply(event, self.time, self.clock.set_back)
        if isinstance(event, PoolChanged) and self.pool.paused:
            for item in self.items.values():
                if item.state is State.QUOTA:
                    item.until = self.pool.until

    def _enter(self, item: ItemState, state: State, time: float) -> None:
        self.counts[item.state] -= 1
        self.counts[state] += 1
        item.enter(state, time)
        if item.waiting is None:
            self.items_waiting.discard(item.id)

    def _item_changed(self, item: ItemState, event: ItemChanged) -> None:
        if event.state is not item.state:
            self._enter(item, event.state, self.time)
        item.reason, item.until, item.elsewhere = event.reason, None, event.elsewhere
        if event.until is not None:
            item.until = event.until + self.clock.set_back
        if event.state is State.QUOTA and self.pool.paused:
            item.until = self.pool.until
        item.tries = max(item.tries, event.tries)
        if event.result is not None:
            item.result = event.result
        if event.state is State.STARTING and item.started is None:
            item.started = self.time
        item.ended = self.time if event.state.terminal else None

    def _node_started(self, item: ItemState, event: NodeStarted) -> None:
        item.node, item.node_since = event.node, self.time

    def _node_ended(self, item: ItemState, event: NodeEnded) -> None:
        if event.error:
            item.note = event.error

    def _progressed(self, item: ItemState, event: Progressed) -> None:
        item.iteration, item.limit, item.note = event.iteration, event.limit, event.note

    def _call_queued(self, item: ItemState, event: CallQueued) -> None:
        since = item.waiting.since if item.waiting is not None else self.time
        until = None if event.until is None else event.until + self.clock.set_back
        item.waiting = Waiting(event.model, event.why, since, until, event.for_model)
        self.items_waiting.add(item.id)

    def _call_started(self, item: ItemState, event: CallStarted) -> None:
        item.end_call_wait(self.time, event.waited or None)
        self.items_waiting.discard(item.id)
        item.calls += 1
        item.call = Call(event.lease, event.model, event.credential, self.time, event.timeout)

    def _call_ended(self, item: ItemState, event: CallEnded) -> None:
        self.calls_ended[event.outcome] += 1
        refused = event.outcome != "ok" and event.outcome not in ABANDONED
        item.calls_refused += refused
        self.pool.call_ended(event, self.time)
        item.input_tokens += event.input_tokens
        item.output_tokens += event.output_tokens
        if item.call is not None and item.call.lease == event.lease:
            item.call = None

    def _call_skipped(self, item: ItemState, event: CallSkipped) -> None:
        item.calls_skipped += 1


def fold(events: Iterable[AnyEvent]) -> RunState:
    """Returns the state after these events."""
    state = RunState()
    for event in events:
        state.apply(event)
    return state


_ITEM_HANDLERS: dict[type, Callable[[RunState, ItemState, Any], None]] = {
    ItemChanged: RunState._item_changed,
    NodeStarted: RunState._node_started,
    NodeEnded: RunState._node_ended,
    Progressed: RunState._progressed,
    CallQueued: RunState._call_queued,
    CallStarted: RunState._call_started,
    CallEnded: RunState._call_ended,
    CallSkipped: RunState._call_skipped,
}
_RUN_HANDLERS: dict[type, Callable[[RunState, Any], None]] = {
    RunStarted: RunState._started,
    ItemsQueued: RunState._queued,
    RunHeld: RunState._held,
    RunBlocked: RunState._blocked,
    RunEnded: RunState._ended,
    Notice: RunState._notice,
    CredentialChanged: RunState._pool_event,
    QuotaCounted: RunState._pool_event,
    PoolChanged: RunState._pool_event,
    AutoResumeSet: RunState._pool_event,
}
