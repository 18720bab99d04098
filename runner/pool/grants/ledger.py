"""What the pool has to tell after a step: answers, events, and what should be kept."""

from __future__ import annotations

from dataclasses import dataclass, field

from assemblyzero_tui.runner.model.events import AnyEvent
from assemblyzero_tui.runner.wire.worker_messages import Deny, Grant


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to make one call, in the hand of one attempt of one item."""

    number: int
    item: str
    attempt: int
    model: str
    key: str
    """The fingerprint of the key; empty where none is needed."""
    credential: str
    """The key's name."""
    quota: str
    """The name of the quota that the key has by itself, merged or not."""
    started: float
    """By the pool's clock."""
    day: str
    """The service's day at the start."""
    expires: float
    """By the clock that stands while the machine sleeps."""


@dataclass(slots=True)
class Ledger:
    """What a step of the pool has to tell."""

    answers: list[tuple[str, Grant | Deny]] = field(default_factory=list)
    """For the workers of these items."""
    events: list[AnyEvent] = field(default_factory=list)
    """For the journal, in order."""
    revoked: list[tuple[str, int]] = field(default_factory=list)
    """Items, with their attempts, that kept a lease for too long: their workers are to end."""


@dataclass(frozen=True, slots=True)
class Tally:
    """One call of one key, for the books."""

    key: str
    model: str
    answered: bool
    refused: bool
    input_tokens: int
    output_tokens: int


@dataclass(slots=True)
class Changes:
    """What a store has to write after a step. Quotas and keys are named, and read when written."""

    granted: list[Lease] = field(default_factory=list)
    ended: list[Lease] = field(default_factory=list)
    refunds: list[Lease] = field(default_factory=list)
    tallies: list[Tally] = field(default_factory=list)
    groups: set[tuple[str, str]] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)
    resets: set[str] = field(default_factory=set)
    """Keys that the user has reset."""

    def __bool__(self) -> bool:
        return any(
            (self.granted, self.ended, self.refunds, self.tallies, self.groups, self.keys,
             self.resets)
        )  # fmt: skip
