"""The parts of a run's summary: plain values, safe to show, the same for every output mode."""

from __future__ import annotations

import msgspec

from assemblyzero_tui.runner.model.states import State

SCHEMA = 1
"""Version of ``summary.json``."""
FAILURES = frozenset({State.FAILED, State.LOST})
"""The states that count as a failure."""


class Part(msgspec.Struct, kw_only=True, frozen=True):
    """A part of a summary. Times are seconds since the epoch, durations are seconds.

    If the machine's clock was set back during the run, times follow the clock as it was at the
    start.
    """


class Times(Part, kw_only=True, frozen=True):
    """How the time was spent; all but ``wall`` and ``unserved`` are sums over the items."""

    wall: float
    """From the start to the end, less ``unserved``."""
    active: float
    """With a process at work, not waiting for a call."""
    paused: float
    """Paused by the user."""
    quota: float
    """Waiting for quota or for a model, with or without a process."""
    unserved: float
    """Between two engines of the run: stopped or crashed, and not yet resumed."""


class Calls(Part, kw_only=True, frozen=True):
    """Calls to a model."""

    answered: int
    refused: int
    """Ended without an answer, for any reason; see ``outcomes``."""
    abandoned: int = 0
    """Abandoned before the answer, for example by a stop or a cancellation."""
    read_back: int
    """Stored answers that were used instead of a call."""
    input_tokens: int
    output_tokens: int
    outcomes: dict[str, int]


class SpanLine(Part, kw_only=True, frozen=True):
    """A period that an item spent in one state."""

    state: State
    start: float
    end: float


class ItemLine(Part, kw_only=True, frozen=True):
    """A row of the table."""

    id: str
    title: str
    url: str
    state: State
    outcome: str
    """Its result, or the reason why there is none; one line."""
    iterations: int
    reviews: int
    active: float
    paused: float
    quota: float
    tries: int
    """Retries after a failure."""
    attempts: int
    """Processes that worked on it."""
    node: str
    """The last node."""
    output: str
    """Path of the written file, relative to the repository."""
    lineage: str
    log: str
    tokens: int
    spans: list[SpanLine]


class PoolLine(Part, kw_only=True, frozen=True):
    """The calls of a provider or a credential."""

    name: str
    answered: int
    refused: int
    input_tokens: int
    output_tokens: int
    project: str = ""
    """The project whose quota a credential uses; empty if unknown."""
    fingerprint: str = ""
    unavailable: float = msgspec.field(default=0.0, name="rested")
    """For how long it could not be used because of a quota."""
    state: str = ""
    """The state of a credential at the end; empty for a provider without credentials."""
    until: float | None = None
    """When it was expected to be ready again."""


class OutageLine(Part, kw_only=True, frozen=True):
    """A period in which no credential was usable."""

    start: float
    end: float
    reason: str


class Failure(Part, kw_only=True, frozen=True):
    """An item that failed or was lost, with the last lines of its log."""

    id: str
    title: str
    state: State
    reason: str
    node: str
    lines: list[str]
    total_lines: int
    """Lines of the whole log."""
    log: str


class NoticeLine(Part, kw_only=True, frozen=True):
    """A warning or an error."""

    time: float
    level: str
    item: str
    text: str


class Block(Part, kw_only=True, frozen=True):
    """Why the run could not continue with any item."""

    what: str
    """A sentence without its full stop."""
    words: str
    """The service's own; empty where it gave none."""
    hint: str

    @property
    def text(self) -> str:
        """All of it, without the hint."""
        return f"{self.what}: {self.words}" if self.words else self.what


class NextStep(Part, kw_only=True, frozen=True):
    """A command to run next."""

    what: str
    command: str


class Summary(Part, kw_only=True, frozen=True):
    """A run and its results."""

    schema: int = SCHEMA
    run: str
    workflow: str
    repository: str
    provider: str
    parallel: int
    demo: bool
    host: str
    versions: dict[str, str]
    folder: str
    """The run's folder."""
    started: float | None
    ended: float | None
    time: float
    """The end of the time that the summary covers."""
    exit_code: int
    """The exit code of the run, or what it would be if the run ended now."""
    end_reason: str
    blocked: Block | None = None
    counts: dict[State, int]
    """Number of items in each state that occurs."""
    times: Times
    retries: int
    calls: Calls
    items: list[ItemLine]
    pool: list[PoolLine]
    outages: list[OutageLine] = []
    failures: list[Failure]
    notices: list[NoticeLine]
    next_steps: list[NextStep]

    @property
    def total(self) -> int:
        """The number of items of the run."""
        return len(self.items)

    @property
    def good(self) -> bool:
        """Whether every item is done, here or by another run, or there was none."""
        return sum(n for state, n in self.counts.items() if state.succeeded) == self.total

    @property
    def headline(self) -> str:
        """The outcome in one sentence, without a full stop."""
        if not self.total:
            return "Nothing to do"
        if self.good:
            done = "The item is done" if self.total == 1 else f"All {self.total} items are done"
            skipped = self.counts.get(State.SKIPPED, 0)
            if not skipped:
                return done
            return (
                f"{done}, by another run"
                if skipped == self.total
                else (f"{done}, {skipped} of them by another run")
            )
        counts = {
            "failed": sum(self.counts.get(state, 0) for state in FAILURES),
            "cancelled": self.counts.get(State.CANCELLED, 0),
            "done by another run": self.counts.get(State.SKIPPED, 0),
            "unfinished": sum(n for state, n in self.counts.items() if not state.terminal),
        }
        named = [(word, count) for word, count in counts.items() if count]
        if len(named) == 1:
            word, count = named[0]
            return f"{count} of {self.total} {word}"
        return f"{', '.join(f'{count} {word}' for word, count in named)}, of {self.total}"

    @property
    def totals(self) -> str:
        """How many items are in each state, as words: ``10 done, 2 failed``."""
        return ", ".join(f"{count} {state.value}" for state, count in self.counts.items())
