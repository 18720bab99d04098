"""The outcomes of a call to a model and their consequences: the one table for every room."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """The outcome of one attempt of one call."""

    OK = "ok"
    MINUTE = "minute"
    """Refused: the per-minute quota is exhausted."""
    DAY = "day"
    """Refused: the daily quota is exhausted."""
    QUOTA_UNKNOWN = "quota_unknown"
    """Refused because of a quota that the service did not name."""
    NO_TIER = "no_tier"
    """The project has no quota at all for this model."""
    OVERLOADED = "overloaded"
    """The model has no capacity; the credential is not the cause."""
    AUTH = "auth"
    """The service rejects the credential."""
    REGION = "region"
    """The service is not available to this project at the location of this machine."""
    NO_MODEL = "no_model"
    """The model does not exist, or not for this project."""
    UNPAID = "unpaid"
    """Billing is disabled, its credit is used up, or its spending cap is reached."""
    BAD_REQUEST = "bad_request"
    """The request itself is invalid; it would fail again."""
    BLOCKED = "blocked"
    """The prompt or the answer was blocked for its content, or the answer is too long."""
    NO_ANSWER = "no_answer"
    """The model ended without an answer, for a reason that a retry can overcome."""
    TIMEOUT = "timeout"
    """Nothing was received for too long, or the service itself timed out."""
    TRANSPORT = "transport"
    """The service or the connection failed."""
    CANCELLED = "cancelled"
    DIED = "died"
    """The caller's process ended while it held the lease."""


class Kind(StrEnum):
    """The consequence of an outcome."""

    ENDED = "ended"
    """None: the call was answered, or its caller has ended."""
    CREDENTIAL = "credential"
    """It concerns a credential or its quota: the pool grants another, or the item waits for one."""
    TRANSIENT = "transient"
    """It is temporary: retried with backoff, for as long as the model fails for every item."""
    NO_ANSWER = "no_answer"
    """Retried up to :data:`NO_ANSWER_ATTEMPTS` attempts in all; then the item fails."""
    UNSERVED = "unserved"
    """This project does not get this model, regardless of quota: the pool grants another
    credential; if no project gets it, the run stops."""
    PERMANENT = "permanent"
    """It would fail again: the item fails; see :data:`SHARED`."""


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
    Outcome.REGION: Kind.UNSERVED,
    Outcome.NO_MODEL: Kind.UNSERVED,
    Outcome.UNPAID: Kind.UNSERVED,
    Outcome.BAD_REQUEST: Kind.PERMANENT,
    Outcome.BLOCKED: Kind.PERMANENT,
}
_KIND_BY_VALUE = {outcome.value: kind for outcome, kind in KINDS.items()}

SHARED = frozenset({Outcome.BAD_REQUEST})
"""Failures that are no longer the item's own when two items in a row have them: then the run stops
and keeps the other items."""
MONEY_HELPS = frozenset({Outcome.UNPAID, Outcome.NO_TIER})
"""What another credential, or paying, resolves."""
NO_ANSWER_ATTEMPTS = 3
"""Attempts in all of a call whose model ends without an answer."""


def kind_of(outcome: str) -> Kind | None:
    """The kind of an outcome that a worker reports; ``None`` if there is no such outcome."""
    return _KIND_BY_VALUE.get(outcome)
