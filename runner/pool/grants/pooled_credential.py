"""A credential in the pool: whether it is usable, and the quota that it uses."""

from __future__ import annotations

from dataclasses import dataclass, field

from assemblyzero_tui.runner.credentials.credentials import Credential

STRIKES = 2
"""Refusals without a reason that make a credential invalid; one with a reason is enough."""
UNCERTAIN = frozenset({"", "PERMISSION_DENIED", "UNAUTHENTICATED"})
"""Reasons that add nothing to the HTTP status."""
PROJECT_WIDE = "SERVICE_DISABLED"
"""The reason of a refusal that applies to the whole project."""


def quota_name(credential: Credential) -> str:
    """The name of a credential's quota: that of its project, or of its own if that is unknown."""
    if credential.project:
        return f"project {credential.project}"
    return own_quota_name(credential)


def own_quota_name(credential: Credential) -> str:
    """The name of the quota of a credential without a known project."""
    return f"key {credential.secret.fingerprint}"


@dataclass(slots=True)
class PooledCredential:
    """A credential and its state."""

    credential: Credential
    disabled: str = ""
    """Why it is disabled; empty if it is not."""
    invalid: str = ""
    """Why the service rejects it; empty if it does not. Only a new API key or a reset ends that."""
    since: float = 0.0
    """Since when, in seconds since the epoch."""
    strikes: int = 0
    probe_first: bool = False
    """Another program recorded it as exhausted: each of its quotas is probed with one call first.
    To be set before the first request."""
    last_lease: int = 0
    """The number of its newest lease."""
    quota: str = field(init=False)
    """The name of its own quota, merged or not."""

    def __post_init__(self) -> None:
        self.quota = quota_name(self.credential)

    @property
    def name(self) -> str:
        """The name of the credential."""
        return self.credential.name

    @property
    def fingerprint(self) -> str:
        """Identifies the API key without showing it."""
        return self.credential.secret.fingerprint

    @property
    def usable(self) -> bool:
        """Whether it may be used, apart from its quota."""
        return not (self.disabled or self.invalid)

    def record_refusal(
        self, reason: str, detail: str, wall: float, *, at_once: bool = False
    ) -> bool:
        """Records that the service rejected it; returns whether it becomes invalid."""
        self.strikes += 1
        if self.invalid or (reason in UNCERTAIN and self.strikes < STRIKES and not at_once):
            return False
        self.invalid, self.since = detail or reason or "refused", wall
        return True
