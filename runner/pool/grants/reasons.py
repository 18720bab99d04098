"""The reasons why a credential is unavailable, for humans."""

from __future__ import annotations

import time

from assemblyzero_tui.runner.pool.grants.pooled_credential import PooledCredential
from assemblyzero_tui.runner.pool.grants.quota import Quota, QuotaState
from assemblyzero_tui.runner.pool.grants.registry import Registry

MOST_NAMES = 4
"""The most credentials that are named; the others are only counted."""
THROTTLED = "the service refuses several credentials at once"


def why_unavailable(registry: Registry, model: str, now: float) -> str:
    """Why each credential is unavailable for a model."""
    parts = []
    for credential in registry.credentials.values():
        reason = _credential_reason(credential) or _quota_reason(
            registry, registry.quota(credential, model), now
        )
        if reason:
            parts.append(f"{credential.name} {reason}")
    if len(parts) > MOST_NAMES:
        return f"{', '.join(parts[:MOST_NAMES])}, and {len(parts) - MOST_NAMES} more"
    return ", ".join(parts)


def _credential_reason(credential: PooledCredential) -> str:
    if credential.disabled:
        return f"is disabled ({credential.disabled})"
    if credential.invalid:
        return f"is invalid ({credential.invalid})"
    return ""


def _quota_reason(registry: Registry, quota: Quota, now: float) -> str:
    if quota.state is QuotaState.NO_TIER:
        return f"has no quota for {quota.model}"
    if quota.state is QuotaState.UNSERVED:
        return f"does not get {quota.model} ({quota.reason})"
    if quota.state is QuotaState.EXHAUSTED:
        return f"is exhausted until {_end(registry, quota)}"
    if quota.state is QuotaState.COOLING:
        return f"is cooling down until {_end(registry, quota)}"
    if quota.probe:
        return "is being probed with one call"
    if quota.available_at(now) <= now:
        return ""
    if quota.full(now):
        return f"has made its {quota.count(now)} calls for this minute"
    return "is pacing its calls"


def _end(registry: Registry, quota: Quota) -> str:
    """The time of day until which a quota is closed, or the date and time if it is another day."""
    clock = registry.clock
    moment, now = time.localtime(clock.wall_at(quota.until)), time.localtime(clock.wall())
    return time.strftime("%H:%M:%S" if moment[:3] == now[:3] else "%Y-%m-%d %H:%M", moment)
