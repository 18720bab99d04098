"""Runs with keys: some that can be used, some that rest, and pools that are empty."""

from __future__ import annotations

from typing import Any

from assemblyzero_tui.runner.model.events import (
    AnyEvent,
    CallEnded,
    CredentialChanged,
    CredentialStateName,
    PoolChanged,
    QuotaCounted,
)
from assemblyzero_tui.runner.model.states import State
from tests.ui.example_runs import MODEL, START, TITLES, Story

KEYS = ("amber", "birch", "cedar", "dune", "ember")
"""Names of the keys."""
PROJECTS = {"amber": "storefront", "birch": "storefront", "cedar": "lab", "dune": "lab"}


def fingerprint(name: str) -> str:
    """What a key of this name shows of itself."""
    return name.encode().hex()[:8]


def key(name: str, state: CredentialStateName, time: float, **more: Any) -> CredentialChanged:
    """A key enters a state."""
    project = PROJECTS.get(name, "")
    quota = f"project {project}" if project else f"key {name}"
    return CredentialChanged(
        credential=name, state=state, time=time, project=project, quota=quota,
        fingerprint=fingerprint(name), **more,
    )  # fmt: skip


def used(
    quota: str, time: float, minute: int, day: int, per_day: int | None = 250, **more: Any
) -> QuotaCounted:
    """What is used of a quota."""
    return QuotaCounted(
        quota=quota, model=MODEL, minute=minute, per_minute=10, day=day, per_day=per_day,
        time=time, **more,
    )  # fmt: skip


def opened(names: tuple[str, ...] = KEYS) -> list[AnyEvent]:
    """The engine says which keys there are."""
    return [key(name, "ready", START) for name in names]


def refusals(now: float) -> list[AnyEvent]:
    """Some calls that a quota refused on the way."""
    moments = ((0.35, "birch", 2), (0.6, "cedar", 1), (0.8, "birch", 3), (0.95, "dune", 2))
    return [
        CallEnded(
            item="LLD-42", attempt=1, lease=1_000_000 + n, outcome="minute", credential=name,
            model=MODEL, time=START + share * (now - START) + n,
        )
        for share, name, number in moments
        for n in range(number)
    ]  # fmt: skip


def in_trouble(now: float) -> list[AnyEvent]:
    """Two credentials are ready, one cools down, one is exhausted for the day, one is invalid."""
    return [
        *opened(),
        *refusals(now),
        key("cedar", "exhausted", START + 40, model=MODEL, until=now + 19_800, count=1,
            reason="daily quota exhausted"),
        key("ember", "invalid", START + 60, reason="API key not valid"),
        key("dune", "cooling", now - 20, model=MODEL, until=now + 37, count=2,
            reason="minute quota exhausted"),
        used("project storefront", now - 5, 7, 113),
        used("project lab", now - 20, 10, 250, learned=True),
        PoolChanged(state="low", slots=3, reason="quota", time=now - 20),
    ]  # fmt: skip


def all_rest(now: float, *, left: float | None = 252.0) -> list[AnyEvent]:
    """Nobody can call: all are parked until then, or nobody knows until when."""
    events = [*opened(), *refusals(now), used("project storefront", now - 40, 10, 241)]
    if left is None:
        events += [key(name, "invalid", now - 9, reason="API key not valid") for name in KEYS]
        reason = "every key is refused (API key not valid)"
    else:
        events += [
            key(name, "cooling", now - 9, model=MODEL, until=now + left, count=3,
                reason="minute quota exhausted")
            for name in KEYS[:3]
        ]  # fmt: skip
        events += [
            key(name, "exhausted", START + 50, model=MODEL, until=now + 19_800, count=1,
                reason="daily quota exhausted")
            for name in KEYS[3:]
        ]  # fmt: skip
        reason = "amber is cooling down until 14:26, cedar is exhausted until 19:52"
    until = None if left is None else now + left
    return [*events, PoolChanged(state="paused", until=until, reason=reason, time=now - 8)]


def waiting_stories(n: int) -> list[Story]:
    """Items of which every third waits in line for a key."""
    why = "dune rests until 14:24:57, amber has had its 10 calls of this minute"
    return [
        Story(
            key=str(42 + i), title=TITLES[i % len(TITLES)], ends=State.RUNNING, begins=9.0 * i,
            rejections=i % 3, waits=0.0 if i % 3 else 37.0 + i, reason="" if i % 3 else why,
        )
        for i in range(n)
    ]  # fmt: skip


def parked_stories(n: int) -> list[Story]:
    """Items that have saved and wait for keys, among others that are done or queued."""
    ends = [State.QUOTA, State.QUOTA, State.DONE, State.QUOTA, State.QUEUED, State.QUEUED]
    return [
        Story(
            key=str(42 + i), title=TITLES[i % len(TITLES)], ends=ends[i % len(ends)],
            begins=9.0 * i, rejections=i % 3, reason="no quota left" if i % 6 in (0, 1, 3) else "",
        )
        for i in range(n)
    ]  # fmt: skip
