"""Runs for tests of the user interface: made of events, folded as always."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from assemblyzero_tui.runner.base.paths import RunFolder
from assemblyzero_tui.runner.model.events import (
    AnyEvent,
    CallEnded,
    CallQueued,
    CallSkipped,
    CallStarted,
    CredentialChanged,
    CredentialStateName,
    EngineStarted,
    ItemChanged,
    ItemInfo,
    ItemsQueued,
    NodeStarted,
    Notice,
    PoolChanged,
    Result,
    RunEnded,
    RunStarted,
)
from assemblyzero_tui.runner.model.states import State

START = 1_790_000_000.0
"""2026-09-21 14:13:20 UTC."""
NODES = ["N0_fetch_issue", "N1_design", "N2_human_edit", "N3_review", "N4_finalize"]
RUN = "20260921-141320-lld"


def change(item: str, state: State, at: float, **more: Any) -> ItemChanged:
    """An item enters a state ``at`` seconds after the start of the run."""
    return ItemChanged(
        item=item, attempt=more.pop("attempt", 1), state=state, time=START + at, **more
    )


def started(*items: ItemInfo) -> list[AnyEvent]:
    """The first events of a run with these items."""
    return [
        RunStarted(
            time=START,
            run=RUN,
            workflow="lld",
            repository="/srv/shop",
            provider="offline",
            parallel=2,
            nodes=NODES,
            host="build-1",
            versions={"python": "3.11.7", "textual": "8.2.8"},
        ),
        EngineStarted(time=START, pid=7),
        ItemsQueued(time=START, items=list(items)),
    ]


def numbered(number: int, title: str) -> ItemInfo:
    """The item of an issue."""
    return ItemInfo(id=f"LLD-{number}", key=str(number), title=title)


def worked(item: str, begin: float, end: float, reviews: int = 1) -> list[AnyEvent]:
    """An item works from one time to another and succeeds; seconds after the start."""
    middle = (begin + end) / 2
    return [
        change(item, State.STARTING, begin),
        change(item, State.RUNNING, begin + 1),
        NodeStarted(item=item, attempt=1, node="N1_design", time=START + begin + 1),
        CallStarted(item=item, attempt=1, lease=1, model="offline", time=START + begin + 1),
        CallEnded(
            item=item,
            attempt=1,
            lease=1,
            outcome="ok",
            input_tokens=1200,
            output_tokens=3400,
            time=START + middle,
        ),
        NodeStarted(item=item, attempt=1, node="N4_finalize", time=START + end - 1),
        change(
            item,
            State.DONE,
            end,
            result=Result(
                summary=f"approved after {reviews} review{'s' * (reviews != 1)}",
                reviews=reviews,
                output=f"docs/lld/active/{item}.md",
            ),
        ),
    ]


def mixed_run() -> list[AnyEvent]:
    """A run that ended: one done, one done after a pause, one failed, one cancelled."""
    events = started(
        numbered(42, "Log in with a passkey"),
        numbered(57, "Search | by tag"),
        numbered(63, "Export <b>everything</b> as CSV"),
        numbered(71, "Rate limits for the API"),
    )
    events += worked("LLD-42", 1, 81, reviews=2)
    events += [
        change("LLD-57", State.STARTING, 1),
        change("LLD-57", State.RUNNING, 2),
        NodeStarted(item="LLD-57", attempt=1, node="N3_review", time=START + 3),
        change("LLD-57", State.PAUSING, 30),
        change("LLD-57", State.PAUSED, 32),
        change("LLD-57", State.QUEUED, 62),
        CallSkipped(item="LLD-57", attempt=1, time=START + 63),
        *worked("LLD-57", 62, 102),
        change("LLD-63", State.STARTING, 82),
        change("LLD-63", State.RUNNING, 83),
        NodeStarted(item="LLD-63", attempt=1, node="N3_review", time=START + 84),
        CallStarted(item="LLD-63", attempt=1, lease=9, model="offline", time=START + 85),
        CallEnded(item="LLD-63", attempt=1, lease=9, outcome="timeout", time=START + 95),
        change("LLD-63", State.FAILED, 110, reason="The review is no JSON, twice.", tries=1),
        change("LLD-71", State.CANCELLED, 111, reason="cancelled by you", attempt=0),
        Notice(time=START + 95, level="warning", item="LLD-63", text="One call timed out."),
        Notice(time=START + 96, text="Not shown: only information."),
    ]
    events.sort(key=lambda event: event.time)
    events.append(RunEnded(time=START + 120, exit_code=1))
    return events


def logs_of_mixed_run(folder: RunFolder) -> None:
    """Writes the logs that belong to :func:`mixed_run`."""
    folder.logs.mkdir(parents=True, exist_ok=True)
    lines = [f"line {number}" for number in range(1, 25)]
    lines += ["\x1b[31m>>> Executing: N3_review\x1b[0m", "```", "# not a heading", "no JSON\x07"]
    folder.log("LLD-63").write_text("\n".join(lines) + "\n")


def example_folder(path: Path) -> RunFolder:
    """A run's folder with the logs of :func:`mixed_run`."""
    folder = RunFolder(path / RUN)
    logs_of_mixed_run(folder)
    return folder


def run_with_keys() -> list[AnyEvent]:
    """A run that waited for quota: queued, without a process, and with one credential exhausted."""

    def key(name: str, state: CredentialStateName, at: float, **more: Any) -> CredentialChanged:
        return CredentialChanged(
            credential=name, state=state, time=START + at, fingerprint=f"0000000{name}", **more
        )

    def called(name: str, at: float, outcome: str = "ok") -> CallEnded:
        return CallEnded(
            item="LLD-42", attempt=1 + (at > 160), lease=1, outcome=outcome, credential=name,
            input_tokens=100, output_tokens=50, time=START + at,
        )  # fmt: skip

    return [
        *started(numbered(42, "Log in with a passkey")),
        key("a", "ready", 0, project="shop"),
        key("b", "ready", 0),
        change("LLD-42", State.STARTING, 0),
        change("LLD-42", State.RUNNING, 0),
        called("a", 10),
        called("b", 12, "day"),
        key("b", "exhausted", 12, model="m", until=START + 5000, reason="daily quota exhausted"),
        CallQueued(item="LLD-42", attempt=1, model="m", time=START + 20),
        CallStarted(
            item="LLD-42", attempt=1, lease=2, model="m", credential="a", waited=30,
            time=START + 50,
        ),
        called("a", 60, "minute"),
        key("a", "cooling", 60, model="m", until=START + 160, reason="minute quota exhausted"),
        PoolChanged(
            state="paused", until=START + 160, reason="a is cooling down, b is exhausted",
            time=START + 60,
        ),
        change("LLD-42", State.QUOTA, 61, reason="no quota left"),
        key("a", "probing", 160, model="m"),
        PoolChanged(state="open", time=START + 160),
        change("LLD-42", State.QUEUED, 160),
        change("LLD-42", State.STARTING, 161, attempt=2),
        called("a", 180),
        key("a", "ready", 180, model="m"),
        change("LLD-42", State.DONE, 181, attempt=2),
        RunEnded(time=START + 181, exit_code=0),
    ]  # fmt: skip
