"""The rows of the store that stand for a key and for a quota, and how another's is taken in."""

from __future__ import annotations

from math import inf
from typing import NamedTuple

from assemblyzero_tui.runner.pool.grants.pooled_credential import PooledCredential
from assemblyzero_tui.runner.pool.grants.quota import Quota, QuotaState
from assemblyzero_tui.runner.pool.grants.registry import Registry
from assemblyzero_tui.runner.pool.store.times import Times

START, REFUND, REFUSED = 1, -1, 0
"""What a row of the table of starts says: a call began, did not begin after all, was refused."""
ELSEWHERE = -1
"""The number of a probe that is in the hand of another engine."""
CLOSED = (QuotaState.COOLING, QuotaState.EXHAUSTED)
"""Doors that a time opens."""


class KeyRow(NamedTuple):
    """What is kept of a key."""

    fingerprint: str
    name: str
    project: str
    quota: str
    disabled: str
    invalid: str
    since: float
    strikes: int


class QuotaRow(NamedTuple):
    """What is kept of a quota and a model."""

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
    """One call is under way that is tried before the others."""


class Written(NamedTuple):
    """When a row was written, by the clocks of its writer."""

    boot: int
    at: float
    wall: float


KEY_COLUMNS = ", ".join(KeyRow._fields)
QUOTA_COLUMNS = ", ".join(QuotaRow._fields)
QUOTA_SIZE = len(QuotaRow._fields)


def key_row(key: PooledCredential) -> KeyRow:
    """What to keep of a key; its text is not in it."""
    return KeyRow(
        key.fingerprint, key.name, key.credential.project, key.quota,
        key.disabled, key.invalid, key.since, key.strikes,
    )  # fmt: skip


def quota_row(quota_: Quota, quota: str) -> QuotaRow:
    """What to keep of a group under the name of one of the quotas that it stands for."""
    return QuotaRow(
        quota, quota_.model, quota_.state.value, quota_.since, quota_.until, quota_.reason,
        quota_.careful, quota_.refusals, quota_.refused_at, quota_.per_minute, quota_.per_day,
        quota_.learned, quota_.cap, quota_.cap_since, quota_.struck, quota_.waived,
        quota_.probe > 0,
    )  # fmt: skip


def take_key(registry: Registry, row: KeyRow, *, tell: bool) -> None:
    """Makes a key what another process, or the user, has made of it."""
    key = registry.credentials[row.fingerprint]
    before = (key.disabled, key.invalid)
    key.disabled, key.invalid = row.disabled, row.invalid
    key.since, key.strikes = row.since, row.strikes
    if tell and before != (key.disabled, key.invalid):
        registry.report_credential(key)


def take_quota(
    registry: Registry, row: QuotaRow, written: Written, times: Times, *, new: bool
) -> None:
    """Takes in what another process, or an earlier one, has learned of a quota.

    Args:
        pool: Its group of this name is made if need be.
        row: A quota of one of the pool's keys.
        written: When.
        times: To read the row's times.
        new: The pool knows nothing of the quota yet, so that there is nothing to tell.
    """
    if new and not _worth_knowing(row):
        return
    quota_ = registry.quota_named(row.quota, row.model)
    before = (quota_.state, quota_.until)
    since, until, refused_at, cap_since = (
        times.here(moment, *written)
        for moment in (row.since, row.until, row.refused_at, row.cap_since)
    )
    quota_.careful = quota_.careful or bool(row.careful)
    quota_.refusals = row.refusals
    quota_.refused_at = max(quota_.refused_at, refused_at)
    quota_.struck, quota_.waived = row.struck, row.waived
    if row.learned:
        _take_limits(registry, quota_, row)
    if row.cap != inf and (quota_.cap == inf or cap_since > quota_.cap_since):
        quota_.cap, quota_.cap_since = row.cap, cap_since
    _take_door(quota_, row, since, until, times.clock.now(), new=new)
    _take_probe(quota_, row, of_this_boot=written.boot == times.boot)
    if not new and before != (quota_.state, quota_.until):
        registry.report_quota(quota_)


def _worth_knowing(row: QuotaRow) -> bool:
    return row[2:] != quota_row(Quota(row.quota, row.model), row.quota)[2:]


def _take_door(
    quota_: Quota, row: QuotaRow, since: float, until: float, now: float, *, new: bool
) -> None:
    """A door that another has closed is closed here too, and for no shorter than it was here."""
    door = QuotaState(row.door)
    if door is QuotaState.NO_TIER or (door in CLOSED and until > now):
        until = max(until, quota_.until if quota_.state in CLOSED else 0.0)
        was = quota_.state
        if quota_.suspend(door, until, row.reason, now) and was is not door:
            quota_.since = min(since, now)
    elif (new and door in CLOSED and row.careful) or (
        door is QuotaState.PROBING and (new or (quota_.state in CLOSED and quota_.until <= now))
    ):
        quota_.until = 0.0
        quota_.state, quota_.since, quota_.reason = QuotaState.PROBING, min(since, now), row.reason
    elif (
        not new
        and door is QuotaState.READY
        and quota_.state is QuotaState.PROBING
        and quota_.probe <= 0
    ):
        quota_.state, quota_.since, quota_.reason = QuotaState.READY, now, ""


def _take_probe(quota_: Quota, row: QuotaRow, *, of_this_boot: bool) -> None:
    """While another engine tries a quota with one call, this one does not."""
    tried = row.probing and of_this_boot and row.door == QuotaState.PROBING
    if quota_.state is QuotaState.PROBING and tried and not quota_.probe:
        quota_.probe = ELSEWHERE
    elif quota_.probe == ELSEWHERE and not tried:
        quota_.probe = 0


def _take_limits(registry: Registry, quota_: Quota, row: QuotaRow) -> None:
    given = [key.credential.limits(quota_.model) for key in registry.credentials_of(quota_)]
    minutes = [each[0] for each in given if each[0] is not None]
    days = [each[1] for each in given if each[1] is not None]
    quota_.per_minute = min(minutes + _known(row.per_minute), default=None)
    quota_.per_day = min(days + _known(row.per_day), default=None)
    quota_.learned = True


def _known(limit: int | None) -> list[int]:
    return [] if limit is None else [limit]
