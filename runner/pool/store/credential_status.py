"""How the keys stand, by what the store has of all runs of this machine. Holds no key."""

from __future__ import annotations

from dataclasses import dataclass

from assemblyzero_tui.runner.pool.grants.quota import QuotaState


@dataclass(frozen=True, slots=True)
class CredentialStatus:
    """One key."""

    fingerprint: str
    name: str
    project: str
    quota: str
    """The name of the quota it uses; keys of one project have the same."""
    disabled: str
    """Why the user has switched it off; empty if not."""
    invalid: str
    """Why the service does not accept it; empty if it does."""
    since: float
    """When it became so, in seconds since the epoch; 0 if it never was otherwise."""


@dataclass(frozen=True, slots=True)
class QuotaStatus:
    """One quota and one model. Times are in seconds since the epoch."""

    quota: str
    model: str
    state: QuotaState
    since: float
    until: float | None
    """When it opens; ``None`` if it is open, or no time is known."""
    reason: str
    refusals: int
    """In a row."""
    minute: int
    """Calls that began within the last minute."""
    per_minute: int | None
    day: int
    """Calls that began on the service's day."""
    per_day: int | None
    learned: bool
    """A limit was told by a refusal, not by the user."""


@dataclass(frozen=True, slots=True)
class UsageTotal:
    """What a key and a model have done on one day of the service."""

    fingerprint: str
    model: str
    day: str
    answered: int
    refused: int
    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class MinuteCount:
    """A minute of all keys together."""

    start: float
    """In seconds since the epoch."""
    calls: int
    refused: int


@dataclass(frozen=True, slots=True)
class ActiveLease:
    """A call under way, in an engine that is alive."""

    fingerprint: str
    run: str
    item: str
    model: str
    since: float
    """In seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class PoolEvent:
    """What became of a key, or of its quota for a model."""

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
    """The run that noticed it first; empty for a command."""


@dataclass(frozen=True, slots=True)
class PoolSnapshot:
    """Everything the store has to show."""

    time: float = 0.0
    """When it was looked at, in seconds since the epoch."""
    day: str = ""
    """The service's day then."""
    credentials: tuple[CredentialStatus, ...] = ()
    quotas: tuple[QuotaStatus, ...] = ()
    totals: tuple[UsageTotal, ...] = ()
    """The newest day first."""
    minutes: tuple[MinuteCount, ...] = ()
    """Of the last hour, those with any call, the oldest first."""
    leases: tuple[ActiveLease, ...] = ()
    """The oldest first."""
    events: tuple[PoolEvent, ...] = ()
    """The newest first."""

    def credential(self, fingerprint: str) -> CredentialStatus | None:
        """The key with this fingerprint, if the store knows it."""
        return next(
            (
                credential
                for credential in self.credentials
                if credential.fingerprint == fingerprint
            ),
            None,
        )

    def quotas_of(self, quota: str) -> tuple[QuotaStatus, ...]:
        """A quota for each model it has been used for."""
        return tuple(each for each in self.quotas if each.quota == quota)
