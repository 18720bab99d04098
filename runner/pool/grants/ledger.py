"""The output of a step of the pool: answers and events for the engine, changes for the store."""

from __future__ import annotations

from dataclasses import dataclass, field

from assemblyzero_tui.runner.model.events import AnyEvent, CredentialChanged
from assemblyzero_tui.runner.pool.causes.shared_causes import Cause
from assemblyzero_tui.runner.wire.worker_messages import CountTokens, Deny, Grant


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to make one call, held by one attempt of one item."""

    number: int
    item: str
    attempt: int
    model: str
    fingerprint: str
    """The fingerprint of the credential; empty if none is needed."""
    credential: str
    """The name of the credential."""
    quota: str
    """The name of the credential's own quota, merged or not."""
    started: float
    """By the pool's clock."""
    day: str
    """The service's day at the start."""
    expires: float
    """By the clock that stops while the machine sleeps."""
    node: str = ""
    """The node that calls."""
    tokens: int = 0
    """Of the prompt, estimated or counted."""
    counted: bool = False
    """The service has counted them."""
    reserved: int = 0
    """Tokens of the quota that were reserved for it."""


@dataclass(slots=True)
class Ledger:
    """The output of a step of the pool for the engine."""

    answers: list[tuple[str, Grant | Deny]] = field(default_factory=list)
    """Items, and the answers for their workers."""
    counts: list[tuple[str, CountTokens]] = field(default_factory=list)
    """Items, and what their workers should have counted."""
    events: list[AnyEvent] = field(default_factory=list)
    """For the journal, in order."""
    revoked: list[tuple[str, int]] = field(default_factory=list)
    """Items and attempts that held a lease for too long: their workers must end."""
    blocked: Cause | None = None
    """Since this step no item can continue."""


@dataclass(frozen=True, slots=True)
class Tally:
    """One call with one credential, for the usage figures."""

    fingerprint: str
    model: str
    answered: bool
    refused: bool
    input_tokens: int
    output_tokens: int


@dataclass(slots=True)
class Changes:
    """The changes that a store has to write after a step.

    It names quotas and credentials; their state is read when it is written.
    """

    granted: list[Lease] = field(default_factory=list)
    ended: list[Lease] = field(default_factory=list)
    refunds: list[Lease] = field(default_factory=list)
    tokens: list[tuple[Lease, int]] = field(default_factory=list)
    """By how much the counted tokens of a call have changed at its end."""
    tallies: list[Tally] = field(default_factory=list)
    quotas: set[tuple[str, str]] = field(default_factory=set)
    credentials: set[str] = field(default_factory=set)
    resets: set[str] = field(default_factory=set)
    """Credentials that the user has reset."""

    def __bool__(self) -> bool:
        return any(
            (self.granted, self.ended, self.refunds, self.tallies, self.quotas, self.credentials,
             self.resets)
        )  # fmt: skip


class StepRecorder:
    """Collects the output of the parts of a pool until it is taken."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.changes = Changes()
        self._reported: dict[tuple[str, str], tuple[object, ...]] = {}

    def emit(self, event: AnyEvent) -> None:
        """Adds an event to the ledger."""
        self.ledger.events.append(event)

    def emit_if_changed(self, event: CredentialChanged) -> None:
        """Adds the state of a credential to the ledger, unless it was the last reported one.

        A quota counts as ready until something else is reported; a credential must be reported
        once.
        """
        place = (event.credential, event.model)
        until = round(event.until) if event.until else None
        state = (event.state, event.reason, until, event.quota)
        initial = ("ready", "", None, event.quota) if event.model else None
        if state != self._reported.get(place, initial):
            self._reported[place] = state
            self.emit(event)

    def answer(self, item: str, answer: Grant | Deny) -> None:
        """Adds an answer for the worker of an item."""
        self.ledger.answers.append((item, answer))

    def take_ledger(self) -> Ledger:
        """Returns the ledger and starts a new one."""
        ledger, self.ledger = self.ledger, Ledger()
        return ledger

    def take_changes(self) -> Changes:
        """Returns the changes and starts new ones."""
        changes, self.changes = self.changes, Changes()
        return changes
