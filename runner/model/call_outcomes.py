"""How a call to a model ends, and what follows from it: the one table that everything goes by."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """How one attempt of one call ended."""

    OK = "ok"
    MINUTE = "minute"
    """Refused: the per-minute quota is exhausted."""
    DAY = "day"
    """Refused: the daily quota is exhausted."""
    QUOTA_UNKNOWN = "quota_unknown"
    """Refused for a quota that was not named."""
    NO_TIER = "no_tier"
    """The project has no quota at all for this model."""
    OVERLOADED = "overloaded"
    """The model has no capacity; no credential is to blame."""
    AUTH = "auth"
    """The credential is refused."""
    REGION = "region"
    """The model is not served where this machine is."""
    BAD_REQUEST = "bad_request"
    """The request itself is wrong; it would fail again."""
    BLOCKED = "blocked"
    """The prompt or the answer was blocked for what it says, or the answer is too long."""
    NO_ANSWER = "no_answer"
    """The model ended without an answer, for a reason that passes when it is asked again."""
    TIMEOUT = "timeout"
    """Nothing came for too long, or the service itself gave up waiting."""
    TRANSPORT = "transport"
    """The service failed, or the connection did."""
    CANCELLED = "cancelled"
    DIED = "died"
    """The caller's process ended with the lease in its hand."""


class Kind(StrEnum):
    """What follows from an outcome."""

    ENDED = "ended"
    """Nothing: the call was answered, or its caller has gone."""
    CREDENTIAL = "credential"
    """It is about a credential or its quota: the pool grants another, or the item waits for one."""
    TRANSIENT = "transient"
    """It passes: asked again with back-off, for as long as the model fails for everybody."""
    NO_ANSWER = "no_answer"
    """Asked again, :data:`ASKED_AT_MOST` times in all; then the item fails."""
    PERMANENT = "permanent"
    """It would fail again: the item fails."""


KINDS: dict[Outcome, Kind] = {
    Outcome.OK: Kind.ENDED,
    Outcome.CANCELLED: Kind.ENDED,
    Outcome.DIED: Kind.ENDED,
    Outcome.MINUTE: Kind.CREDENTIAL,
    Outcome.DAY: Kind.CREDENTIAL,
    Outcome.QUOTA_UNKNOWN: Kind.CREDENTIAL,
    Outcome.NO_TIER: Kind.CREDENTIAL,
    Outcome.AUTH: Kind.CREDENTIAL,
    Outcome.OVERLOADED: Kind.TRANSIENT,
    Outcome.TIMEOUT: Kind.TRANSIENT,
    Outcome.TRANSPORT: Kind.TRANSIENT,
    Outcome.NO_ANSWER: Kind.NO_ANSWER,
    Outcome.REGION: Kind.PERMANENT,
    Outcome.BAD_REQUEST: Kind.PERMANENT,
    Outcome.BLOCKED: Kind.PERMANENT,
}
_BY_WORD = {outcome.value: kind for outcome, kind in KINDS.items()}

ASKED_AT_MOST = 3
"""Times in all that a model is asked which ends without an answer."""


def kind_of(word: str) -> Kind | None:
    """What follows from an outcome as a worker says it; ``None`` if there is no such outcome."""
    return _BY_WORD.get(word)
