"""The status of credentials in the store, for all runs of this machine. Contains no secret."""

from __future__ import annotations

from dataclasses import dataclass

from assemblyzero_tui.runner.pool.grants.quota import QuotaState


@dataclass(frozen=True, slots=True)
class CredentialStatus:
    """The status of one credential."""

    fingerprint: str
    name: str
    project: str
    quota: str
    """The name of its quota; credentials of one project have the same."""
    disabled: str
    """Why it is disabled; empty if it is not."""
    invalid: str
    """Why the service rejects it; empty if it does not."""
    since: float
    """When that last changed, in seconds since the epoch; 0 if never."""


@dataclass(frozen=True, slots=True)
class QuotaStatus:
    """The status of a quota for one model. Times are in seconds since the epoch."""

    quota: str
    model: str
    state: QuotaState
    since: float
    until: float | None
    """When calls may start again; ``None`` if they may start now or no time is known."""
    reason: str
    refusals: int
    """Consecutive refusals."""
    minute: int
    """Calls started within the last minute."""
    per_minute: int | None
    day: int
    """Calls started on the service's day."""
    per_day: int | None
    learned: bool
    """A limit comes from a refusal, not from the user."""
    tokens: int = 0
    """Tokens of prompts within the last minute."""
    tokens_per_minute: int | None = None
    tokens_learned: bool = False


@dataclass(frozen=True, slots=True)
class UsageTotal:
    """The usage of a credential with a model on one day of the service."""

    fingerprint: str
    model: str
    day: str
    answered: int
    refused: int
    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class MinuteCount:
    """The calls of all credentials in one minute."""

    start: float
    """In seconds since the epoch."""
    calls: int
    refused: int


@dataclass(frozen=True, slots=True)
class ActiveLease:
    """A call under way in a live engine."""

    fingerprint: str
    run: str
    item: str
    model: str
    since: float
    """In seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class PoolEvent:
    """A change of a credential, or of its quota for a model."""

    time: float
    """In seconds since the epoch."""
    fingerprint: str
    name: str
    model: str
    """Empty for every model."""
    state: str
    """As in :class:`~assemblyzero_tui.runner.model.events.CredentialChanged`."""
    reason: str
    until: float | None
    run: str
    """The run that first recorded it; empty for a command of the user."""


@dataclass(frozen=True, slots=True)
class PoolSnapshot:
    """The whole status in the store."""

    time: float = 0.0
    """When it was taken, in seconds since the epoch."""
    day: str = ""
    """The service's day at that time."""
    credentials: tuple[CredentialStatus, ...] = ()
    quotas: tuple[QuotaStatus, ...] = ()
    totals: tuple[UsageTotal, ...] = ()
    """The newest day first."""
    minutes: tuple[MinuteCount, ...] = ()
    """The minutes of the last hour with calls, the oldest first."""
    leases: tuple[ActiveLease, ...] = ()
    """The oldest first."""
    events: tuple[PoolEvent, ...] = ()
    """The newest first."""

    def credential(self, fingerprint: str) -> CredentialStatus | None:
        """The credential with this fingerprint, if the store knows it."""
        return next(
            (
                credential
                for credential in self.credentials
                if credential.fingerprint == fingerprint
            ),
            None,
        )

    def quotas_of(self, quota: str) -> tuple[QuotaStatus, ...]:
        """The status of a quota for each model that it was used with."""
        return tuple(each for each in self.quotas if each.quota == quota)
