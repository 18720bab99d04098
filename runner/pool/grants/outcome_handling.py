"""What the end of a call tells about key and quota.

The service's words are not taken at face value: a delay of half a minute is named for the quota of
a day as well, and a quota of a day is sometimes named by mistake. What it says is held against the
pool's own count, and tried once more where the two differ.
"""

from __future__ import annotations

from bisect import insort
from math import inf
from typing import TYPE_CHECKING

from assemblyzero_tui.runner.model.call_outcomes import Kind, Outcome, kind_of
from assemblyzero_tui.runner.pool.grants.ledger import Lease
from assemblyzero_tui.runner.pool.grants.pooled_credential import (
    OF_THE_PROJECT,
    UNCERTAIN,
    PooledCredential,
)
from assemblyzero_tui.runner.pool.grants.quota import MINUTE, WINDOW, Quota, QuotaState
from assemblyzero_tui.runner.wire.worker_messages import Release

if TYPE_CHECKING:
    from assemblyzero_tui.runner.pool.grants.pool import Pool

UNKNOWN_FIRST, UNKNOWN_MOST = 5.0, 120.0
"""Seconds of the first rest after a quota without a name, doubled each time, and the longest."""
MOST_DOUBLINGS = 10
DOUBT = 30.0
"""Seconds at least until a quota of a day is tried again that the own count does not confirm."""
AFTER_MIDNIGHT = 5.0
"""Seconds by which the service's clock may be behind."""


def was_let_in(outcome: str) -> bool:
    """Whether a call is known to have passed every quota, whatever became of it then."""
    return outcome == Outcome.OK or kind_of(outcome) in (Kind.NO_ANSWER, Kind.PERMANENT)


def learn(pool: Pool, lease: Lease, news: Release) -> None:
    """Takes in how a call with a key ended."""
    key = pool.keys[lease.key]
    group = pool.group(key, lease.model)
    pool.changes.groups.add((group.name, group.model))
    if not news.sent:
        group.refund(lease.started, lease.day)
        pool.changes.refunds.append(lease)
    if news.outcome == Outcome.AUTH:
        _key_refused(pool, key, news)
    elif kind_of(news.outcome) is Kind.CREDENTIAL:
        _refused(pool, group, lease, news)
        pool.say_group(group)
        return
    elif news.sent and was_let_in(news.outcome):
        _answered(pool, key, group, lease, news)
    if group.probe == lease.number:
        group.probe = 0  # it told nothing about the quota: another call is tried


def _answered(pool: Pool, key: PooledCredential, group: Quota, lease: Lease, news: Release) -> None:
    if news.outcome == Outcome.OK:
        key.strikes = 0
    doubted = group.struck
    if group.answered(lease.number):
        if doubted and group.learned:
            group.per_day = pool.given(group)[1]  # the day's quota was named by mistake
        pool.say_group(group)
    pool.sharing.accepted(group, pool.others(group), lease.started)


def _refused(pool: Pool, group: Quota, lease: Lease, news: Release) -> None:
    now = pool.clock.now()
    known_by_then = lease.started <= group.refused_at
    if not known_by_then:
        group.refused_at = now
        group.refusals += 1
    if group.probe == lease.number:
        group.probe = 0
    if lease.started in group.starts:
        insort(group.refused, lease.started)
    match news.outcome:
        case Outcome.NO_TIER:
            group.close(QuotaState.NO_TIER, 0.0, f"no quota for {group.model}", now)
        case Outcome.DAY:
            _day(pool, group, news, now, known_by_then)
        case Outcome.MINUTE:
            _minute(pool, group, lease, news, now, known_by_then)
        case _:
            doublings = min(max(0, group.refusals - 1), MOST_DOUBLINGS)
            wait = min(UNKNOWN_MOST, UNKNOWN_FIRST * 2**doublings)
            group.careful = True
            group.slow_down(now, lease.started, pool.chance())
            until = now + max(wait, news.retry_after) + pool.chance()
            group.close(QuotaState.COOLING, until, "a quota is used up", now)


def _minute(
    pool: Pool, group: Quota, lease: Lease, news: Release, now: float, known_by_then: bool
) -> None:
    until = now + (news.retry_after or MINUTE)
    if news.quotas and not any("Requests" in name for name in news.quotas):
        # It tells nothing about requests: neither how many are allowed, nor who shares them.
        reason = "the minute's tokens are used up"
        group.close(QuotaState.COOLING, until + pool.chance(), reason, now)
        return
    limits = [v for name, v in news.quotas.items() if "Requests" in name and "Minute" in name]
    limit = _lowest(*limits, given=pool.given(group)[0])
    if limit is not None and limit != group.per_minute:
        group.per_minute, group.learned = limit, True
    reason = "the minute is used up"
    if group.accepted(lease.started, then=True) >= (group.per_minute or inf):
        most = int(group.per_minute or 1)
        if len(group.starts) >= most:
            until = max(until, group.starts[-most] + WINDOW)
    elif not known_by_then:
        group.careful = True
        group.slow_down(now, lease.started, pool.chance())
        pool.judge.surprised(group, news.retry_after, now)
        one_with = pool.sharing.refused(group, pool.others(group), lease.started)
        if one_with is not None:
            group.close(QuotaState.COOLING, until + pool.chance(), reason, now)
            pool.merge(group, one_with)
            return
    group.close(QuotaState.COOLING, until + pool.chance(), reason, now)


def _day(pool: Pool, group: Quota, news: Release, now: float, known_by_then: bool) -> None:
    today = pool.today(now)
    limits = [v for name, v in news.quotas.items() if "Requests" in name and "Day" in name]
    limit = _lowest(*limits, given=pool.given(group)[1])
    if limit is not None and limit != group.per_day:
        group.per_day, group.learned = limit, True
    counted = group.per_day is not None and group.used_today(today) >= group.per_day
    tried = group.struck == today.name and not known_by_then
    group.careful, group.waived = True, ""
    if counted or tried:
        until = today.ends + AFTER_MIDNIGHT
        group.close(QuotaState.EXHAUSTED, until, "the day is used up", now)
        return
    if not known_by_then:
        group.struck = today.name
    until = now + max(DOUBT, news.retry_after) + pool.chance()
    group.close(QuotaState.COOLING, until, "the day may be used up", now)


def _lowest(*told: int | None, given: int | None) -> int | None:
    """The limit that holds from now on, if one was told that makes sense."""
    limit = min((value for value in told if value is not None and value > 0), default=None)
    return limit if limit is None or given is None else min(limit, given)


def _key_refused(pool: Pool, key: PooledCredential, news: Release) -> None:
    wall, detail = pool.clock.wall(), news.detail
    same = [k for k in pool.keys.values() if k.credential.project and k.quota == key.quota]
    if news.reason == OF_THE_PROJECT:
        out = [k for k in same or [key] if k.refused(news.reason, detail, wall)]
    else:
        others = any(k.strikes for k in same if k is not key)
        out = [key] if key.refused(news.reason, detail, wall, at_once=others) else []
        if out and others and news.reason in UNCERTAIN:
            out += [k for k in same if k is not key and k.strikes and k.refused("", detail, wall)]
    for each in out:
        pool.changes.keys.add(each.fingerprint)
        pool.say_key(each)
