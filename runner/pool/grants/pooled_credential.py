"""A credential in the pool: whether it may be used at all, and whose quota it uses."""

from __future__ import annotations

from dataclasses import dataclass, field

from assemblyzero_tui.runner.credentials.credentials import Credential

STRIKES = 2
"""So many refusals without a reason put a key out; one with a reason is enough."""
UNCERTAIN = frozenset({"", "PERMISSION_DENIED", "UNAUTHENTICATED"})
"""What a refusal says that gives no reason beyond its status."""
OF_THE_PROJECT = "SERVICE_DISABLED"
"""A refusal that is about the key's project."""


def quota_name(credential: Credential) -> str:
    """Whose quota a key uses: its project's, or one that is taken to be its own."""
    if credential.project:
        return f"project {credential.project}"
    return quota_of_its_own(credential)


def quota_of_its_own(credential: Credential) -> str:
    """What the quota of a key is called whose project is not known."""
    return f"key {credential.secret.fingerprint}"


@dataclass(slots=True)
class PooledCredential:
    """A key and what became of it."""

    credential: Credential
    disabled: str = ""
    """Why the user has switched it off; empty if not."""
    invalid: str = ""
    """Why the service does not accept it; it stays so until the key is another one."""
    since: float = 0.0
    """When that was, in seconds since the epoch."""
    strikes: int = 0
    probe_first: bool = False
    """It may be used up, somebody else says: each of its quotas is tried with one call at first.
    Set it before the first call is asked for."""
    last_lease: int = 0
    """The number of the newest lease it was given for."""
    quota: str = field(init=False)
    """The name of its quota, if it is not merged with another."""

    def __post_init__(self) -> None:
        self.quota = quota_name(self.credential)

    @property
    def name(self) -> str:
        """What it is called."""
        return self.credential.name

    @property
    def fingerprint(self) -> str:
        """Which key it is, without showing it."""
        return self.credential.secret.fingerprint

    @property
    def usable(self) -> bool:
        """Whether it may be used, as far as the key itself goes."""
        return not (self.disabled or self.invalid)

    def refused(self, reason: str, detail: str, wall: float, *, at_once: bool = False) -> bool:
        """The service does not accept it; whether it is out from now on."""
        self.strikes += 1
        if self.invalid or (reason in UNCERTAIN and self.strikes < STRIKES and not at_once):
            return False
        self.invalid, self.since = detail or reason or "refused", wall
        return True
