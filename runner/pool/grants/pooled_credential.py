"""A credential in the pool: whether it may be used at all, and whose quota it uses."""

from __future__ import annotations

from dataclasses import dataclass, field

from assemblyzero_tui.runner.credentials.credentials import Credential

STRIKES = 2
"""How many refusals without a reason make a credential invalid; one with a reason is enough."""
UNCERTAIN = frozenset({"", "PERMISSION_DENIED", "UNAUTHENTICATED"})
"""Reasons that say no more than the status."""
OF_THE_PROJECT = "SERVICE_DISABLED"
"""A refusal that concerns the whole project."""


def quota_name(credential: Credential) -> str:
    """The name of a credential's quota: its project's, or one of its own if that is unknown."""
    if credential.project:
        return f"project {credential.project}"
    return quota_of_its_own(credential)


def quota_of_its_own(credential: Credential) -> str:
    """The name of the quota of a credential without a known project."""
    return f"key {credential.secret.fingerprint}"


@dataclass(slots=True)
class PooledCredential:
    """A credential and its state."""

    credential: Credential
    disabled: str = ""
    """Why it is disabled; empty if it is not."""
    invalid: str = ""
    """Why the service rejects it; empty if it does not. Only a new key or a reset ends that."""
    since: float = 0.0
    """Since when, in seconds since the epoch."""
    strikes: int = 0
    probe_first: bool = False
    """Another program reports it as exhausted: each of its quotas is probed with one call first.
    Set it before the first request."""
    last_lease: int = 0
    """The number of its newest lease."""
    quota: str = field(init=False)
    """The name of its own quota, merged or not."""

    def __post_init__(self) -> None:
        self.quota = quota_name(self.credential)

    @property
    def name(self) -> str:
        """Its name."""
        return self.credential.name

    @property
    def fingerprint(self) -> str:
        """Identifies the key without showing it."""
        return self.credential.secret.fingerprint

    @property
    def usable(self) -> bool:
        """Whether it may be used, apart from its quota."""
        return not (self.disabled or self.invalid)

    def refused(self, reason: str, detail: str, wall: float, *, at_once: bool = False) -> bool:
        """Records that the service rejected it; whether it is invalid from now on."""
        self.strikes += 1
        if self.invalid or (reason in UNCERTAIN and self.strikes < STRIKES and not at_once):
            return False
        self.invalid, self.since = detail or reason or "refused", wall
        return True
