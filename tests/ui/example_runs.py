"""Runs that never happened, with journals and logs as real ones leave them.

Everything is the same on every machine and in every year: times count from :data:`START`, and
chance is seeded. A run is told as one :class:`Story` for each item; :func:`build` writes it.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from assemblyzero_tui.runner.base.exit_codes import ExitCode
from assemblyzero_tui.runner.base.paths import RunFolder
from assemblyzero_tui.runner.logs.store import LogWriter, index_path
from assemblyzero_tui.runner.model.events import (
    AnyEvent,
    CallEnded,
    CallQueued,
    CallStarted,
    EndReason,
    EngineStarted,
    ItemChanged,
    ItemInfo,
    ItemsQueued,
    NodeEnded,
    NodeStarted,
    Progressed,
    Result,
    RunEnded,
    RunHeld,
    RunStarted,
)
from assemblyzero_tui.runner.model.run_spec import RunSpec
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.runs.journal import JournalWriter

START = 1_790_000_400.0
"""Every run begins then: Monday, 21 September 2026, 14:20 UTC."""
NODES = ["N0_fetch_issue", "N1_design", "N2_human_edit", "N3_review", "N4_finalize"]
MODEL = "offline-1"

TITLES = [
    "Retry uploads after a lost connection",
    "Show the remaining quota before a batch starts",
    "Keep the draft when the reviewer rejects it",
    "Search stops at the first page of results",
    "Import calendars with recurring events",
    "Rotate log files by size, not by day",
    "Export invoices as PDF with embedded fonts",
    "Two people edit one document at once",
    "Session tokens survive a password change",
    "Dark theme for the settings pages",
    "Rate limit per tenant instead of per address",
    "Undo for bulk deletes in the asset library",
    "Cache thumbnails on the edge",
    "Sort order is lost after a reload",
    "Attachments larger than 2 GiB fail silently",
    "Accessible names for the icon buttons",
    "Migrate the audit trail to append-only storage",
    "Webhook deliveries must be idempotent",
    "Explain why a payment was declined",
    "Offline mode for the field inspection app",
]
SECTIONS = [
    "Context and goal", "Requirements", "Alternatives considered", "Data and interfaces",
    "Design", "Failure modes", "Security and privacy", "Verification", "Rollout",
]  # fmt: skip
OBJECTIONS = [
    "the retry budget is not bounded, see section 5",
    "no test covers two writers at once",
    "the migration cannot be rolled back",
    "section 6 does not say what happens on a full disk",
]


@dataclass(frozen=True)
class Story:
    """What happens to one item."""

    key: str
    title: str
    ends: State = State.DONE
    """Where it is when the story is over; states of work stay there."""
    begins: float = 0.0
    """Seconds after the start of the run; without meaning for ``QUEUED`` and ``SKIPPED``."""
    rejections: int = 0
    """Drafts the reviewer sends back."""
    pace: float = 1.0
    """How slow everything is."""
    prefix: str = "LLD"
    reason: str = ""
    pauses: tuple[tuple[float, float], ...] = ()
    """Pauses before the end: share of the work done by then (0 to 1), and their seconds."""
    tries: int = 0
    waits: float = 0.0
    """For so many seconds from now on its last call waits in line for a key."""

    @property
    def id(self) -> str:
        return f"{self.prefix}-{self.key}"


@dataclass
class BuiltRun:
    """A run on the disk."""

    folder: RunFolder
    items: list[str]
    start: float
    now: float
    """The time at which the dashboard is meant to look at it: the newest event or log line."""


@dataclass
class _Tape:
    """Events and printed text in the order they were told, each with its time."""

    events: list[AnyEvent] = field(default_factory=list)
    prints: dict[str, list[tuple[float, str]]] = field(default_factory=dict)

    def event(self, time: float, event: AnyEvent) -> None:
        event.time = time
        self.events.append(event)

    @property
    def end(self) -> float:
        times = [event.time for event in self.events]
        return max(times + [prints[-1][0] for prints in self.prints.values()], default=START)


def build(
    path: Path,
    stories: Sequence[Story],
    *,
    parallel: int = 3,
    held: str | None = None,
    ended: EndReason | None = None,
    engine_lost: bool = False,
    provider: str = "offline",
    repository: str = "/home/dev/storefront",
    keys: Sequence[str] = (),
    pool: Callable[[float], Sequence[AnyEvent]] | None = None,
) -> BuiltRun:
    """Writes the folder of a run.

    Args:
        path: Becomes the folder.
        stories: The items, in the order of the queue.
        parallel: What the run was asked for.
        held: Reason for which no item is started any more, at the end of the story.
        ended: Reason of the ``RunEnded`` event; none is written without it.
        engine_lost: Writes no ``RunEnded`` although nothing goes on.
        provider: Name of the provider.
        repository: Where the run works.
        keys: Names of the keys that the calls take turns with.
        pool: Makes the events of the pool, with their times, from the time of now.
    """
    folder = RunFolder(path)
    folder.logs.mkdir(parents=True)
    (path / "audit").mkdir()
    items = [_info(story) for story in stories]
    spec = RunSpec(
        run=path.name, workflow="lld", repository=repository, items=items, provider=provider,
        parallel=parallel, host="workbench", versions={"python": "3.11.7"},
        socket=str(path / "no-engine"),
    )  # fmt: skip
    folder.spec.write_bytes(msgspec.json.encode(spec))
    tape = _Tape()
    tape.event(
        START,
        RunStarted(
            run=path.name, workflow="lld", repository=repository, provider=provider,
            parallel=parallel, nodes=NODES, host="workbench",
            versions={"python": "3.11.7", "textual": "8.2.8", "langgraph": "1.2.4"},
        ),
    )  # fmt: skip
    tape.event(START, ItemsQueued(items=items))
    tape.event(START, EngineStarted(pid=4242))
    now = _tell(tape, stories, keys)
    if pool is not None:
        tape.events += pool(now)
        tape.events.sort(key=lambda event: event.time)
    if held is not None:
        tape.event(now, RunHeld(held=True, reason=held))
    if ended is not None and not engine_lost:
        now += 0.5
        tape.event(now, RunEnded(exit_code=_exit_code(stories), reason=ended))
    _write(folder, tape)
    return BuiltRun(folder, [story.id for story in stories], START, now)


def _tell(tape: _Tape, stories: Sequence[Story], keys: Sequence[str]) -> float:
    """Tells every story and returns the time of the last thing told.

    Stories of items that are still at work begin so late that they are at work just then.
    """
    leases = iter(range(1, 10_000_000))
    tapes = []
    for number, story in enumerate(stories):
        own = _Tape()
        _Teller(own, story, random.Random(number), leases, keys).tell()
        tapes.append(own)
    now = max([START, *(own.end for own in tapes)])
    for number, (story, own) in enumerate(zip(stories, tapes, strict=True)):
        later = now - own.end - number % 4 * 0.3 if story.ends.at_work and own.events else 0.0
        for event in own.events:
            event.time += later
            if isinstance(event, CallQueued) and event.until is not None:
                event.until += later
        tape.events += own.events
        for item, prints in own.prints.items():
            tape.prints[item] = [(time + later, text) for time, text in prints]
    tape.events.sort(key=lambda event: event.time)
    return now


def _info(story: Story) -> ItemInfo:
    return ItemInfo(
        id=story.id,
        key=story.key,
        title=story.title,
        url=f"https://github.example/storefront/issues/{story.key}",
    )


def _exit_code(stories: Iterable[Story]) -> ExitCode:
    ends = {story.ends for story in stories}
    if ends & {State.FAILED, State.LOST}:
        return ExitCode.FAILED
    return ExitCode.OK if ends <= {State.DONE} else ExitCode.CANCELLED


def _write(folder: RunFolder, tape: _Tape) -> None:
    journal = JournalWriter(folder.journal)
    for event in tape.events:
        journal.append(event)
    journal.close()
    for item, prints in tape.prints.items():
        log = LogWriter(folder.log(item))
        for time, text in prints:
            log.write(text.encode(), time)
        log.close()
        for path in (folder.log(item), index_path(folder.log(item))):
            os.utime(path, (prints[-1][0], prints[-1][0]))


class _Teller:
    """Tells the story of one item onto the tape."""

    def __init__(
        self,
        tape: _Tape,
        story: Story,
        chance: random.Random,
        leases: Iterable[int],
        keys: Sequence[str],
    ) -> None:
        self.keys = keys
        self.tape = tape
        self.story = story
        self.chance = chance
        self.leases = iter(leases)
        self.time = START + story.begins
        self.done = 0.0
        self.total = 2.0 + 2.0 * story.rejections
        self.pauses = list(story.pauses)
        self.attempt = 1

    def tell(self) -> None:
        story = self.story
        if story.ends is State.QUEUED:
            return
        if story.ends is State.SKIPPED:
            self.change(State.SKIPPED, story.reason or "the run was stopped before")
            return
        self.change(State.STARTING)
        if story.ends is State.STARTING:
            return
        self.time += 0.04
        self.change(State.RUNNING)
        try:
            self.work()
        except _InterruptedError:
            self.interrupted()
            return
        self.change(
            State.DONE,
            result=Result(
                summary=_approved_after(story.rejections + 1),
                output=f"docs/lld/active/LLD-{int(story.key):03d}.md",
                lineage=f"docs/lineage/active/{story.key}-lld",
                iterations=story.rejections + 1,
                reviews=story.rejections + 1,
                verdict="APPROVED",
            ),
        )

    def change(
        self,
        state: State,
        reason: str = "",
        *,
        until: float | None = None,
        result: Result | None = None,
    ) -> None:
        event = ItemChanged(
            item=self.story.id, attempt=self.attempt, state=state, reason=reason,
            tries=self.story.tries, until=until, result=result,
        )  # fmt: skip
        self.tape.event(self.time, event)

    def say(self, text: str, pause: float = 0.2) -> None:
        self.time += pause * self.story.pace
        self.tape.prints.setdefault(self.story.id, []).append((self.time, text + "\n"))

    def node(self, name: str, ended: str = "") -> None:
        if ended:
            self.tape.event(
                self.time, NodeEnded(node=ended, item=self.story.id, attempt=self.attempt)
            )
        self.tape.event(self.time, NodeStarted(node=name, item=self.story.id, attempt=self.attempt))
        self.say(f">>> Executing: {name}", 0.0)

    def work(self) -> None:
        story = self.story
        self.node("N0_fetch_issue")
        self.say(f"issue #{story.key}: {story.title}", 0.4)
        self.say(f"    {self.chance.randint(900, 4800)} characters, 2 labels", 0.1)
        last = "N0_fetch_issue"
        for draft in range(1, story.rejections + 2):
            self.node("N1_design", last)
            self.progress(draft, f"draft {draft}")
            self.call("N1_design", "\x1b[36mdraft\x1b[0m", draft)
            self.node("N2_human_edit", "N1_design")
            self.say("Human edit gate, automatic: on to the review", 0.1)
            self.node("N3_review", "N2_human_edit")
            self.progress(draft, f"review {draft}")
            self.call("N3_review", "\x1b[35mreview\x1b[0m", draft)
            last = "N3_review"
            if draft <= story.rejections:
                objection = self.chance.choice(OBJECTIONS)
                self.say("verdict: \x1b[1;33mBLOCKED\x1b[0m, 2 tier-1 issues", 0.1)
                self.say(f"  1. {objection}", 0.0)
                self.say("  2. the interface in section 4 names no error", 0.0)
                self.progress(draft, "review: BLOCKED, 2 issues")
        self.say("verdict: \x1b[1;32mAPPROVED\x1b[0m", 0.1)
        self.node("N4_finalize", last)
        self.say(f"wrote docs/lld/active/LLD-{int(story.key):03d}.md", 0.5)
        self.say("status: \x1b[32mapproved\x1b[0m, 9 sections, 14 requirements", 0.1)
        self.tape.event(
            self.time, NodeEnded(node="N4_finalize", item=story.id, attempt=self.attempt)
        )

    def progress(self, draft: int, note: str) -> None:
        self.tape.event(
            self.time,
            Progressed(
                item=self.story.id, attempt=self.attempt, iteration=draft, limit=20, note=note
            ),
        )

    def call(self, node: str, word: str, draft: int) -> None:
        """One call to the model, printed section by section; interruptions happen in here."""
        self.done += 1.0
        self.maybe_pause(node)
        lease = next(self.leases)
        begin = self.time
        last_call = self.done >= self.total and self.story.ends is not State.DONE
        if last_call and self.story.waits:
            until = self.time + self.story.waits
            self.say("waiting for quota", 0.0)
            waits = CallQueued(
                model=MODEL,
                why=self.story.reason,
                until=until,
                item=self.story.id,
                attempt=self.attempt,
            )
            self.tape.event(self.time, waits)
            raise _InterruptedError
        key = self.keys[lease % len(self.keys)] if self.keys else ""
        started = CallStarted(
            lease=lease,
            model=MODEL,
            credential=key,
            node=node,
            timeout=600.0,
            item=self.story.id,
            attempt=self.attempt,
        )
        self.tape.event(self.time, started)
        stops_after = self.chance.randint(2, 6) if last_call else len(SECTIONS)
        for section in SECTIONS[:stops_after]:
            self.say(f"{word} {draft}: \x1b[2m{section:<24}\x1b[0m {self.words()}", 2.5)
        if last_call:
            raise _InterruptedError
        self.tape.event(
            self.time,
            CallEnded(
                lease=lease, outcome="ok", credential=key, model=MODEL, seconds=self.time - begin,
                input_tokens=self.chance.randint(900, 3000),
                output_tokens=self.chance.randint(400, 2600),
                item=self.story.id, attempt=self.attempt,
            ),
        )  # fmt: skip

    def words(self) -> str:
        return f"{self.chance.randint(40, 420)} words"

    def maybe_pause(self, node: str) -> None:
        while self.pauses and self.done / self.total >= self.pauses[0][0]:
            _, seconds = self.pauses.pop(0)
            self.change(State.PAUSING, "by you")
            self.time += 1.0
            self.change(State.PAUSED, "by you")
            self.say("paused at a node boundary; the checkpoint is kept", 0.0)
            self.time += seconds
            self.change(State.QUEUED, "resumed")
            self.attempt += 1
            self.time += 0.5
            self.change(State.STARTING)
            self.time += 0.04
            self.change(State.RUNNING)
            self.node(node)

    def interrupted(self) -> None:
        """The last call is out; now comes what the story ends with."""
        ends, reason = self.story.ends, self.story.reason
        if ends is State.RUNNING:
            return
        if ends is State.FAILED:
            self.say("\x1b[31merror: the answer of the reviewer is not valid JSON\x1b[0m", 1.0)
            self.say("  after one repair attempt; the answer is in the lineage folder", 0.0)
            self.change(State.FAILED, reason or "review: the answer is not valid JSON")
        elif ends is State.LOST:
            self.change(State.LOST, reason or "its process was killed (signal 9), 3 times")
        elif ends is State.CANCELLED:
            self.change(State.CANCELLING, "by you")
            self.time += 1.2
            self.change(State.CANCELLED, reason or "by you")
        elif ends is State.CANCELLING:
            self.change(State.CANCELLING, "by you")
        elif ends is State.PAUSING:
            self.change(State.PAUSING, "by you")
        elif ends is State.PAUSED:
            self.change(State.PAUSING, "by you")
            self.time += 2.0
            self.change(State.PAUSED, "by you")
            self.say("paused at a node boundary; the checkpoint is kept", 0.0)
        elif ends is State.QUOTA:
            self.say("\x1b[33mwaiting for quota\x1b[0m", 0.2)
            self.change(State.QUOTA, reason or "no quota left", until=self.time + 252.0)
        elif ends is State.RETRYING:
            self.say("\x1b[33mits process was killed (signal 9)\x1b[0m", 0.2)
            self.change(State.RETRYING, reason or "process lost", until=self.time + 12.0)
        elif ends is State.ASKING:
            self.change(State.ASKING, reason or "approve the draft?")


class _InterruptedError(Exception):
    """The story ends in the middle of a call."""


def _approved_after(reviews: int) -> str:
    return f"approved after {reviews} review{'' if reviews == 1 else 's'}"


_MIX = [
    State.RUNNING, State.RUNNING, State.DONE, State.PAUSED, State.FAILED, State.QUEUED,
    State.DONE, State.RUNNING, State.QUOTA, State.DONE, State.PAUSING, State.DONE,
    State.QUEUED, State.RETRYING, State.CANCELLED, State.DONE, State.QUEUED, State.STARTING,
]  # fmt: skip


def mixed(n: int, *, first: int = 42) -> list[Story]:
    """``n`` items in all kinds of states, as in the middle of a run that had some trouble."""
    stories = []
    for i in range(n):
        state = _MIX[i % len(_MIX)]
        if n > 40 and state in (State.STARTING, State.RUNNING, State.PAUSING) and i >= 40:
            state = State.QUEUED if i > n * 0.6 else State.DONE
        elif i > max(40, n * 0.6):
            state = State.QUEUED
        rejections = (i * 7) % 3
        stories.append(
            Story(
                key=str(first + i),
                title=TITLES[i % len(TITLES)],
                ends=state,
                begins=round(9.0 * i % 300.0, 1),
                rejections=rejections,
                pace=0.8 + (i % 4) * 0.2,
                tries=1 if state is State.RETRYING else 0,
                pauses=((0.5, 40.0),) if i % 9 == 2 else (),
            )
        )
    return stories


def finished(n: int, *, parallel: int = 3, first: int = 42, trouble: bool = True) -> list[Story]:
    """``n`` items that are all over, started as slots became free."""
    stories = []
    free = [0.0] * parallel
    for i in range(n):
        slot = free.index(min(free))
        rejections = (i * 7) % 3
        ends = State.DONE
        if trouble and i % 7 == 3:
            ends = State.FAILED
        elif trouble and i % 11 == 5:
            ends = State.CANCELLED
        pauses = ((0.5, 75.0),) if i % 5 == 2 else ()
        stories.append(
            Story(
                key=str(first + i),
                title=TITLES[i % len(TITLES)],
                ends=ends,
                begins=free[slot] + 0.3,
                rejections=rejections,
                pauses=pauses,
            )
        )
        free[slot] += 52.0 * (rejections + 1) + sum(seconds for _, seconds in pauses) + 2.0
    return stories
