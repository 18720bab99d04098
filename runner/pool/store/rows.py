"""The rows of credentials and quotas: built from a registry, and applied to one."""

from __future__ import annotations

from math import inf
from typing import NamedTuple

from assemblyzero_tui.runner.pool.grants.pooled_credential import PooledCredential
from assemblyzero_tui.runner.pool.grants.quota import CLOSED, Quota, QuotaState
from assemblyzero_tui.runner.pool.grants.registry import Registry
from assemblyzero_tui.runner.pool.store.times import Times

START, REFUND, REFUSED = 1, -1, 0
"""Kinds of rows in the table of starts: a call started, was never sent, was refused."""
ELSEWHERE = -1
"""The probe number that means a probe of another engine."""


class CredentialRow(NamedTuple):
    """The stored state of a credential."""

    fingerprint: str
    name: str
    project: str
    quota: str
    disabled: str
    invalid: str
    since: float
    strikes: int


class QuotaRow(NamedTuple):
    """The stored state of a quota for a model. The fields are the columns."""

    quota: str
    model: str
    door: str
    since: float
    until: float
    reason: str
    careful: bool
    refusals: int
    refused_at: float
    per_minute: int | None
    per_day: int | None
    learned: bool
    cap: float
    cap_since: float
    struck: str
    waived: str
    probing: bool
    """A probing call is under way."""
    tokens_per_minute: int | None = None
    tokens_learned: bool = False


class Written(NamedTuple):
    """When a row was written, by the clocks of its writer."""

    boot: int
    at: float
    wall: float


CREDENTIAL_COLUMNS = ", ".join(CredentialRow._fields)
QUOTA_COLUMNS = ", ".join(QuotaRow._fields)
QUOTA_SIZE = len(QuotaRow._fields)


def credential_row(credential: PooledCredential) -> CredentialRow:
    """The row of a credential, without its secret."""
    return CredentialRow(
        credential.fingerprint, credential.name, credential.credential.project, credential.quota,
        credential.disabled, credential.invalid, credential.since, credential.strikes,
    )  # fmt: skip


def quota_row(quota: Quota, name: str) -> QuotaRow:
    """The row of a quota under one of the names that were merged into it."""
    return QuotaRow(
        name, quota.model, quota.state.value, quota.since, quota.until, quota.reason,
        quota.careful, quota.refusals, quota.refused_at, quota.per_minute, quota.per_day,
        quota.learned, quota.cap, quota.cap_since, quota.struck, quota.waived,
        quota.probe > 0, quota.tokens.per_minute, quota.tokens.learned,
    )  # fmt: skip


def apply_credential_row(registry: Registry, row: CredentialRow, *, report: bool) -> None:
    """Applies the state of a credential that another process or the user has set."""
    credential = registry.credentials[row.fingerprint]
    before = (credential.disabled, credential.invalid)
    credential.disabled, credential.invalid = row.disabled, row.invalid
    credential.since, credential.strikes = row.since, row.strikes
    if report and before != (credential.disabled, credential.invalid):
        registry.report_credential(credential)


def apply_quota_row(
    registry: Registry, row: QuotaRow, written: Written, times: Times, *, new: bool
) -> None:
    """Applies the state of a quota that another process has written.

    Args:
        registry: The registry; it creates the quota if necessary.
        row: The row of the quota of one of its credentials.
        written: When the row was written.
        times: Converts the times of the row.
        new: Whether the quota is new to the registry; then nothing is reported.
    """
    if new and _is_initial(row):
        return
    quota = registry.quota_named(row.quota, row.model)
    before = (quota.state, quota.until)
    since, until, refused_at, cap_since = (
        times.here(moment, *written)
        for moment in (row.since, row.until, row.refused_at, row.cap_since)
    )
    quota.careful = quota.careful or bool(row.careful)
    quota.refusals = row.refusals
    quota.refused_at = max(quota.refused_at, refused_at)
    quota.struck, quota.waived = row.struck, row.waived
    if row.learned:
        _apply_limits(registry, quota, row)
    if row.tokens_learned and row.tokens_per_minute is not None:
        quota.tokens.learn(row.tokens_per_minute, registry.configured_tokens(quota))
    if row.cap != inf and (quota.cap == inf or cap_since > quota.cap_since):
        quota.cap, quota.cap_since = row.cap, cap_since
    _apply_state(quota, row, since, until, times.clock.now(), new=new)
    _apply_probe(quota, row, of_this_boot=written.boot == times.boot)
    if not new and before != (quota.state, quota.until):
        registry.report_quota(quota)


def _is_initial(row: QuotaRow) -> bool:
    return row[2:] == quota_row(Quota(row.quota, row.model), row.quota)[2:]


def _apply_state(
    quota: Quota, row: QuotaRow, since: float, until: float, now: float, *, new: bool
) -> None:
    """Applies a cooldown of another engine, but never shortens one of this engine."""
    state = QuotaState(row.door)
    asked_again = new and state is QuotaState.UNSERVED  # the user may have put it right
    if state is QuotaState.NO_TIER or (state in CLOSED and until > now and not asked_again):
        until = max(until, quota.until if quota.state in CLOSED else 0.0)
        before = quota.state
        if quota.suspend(state, until, row.reason, now) and before is not state:
            quota.since = min(since, now)
    elif (new and state in CLOSED and row.careful) or (
        state is QuotaState.PROBING and (new or (quota.state in CLOSED and quota.until <= now))
    ):
        quota.until = 0.0
        quota.state, quota.since, quota.reason = QuotaState.PROBING, min(since, now), row.reason
    elif (
        not new
        and state is QuotaState.READY
        and quota.state is QuotaState.PROBING
        and quota.probe <= 0
    ):
        quota.state, quota.since, quota.reason = QuotaState.READY, now, ""


def _apply_probe(quota: Quota, row: QuotaRow, *, of_this_boot: bool) -> None:
    """Keeps this engine from probing a quota that another engine is probing."""
    probing = row.probing and of_this_boot and row.door == QuotaState.PROBING
    if quota.state is QuotaState.PROBING and probing and not quota.probe:
        quota.probe = ELSEWHERE
    elif quota.probe == ELSEWHERE and not probing:
        quota.probe = 0


def _apply_limits(registry: Registry, quota: Quota, row: QuotaRow) -> None:
    per_minute, per_day = registry.configured_limits(quota)
    quota.per_minute = _lower(per_minute, row.per_minute)
    quota.per_day = _lower(per_day, row.per_day)
    quota.learned = True


def _lower(*limits: int | None) -> int | None:
    return min((limit for limit in limits if limit is not None), default=None)
