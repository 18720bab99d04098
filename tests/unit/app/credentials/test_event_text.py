"""What of the pool is news: said once, in whole sentences."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from assemblyzero_tui.app.dashboard.notifications import Notifier
from assemblyzero_tui.app.headless.plain_lines import PlainLines
from assemblyzero_tui.runner.model.events import (
    AnyEvent,
    AutoResumeSet,
    CallEnded,
    CallQueued,
    CredentialChanged,
    CredentialStateName,
    EngineStarted,
    ItemChanged,
    PoolChanged,
    QuotaCounted,
    RunStarted,
)
from assemblyzero_tui.runner.model.pool_text import time_of_day
from assemblyzero_tui.runner.model.run_state import RunState, fold
from assemblyzero_tui.runner.model.states import State

PoolWord = Literal["open", "low", "throttled", "paused"]
UNTIL = 1_790_000_000.0
AT = time_of_day(UNTIL)


def pool(state: PoolWord, **more: Any) -> PoolChanged:
    return PoolChanged(state=state, **more)


def paused(until: float | None = UNTIL) -> PoolChanged:
    return pool("paused", until=until, reason="a rests")


def toasts(*events: AnyEvent, notifier: Notifier | None = None, now: float = 0.0) -> list[str]:
    said = (notifier or Notifier()).notifications(events, now)
    return [f"{one.title}|{one.text}" for one in said]


def lines(*events: AnyEvent) -> list[str]:
    written, state = [], RunState()
    state.apply(RunStarted(run="r", workflow="lld", repository="/x", provider="gemini", parallel=5))
    plain = PlainLines()
    for event in events:
        state.apply(event)
        written += list(plain.event(event, state))
    return [line.removeprefix("[COORDINATOR] ") for line in written]


def test_a_pause_is_reported_once_and_so_is_its_end() -> None:
    notifier = Notifier()
    assert toasts(paused(), notifier=notifier) == [
        f"No quota left|Until {AT}: a rests. The run resumes automatically."
    ]
    assert toasts(paused(UNTIL + 5), notifier=notifier) == []
    assert toasts(pool("open"), notifier=notifier) == ["Quota is available again|The run resumes."]
    assert toasts(pool("low", slots=2), notifier=notifier) == []


def test_a_pause_needs_attention_and_one_without_an_end_is_an_error() -> None:
    (known,) = Notifier().notifications([paused()], 0.0)
    (unknown,) = Notifier().notifications([paused(None)], 0.0)
    assert (known.attention, known.severity) == (True, "warning")
    assert (unknown.attention, unknown.severity) == (True, "error")
    assert unknown.title == "No usable credential"
    assert unknown.text == "A rests. Add, enable or reset a credential to continue."


def test_it_says_whether_the_run_resumes_automatically() -> None:
    notifier = Notifier()
    assert toasts(AutoResumeSet(on=True), notifier=notifier) == []
    assert toasts(AutoResumeSet(on=False), notifier=notifier) == [
        "|When quota is available again, the run waits for you."
    ]
    assert toasts(paused(), notifier=notifier)[0].endswith("The run waits for you then.")
    assert toasts(pool("open"), notifier=notifier) == [
        "Quota is available again|Press R to resume."
    ]


def test_an_unchanged_state_is_not_reported() -> None:
    notifier = Notifier()
    notifier.begin(fold([paused()]))
    assert toasts(paused(UNTIL + 90), notifier=notifier) == []
    assert toasts(pool("open"), notifier=notifier) == ["Quota is available again|The run resumes."]


def test_items_that_save_and_wait_are_counted_in_one_toast() -> None:
    notifier = Notifier()
    parked = [ItemChanged(item=f"LLD-{n}", state=State.QUOTA) for n in range(5)]
    assert toasts(*parked[:4], notifier=notifier, now=10.0) == []
    assert toasts(parked[4], notifier=notifier, now=11.0) == []
    assert toasts(notifier=notifier, now=12.5) == []
    assert toasts(notifier=notifier, now=13.0) == ["|5 items have saved and wait for quota."]
    assert toasts(notifier=notifier, now=30.0) == []


def test_figures_are_no_news() -> None:
    counted = QuotaCounted(quota="q", model="m", minute=1, day=1)
    assert toasts(counted) == lines(counted) == []


def test_lines_say_how_the_pool_stands() -> None:
    assert lines(
        pool("low", slots=2, reason="quota"),
        pool("low", slots=2, reason="quota"),
        paused(),
        paused(UNTIL + 5),
        paused(UNTIL + 600),
        pool("open"),
        pool("throttled", until=UNTIL, reason="several keys are refused at once"),
        pool("open"),
    ) == [
        "2 of 5 at work now: quota",
        f"no quota left until {AT}: a rests. The run resumes automatically.",
        f"no quota left until {time_of_day(UNTIL + 600)}: a rests. The run resumes automatically.",
        "quota is available again",
        "5 of 5 at work now",
        f"no calls until {time_of_day(UNTIL, seconds=True)}: several keys are refused at once",
    ]


def test_a_run_that_does_not_wait_says_that_it_ends() -> None:
    started = EngineStarted(pid=1, stops=True)
    assert lines(started, paused()) == [
        f"no quota left until {AT}: a rests. The run saves and stops."
    ]
    assert toasts(started, paused()) == [
        f"No quota left|Until {AT}: a rests. The run saves and stops."
    ]


def test_lines_without_a_time_say_what_helps() -> None:
    assert lines(AutoResumeSet(on=False), paused(None)) == [
        "when quota is available again, the run waits for you",
        "no usable credential: a rests. Add, enable or reset a credential to continue.",
    ]


def test_a_call_in_line_is_a_line_of_its_item() -> None:
    until = time_of_day(UNTIL, seconds=True)
    queued = CallQueued(item="LLD-1", model="m", why="a rests", until=UNTIL)
    assert lines(queued) == [f"[LLD-1] waiting for quota until {until}: a rests"]
    assert lines(CallQueued(item="LLD-1", model="m")) == ["[LLD-1] waiting for quota"]


def test_a_call_that_waits_for_its_model_gives_the_reason() -> None:
    at, why = time_of_day(UNTIL, seconds=True), "m is not answering (HTTP 503)"
    queued = CallQueued(item="LLD-1", model="m", why=why, until=UNTIL, for_model=True)
    assert lines(queued, queued) == [f"[LLD-1] {why}; retried at {at}"]
    other = CallQueued(item="LLD-2", model="m", why=why, until=UNTIL, for_model=True)
    ended = CallEnded(item="LLD-1", model="m", lease=1, outcome="ok")
    assert len(lines(queued, other, ended, queued)) == 3


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("cooling", "ready", ""),
        ("cooling", "probing", ""),
        ("exhausted", "probing", "credential a is probed with one call for m"),
        ("exhausted", "ready", "credential a is ready again for m"),
        ("ready", "cooling", "credential a is cooling down for m"),
    ],
)
def test_routine_changes_of_credentials_are_not_reported(
    before: CredentialStateName, after: CredentialStateName, said: str
) -> None:
    first, then = (
        CredentialChanged(credential="a", model="m", state=state) for state in (before, after)
    )
    assert lines(first, then)[len(lines(first)) :] == ([said] if said else [])


def test_disabling_and_enabling_a_credential_is_reported() -> None:
    off = CredentialChanged(credential="a", state="disabled", reason="by you")
    on = CredentialChanged(credential="a", state="ready")
    assert lines(off, on) == ["credential a is disabled: by you", "credential a is ready again"]
