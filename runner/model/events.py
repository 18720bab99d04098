"""Every event of a run, as tagged structs.

Events are facts of the past: the engine writes them to the journal, one JSON object per line, and
every reader folds them into its state.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from assemblyzero_tui.runner.model.states import State

SCHEMA = 1
"""Version of the journal's format, in its first line."""


class Event(msgspec.Struct, kw_only=True, omit_defaults=True, tag_field="type"):
    """The fields of every event. ``item`` is empty and ``attempt`` 0 for events of the run."""

    seq: int = 0
    """Place in the journal, from 1 and without gaps; assigned when the event is written."""
    time: float = 0.0
    """Seconds since the epoch."""
    item: str = ""
    """Id of the item, such as ``LLD-42``."""
    attempt: int = 0
    """Number of the item's process; events of an older one are dropped."""


class ItemInfo(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """The description of an item before any work on it."""

    id: str
    """Unique in the run, used in every output: ``LLD-42``."""
    key: str
    """The workflow's name for it: the number of the issue, the slug of the brief."""
    title: str = ""
    url: str = ""
    """The page about it, for humans."""
    source: str = "gh"
    """``gh`` (the issue tracker), or the path of the file it is described in."""


class Result(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """The result of a finished workflow."""

    summary: str = ""
    """One line for the table: ``approved after 2 reviews``."""
    output: str = ""
    """Path of the written file, relative to the repository."""
    lineage: str = ""
    """Folder of its history, relative to the repository."""
    iterations: int = 0
    reviews: int = 0
    verdict: str = ""
    url: str = ""
    """The page of the result, for humans."""
    keeps_checkpoint: bool = False
    """The workflow stopped early as requested; another run can continue from its checkpoint."""


class RunStarted(Event, tag="run_started", kw_only=True, omit_defaults=True):
    """The first event of a run."""

    run: str
    workflow: str
    """``lld`` or ``issue``."""
    repository: str
    provider: str
    parallel: int
    nodes: list[str] = []
    """The nodes of the graph in their usual order."""
    host: str = ""
    versions: dict[str, str] = {}
    demo: bool = False
    tracker: str = ""
    """``host/owner/name`` of the repository that the issues belong to; empty without a tracker."""


class ItemsQueued(Event, tag="items_queued", kw_only=True, omit_defaults=True):
    """Items joined the queue, in this order."""

    items: list[ItemInfo]


class EngineStarted(Event, tag="engine_started", kw_only=True, omit_defaults=True):
    """An engine took over the run; no item from before is still at work."""

    pid: int
    resumed: bool = False
    parallel: int = 0
    """The most items at work at once from now on; 0 for no change."""
    stops: bool = False
    """Whether the run stops when no quota is left, instead of waiting for it."""


class ItemChanged(Event, tag="item_changed", kw_only=True, omit_defaults=True):
    """An item entered a state."""

    state: State
    reason: str = ""
    """For humans, one line."""
    tries: int = 0
    """Retries of the item after a failure."""
    until: float | None = None
    """When a waiting state is expected to end, seconds since the epoch."""
    result: Result | None = None
    """Only with ``done`` and, if there is a partial result, ``failed``."""
    elsewhere: str = ""
    """With ``queued``: the other run that works on the item; this run waits for it."""


class NodeStarted(Event, tag="node_started", kw_only=True, omit_defaults=True):
    """A node of the item's graph began."""

    node: str
    task: str = ""


class NodeEnded(Event, tag="node_ended", kw_only=True, omit_defaults=True):
    """A node of the item's graph ended."""

    node: str
    task: str = ""
    error: str = ""


class Progressed(Event, tag="progressed", kw_only=True, omit_defaults=True):
    """The progress of the workflow."""

    iteration: int
    limit: int
    note: str = ""
    """Such as ``draft 2`` or ``review: BLOCKED, 2 issues``."""


class CallQueued(Event, tag="call_queued", kw_only=True, omit_defaults=True):
    """A call waits for a credential or its model; if the wait is long, its item is saved."""

    model: str
    why: str = ""
    until: float | None = None
    """When it is expected to start, seconds since the epoch."""
    for_model: bool = False
    """The model is not answering; the credentials are ready."""


class CallStarted(Event, tag="call_started", kw_only=True, omit_defaults=True):
    """A lease was granted: one attempt of one call to a model is under way."""

    lease: int
    model: str
    credential: str = ""
    node: str = ""
    timeout: float = 0.0
    """Seconds the call may take."""
    waited: float = 0.0
    """Seconds it waited."""


class CallEnded(Event, tag="call_ended", kw_only=True, omit_defaults=True):
    """A lease was returned."""

    lease: int
    outcome: str
    credential: str = ""
    model: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0


ABANDONED = frozenset({"died", "cancelled"})
"""Outcomes of calls that were abandoned before the answer; they do not count as refused."""


class CallSkipped(Event, tag="call_skipped", kw_only=True, omit_defaults=True):
    """A stored answer was used instead of a call."""

    model: str = ""
    node: str = ""


EndReason = Literal["finished", "stopped", "interrupted", "exhausted", "error"]
"""Why a run ended."""

CredentialStateName = Literal[
    "ready", "probing", "cooling", "exhausted", "no_tier", "invalid", "disabled"
]
"""``probing``: one call is tried before others."""


class CredentialChanged(Event, tag="credential_changed", kw_only=True, omit_defaults=True):
    """The state of a credential changed."""

    credential: str
    """Its name; the API key is in no event."""
    state: CredentialStateName
    model: str = ""
    """The model that the state applies to; empty for all."""
    reason: str = ""
    until: float | None = None
    """When it is expected to be ready again, seconds since the epoch."""
    project: str = ""
    """The project whose quota it uses, if the user declared it."""
    fingerprint: str = ""
    """The first 8 hexadecimal digits of the SHA-256 of its API key."""
    quota: str = ""
    """The name of the quota it uses; credentials that share one have the same."""
    count: int = 0
    """Consecutive refusals."""


class QuotaCounted(Event, tag="quota_counted", kw_only=True, omit_defaults=True):
    """The usage of a quota by all runs of this machine."""

    quota: str
    model: str
    minute: int
    """Calls in the current minute."""
    per_minute: int | None = None
    """The limit; ``None`` if unknown."""
    day: int
    """Calls on the service's day."""
    per_day: int | None = None
    learned: bool = False
    """A limit comes from a refusal, not from the user."""
    tokens: int = 0
    """Tokens of the prompts in the current minute, if they are limited."""
    tokens_per_minute: int | None = None
    tokens_learned: bool = False


class PoolChanged(Event, tag="pool_changed", kw_only=True, omit_defaults=True):
    """The state of the pool as a whole."""

    state: Literal["open", "low", "throttled", "paused"]
    """``low``: the quotas feed fewer workflows at once than requested. ``throttled``: no call
    starts for a moment. ``paused``: nothing starts; a workflow that needs a call saves and ends.
    """
    until: float | None = None
    """When it resumes automatically, seconds since the epoch; ``None`` if no time is known."""
    slots: int = 0
    """Workflows that the quotas can feed at once; 0 for as many as requested."""
    reason: str = ""
    stuck: bool = False
    """Paused, and neither waiting nor enabling a credential helps: another one is needed."""


class AutoResumeSet(Event, tag="auto_resume_set", kw_only=True, omit_defaults=True):
    """The user set whether the run resumes automatically when quota is available again."""

    on: bool


class Notice(Event, tag="notice", kw_only=True, omit_defaults=True):
    """A message for the user."""

    text: str
    level: Literal["info", "warning", "error"] = "info"


class RunHeld(Event, tag="run_held", kw_only=True, omit_defaults=True):
    """No item is started until further notice, or (``held`` false) items are started again."""

    held: bool
    reason: str = ""


class RunBlocked(Event, tag="run_blocked", kw_only=True, omit_defaults=True):
    """No item can continue, for a cause that all share: nothing is started, and what is left is
    kept. Without ``what``, the user has put it right.
    """

    what: str = ""
    """A sentence without its full stop."""
    words: str = ""
    """The service's own; empty where it gave none."""
    hint: str = ""
    """What to do, whole sentences."""
    money: bool = False
    """Another credential, or money, helps."""

    @property
    def text(self) -> str:
        """All of it, without the hint."""
        return f"{self.what}: {self.words}" if self.words else self.what


class RunEnded(Event, tag="run_ended", kw_only=True, omit_defaults=True):
    """The engine ends."""

    exit_code: int
    reason: EndReason = "finished"
    """``exhausted``: no usable credential was left."""


AnyEvent = (
    RunStarted
    | ItemsQueued
    | EngineStarted
    | ItemChanged
    | NodeStarted
    | NodeEnded
    | Progressed
    | CallQueued
    | CallStarted
    | CallEnded
    | CallSkipped
    | CredentialChanged
    | QuotaCounted
    | PoolChanged
    | AutoResumeSet
    | Notice
    | RunHeld
    | RunBlocked
    | RunEnded
)


_event_encoder = msgspec.json.Encoder()
_event_decoder: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)


def encode(event: Event) -> bytes:
    """One JSON object, without a newline."""
    return _event_encoder.encode(event)


def decode_event(line: bytes) -> AnyEvent:
    """Decodes a line of the journal.

    Raises:
        msgspec.DecodeError: the line is not an event of this schema.
    """
    return _event_decoder.decode(line)
