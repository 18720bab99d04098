"""The state of one credential of the pool, and the outcomes of its calls."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf

STRENGTH = (
    "disabled", "invalid", "exhausted", "no_tier", "cooling", "probing", "ready",
)  # fmt: skip
"""The states of a credential, the most severe first; it is in the most severe of its models."""
RECOVERING = frozenset({"cooling", "exhausted"})
"""States that end at a time."""
USABLE = frozenset({"ready", "probing"})
"""States in which a call can be made."""
ABSENT = "absent"
"""The state of a credential that only an earlier engine of the run had."""
BUCKET = 15.0
"""Seconds of one bucket, in which calls are counted together."""
BUCKETS = 240
"""Buckets that are kept: one hour."""


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
    """Consecutive refusals."""

    def at(self, now: float) -> str:
        """Returns the state at a time; a state whose end has passed is over."""
        passed = self.until is not None and self.until <= now
        return "ready" if passed else self.state


@dataclass(slots=True)
class Traffic:
    """Calls over time, in buckets of :data:`BUCKET` seconds."""

    buckets: deque[list[int]] = field(default_factory=lambda: deque(maxlen=BUCKETS))
    """Number of the bucket since the epoch, answered calls, refused calls; the oldest first."""

    def count(self, time: float, *, answered: bool) -> None:
        """Counts a call that ended."""
        number = int(time // BUCKET)
        if not self.buckets or self.buckets[-1][0] != number:
            self.buckets.append([number, 0, 0])
        self.buckets[-1][1 if answered else 2] += 1

    def between(self, start: float, end: float) -> Iterator[tuple[float, int, int]]:
        """Yields the start of each bucket with calls, and its answered and refused calls."""
        for number, answered, refused in self.buckets:
            if start - BUCKET < number * BUCKET < end:
                yield number * BUCKET, answered, refused


@dataclass(slots=True)
class CredentialState:
    """The current state of one credential."""

    name: str
    project: str = ""
    fingerprint: str = ""
    quota: str = ""
    """The name of the quota it uses."""
    statuses: dict[str, CredentialStatus] = field(default_factory=dict)
    """By model; under the empty name, the status for every model. Empty if it is absent."""
    answered: int = 0
    refused: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    traffic: Traffic = field(default_factory=Traffic)
    unavailable: float = 0.0
    """Seconds for which it was unavailable until :attr:`measured`."""
    measured: float = 0.0
    """When :attr:`unavailable` was last updated."""

    @property
    def present(self) -> bool:
        """Whether the current engine has it."""
        return bool(self.statuses)

    @property
    def used(self) -> bool:
        """Whether a call was made with it."""
        return bool(self.answered or self.refused)

    def strongest(self, now: float) -> CredentialStatus:
        """Returns the most severe status of its models; of equal ones, the longest."""
        if not self.statuses:
            return CredentialStatus(ABSENT)
        return min(self.statuses.values(), key=lambda each: _order(each, now))

    def at(self, now: float) -> str:
        """Returns its state at a time."""
        return self.strongest(now).at(now)

    def rows(self, now: float) -> list[CredentialStatus]:
        """Returns its status for each model if they differ, else a single one."""
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
        return self.unavailable + max(0.0, min(now, max(ends, default=-inf)) - self.measured)

    def set_status(self, status: CredentialStatus, now: float) -> None:
        """Sets its status from now on."""
        self.measure(now)
        self.statuses[status.model] = status

    def measure(self, now: float) -> None:
        """Updates the seconds for which it was unavailable."""
        self.unavailable = self.unavailable_seconds(now)
        self.measured = max(self.measured, now)


def _order(status: CredentialStatus, now: float) -> tuple[int, float, str]:
    state = status.at(now)
    until = inf if status.until is None else status.until
    return STRENGTH.index(state), -until if state in RECOVERING else 0.0, status.model
