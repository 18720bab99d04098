"""What keys do and when they come back, in the words of every face."""

from __future__ import annotations

import time
from collections import Counter

from assemblyzero_tui.runner.base.durations import countdown, duration
from assemblyzero_tui.runner.model.credential_state import RECOVERING, STRENGTH, USABLE
from assemblyzero_tui.runner.model.pool_state import PoolState, QuotaState

HOUR = 3600.0
"""Seconds from which a time of day tells more than a countdown."""
CREDENTIAL_WORDS = {
    "ready": "ready",
    "probing": "is tried",
    "cooling": "rests",
    "exhausted": "used up",
    "no_tier": "no quota",
    "invalid": "refused",
    "disabled": "off",
    "absent": "gone",
}
"""What a key in each state is or does, in at most eight cells."""
SENTENCES = {
    "ready": "can be used again",
    "probing": "is tried with one call",
    "cooling": "rests",
    "exhausted": "is used up for the day",
    "no_tier": "has no quota",
    "invalid": "is refused and not used any more",
    "disabled": "is switched off",
}
"""The same in a sentence."""
WITHOUT_A_TIME = "A key that is added, enabled or reset would help"
"""What to do when nobody knows when a key comes back."""


def time_of_day(moment: float, *, seconds: bool = False) -> str:
    """The local time: ``14:02``."""
    return time.strftime("%H:%M:%S" if seconds else "%H:%M", time.localtime(moment))


def ends(until: float, now: float, set_back: float = 0.0) -> str:
    """When something is over: ``04:12`` from now, or ``till 09:00`` where it is hours."""
    left = until - now
    return countdown(left) if left < HOUR else f"till {time_of_day(until - set_back)}"


def begins(until: float, now: float, set_back: float = 0.0) -> str:
    """When something begins: ``in 04:12``, or ``at 09:00`` where it is hours."""
    left = until - now
    return f"in {countdown(left)}" if left < HOUR else f"at {time_of_day(until - set_back)}"


def resume_time(until: float, now: float, set_back: float = 0.0) -> str:
    """When something goes on: ``in 04:12 (at 14:06)``, ``at 09:00 (in 5h 02m)``."""
    left, at = max(0.0, until - now), time_of_day(until - set_back)
    return f"in {countdown(left)} (at {at})" if left < HOUR else f"at {at} (in {duration(left)})"


def used_of_minute(quota: QuotaState, now: float) -> str:
    """``7/10``, or ``7/?`` where the limit is not known."""
    return _of(quota.minute_at(now), quota.per_minute)


def used_of_day(quota: QuotaState) -> str:
    """``113/250``, or ``113/?`` where the limit is not known."""
    return _of(quota.day, quota.per_day)


def _of(used: int, limit: int | None) -> str:
    return f"{used}/{'?' if limit is None else limit}"


def no_quota_text(pool: PoolState, now: float) -> str:
    """What is to be said when nobody can call: a sentence without its full stop."""
    states = {state for state, _ in census(pool, now)}
    if states & USABLE:
        return "No key is free"
    return "All keys rest" if states & RECOVERING else "No key can be used"


def census(pool: PoolState, now: float) -> list[tuple[str, int]]:
    """How many keys are in each state, the usable ones first."""
    counts = Counter(credential.at(now) for credential in pool.present)
    return [(state, counts[state]) for state in reversed(STRENGTH) if counts[state]]


def next_return(pool: PoolState, now: float) -> float | None:
    """When the next key comes back, if one does."""
    untils = [credential.strongest(now).until for credential in pool.present]
    return min((until for until in untils if until is not None and until > now), default=None)
