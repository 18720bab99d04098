"""What is known of one credential of the pool: its state, and the outcomes of its calls."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf

STRENGTH = (
    "disabled", "invalid", "exhausted", "no_tier", "cooling", "probing", "ready",
)  # fmt: skip
"""The states of a credential; the first one that any of its models has is the one that it is in."""
RECOVERING = frozenset({"cooling", "exhausted"})
"""States that a time ends."""
USABLE = frozenset({"ready", "probing"})
"""States in which a call may be made."""
ABSENT = "absent"
"""The state of a credential that only an older engine had."""
BUCKET = 15.0
"""Seconds in which calls are counted together."""
BUCKETS = 240
"""So many of those are remembered: an hour."""


@dataclass(frozen=True, slots=True)
class CredentialStatus:
    """The state of a credential with one model, or with all (``model`` empty)."""

    state: str = "ready"
    model: str = ""
    since: float = 0.0
    until: float | None = None
    """When it is expected to be ready again."""
    reason: str = ""
    count: int = 0
    """Refusals in a row."""

    def at(self, now: float) -> str:
        """The state at a time: one whose time has passed is over."""
        passed = self.until is not None and self.until <= now
        return "ready" if passed else self.state


@dataclass(slots=True)
class Traffic:
    """Calls over time, in stretches of :data:`BUCKET` seconds: when, answered, refused."""

    buckets: deque[list[int]] = field(default_factory=lambda: deque(maxlen=BUCKETS))

    def count(self, time: float, *, answered: bool) -> None:
        """A call came back."""
        place = int(time // BUCKET)
        if not self.buckets or self.buckets[-1][0] != place:
            self.buckets.append([place, 0, 0])
        self.buckets[-1][1 if answered else 2] += 1

    def between(self, start: float, end: float) -> Iterator[tuple[float, int, int]]:
        """The beginning of each stretch with calls in it, and its answered and refused ones."""
        for place, answered, refused in self.buckets:
            if start - BUCKET < place * BUCKET < end:
                yield place * BUCKET, answered, refused


@dataclass(slots=True)
class CredentialState:
    """What is known of one credential now, by its name."""

    name: str
    project: str = ""
    fingerprint: str = ""
    quota: str = ""
    """The name of the quota it uses."""
    statuses: dict[str, CredentialStatus] = field(default_factory=dict)
    """By model; what holds for every model under the empty name. None if it is absent."""
    answered: int = 0
    refused: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    traffic: Traffic = field(default_factory=Traffic)
    rested: float = 0.0
    """Seconds not usable until :attr:`seen`."""
    seen: float = 0.0

    @property
    def present(self) -> bool:
        """Whether the engine of now has it."""
        return bool(self.statuses)

    @property
    def used(self) -> bool:
        """Whether a call was made with it."""
        return bool(self.answered or self.refused)

    def strongest(self, now: float) -> CredentialStatus:
        """The most severe status of its models; of equal ones the longest."""
        if not self.statuses:
            return CredentialStatus(ABSENT)
        return min(self.statuses.values(), key=lambda each: _order(each, now))

    def at(self, now: float) -> str:
        """The state at a time."""
        return self.strongest(now).at(now)

    def rows(self, now: float) -> list[CredentialStatus]:
        """Its status by model if that differs, else once."""
        whole = self.statuses.get("")
        if whole is not None and whole.at(now) != "ready":
            return [whole]
        by_model = [each for model, each in sorted(self.statuses.items()) if model]
        if len({(each.at(now), each.until) for each in by_model}) > 1:
            return by_model
        return [self.strongest(now)]

    def unavailable_seconds(self, now: float) -> float:
        """Seconds for which it was cooling down or exhausted."""
        ends = [
            inf if each.until is None else each.until
            for each in self.statuses.values()
            if each.state in RECOVERING
        ]
        return self.rested + max(0.0, min(now, max(ends, default=-inf)) - self.seen)

    def stand(self, status: CredentialStatus, now: float) -> None:
        """Sets its status from now on."""
        self.settle(now)
        self.statuses[status.model] = status

    def settle(self, now: float) -> None:
        """Adds up the time it was not usable."""
        self.rested, self.seen = self.unavailable_seconds(now), max(self.seen, now)


def _order(status: CredentialStatus, now: float) -> tuple[int, float, str]:
    state = status.at(now)
    until = inf if status.until is None else status.until
    return STRENGTH.index(state), -until if state in RECOVERING else 0.0, status.model
