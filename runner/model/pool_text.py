"""Texts about the states of credentials, and about when quota is available again."""

from __future__ import annotations

import time
from collections import Counter

from assemblyzero_tui.runner.base.durations import countdown, duration
from assemblyzero_tui.runner.model.credential_state import RECOVERING, STRENGTH, USABLE
from assemblyzero_tui.runner.model.pool_state import PoolState, QuotaState

HOUR = 3600.0
"""Seconds from which on a time of day is shown instead of a countdown."""
CREDENTIAL_WORDS = {
    "ready": "ready",
    "probing": "probing",
    "cooling": "cooling",
    "exhausted": "exhausted",
    "no_tier": "no quota",
    "invalid": "invalid",
    "disabled": "disabled",
    "absent": "gone",
}
"""The words for the states of a credential, at most nine cells wide."""
SENTENCES = {
    "ready": "is ready again",
    "probing": "is probed with one call",
    "cooling": "is cooling down",
    "exhausted": "is exhausted",
    "no_tier": "has no quota",
    "invalid": "is invalid and no longer used",
    "disabled": "is disabled",
}
"""The states as the rest of a sentence that begins with the credential's name."""
WITHOUT_A_TIME = "Add, enable or reset a credential to continue"
"""What to do if no time is known at which a credential is ready again."""


def time_of_day(moment: float, *, seconds: bool = False) -> str:
    """The local time: ``14:02``."""
    return time.strftime("%H:%M:%S" if seconds else "%H:%M", time.localtime(moment))


def ends(until: float, now: float, set_back: float = 0.0) -> str:
    """When something ends: ``4:12`` from now, or ``until 09:00`` if that is an hour or more."""
    left = until - now
    return _countdown(left) if left < HOUR else f"until {time_of_day(until - set_back)}"


def begins(until: float, now: float, set_back: float = 0.0) -> str:
    """When something begins: ``in 4:12``, or ``at 09:00`` if that is an hour or more from now."""
    left = until - now
    return f"in {_countdown(left)}" if left < HOUR else f"at {time_of_day(until - set_back)}"


def resume_time(until: float, now: float, set_back: float = 0.0) -> str:
    """When something resumes: ``in 4:12 (14:06)``, or ``at 09:00 (in 5h 02m)``."""
    left, at = max(0.0, until - now), time_of_day(until - set_back)
    return f"in {_countdown(left)} ({at})" if left < HOUR else f"at {at} (in {duration(left)})"


def resumes_automatically(until: float, now: float, set_back: float = 0.0) -> str:
    """``Resumes automatically in 4:12 (14:06)``: a sentence without its full stop."""
    return f"Resumes automatically {resume_time(until, now, set_back)}"


def _countdown(seconds: float) -> str:
    """``4:12``: minutes without a leading zero."""
    return countdown(seconds).removeprefix("0")


def used_of_minute(quota: QuotaState, now: float) -> str:
    """``7/10``, or ``7/?`` if the limit is unknown."""
    return _of(quota.minute_at(now), quota.per_minute)


def used_of_day(quota: QuotaState) -> str:
    """``113/250``, or ``113/?`` if the limit is unknown."""
    return _of(quota.day, quota.per_day)


def _of(used: int, limit: int | None) -> str:
    return f"{used}/{'?' if limit is None else limit}"


def no_quota_text(pool: PoolState, now: float) -> str:
    """The reason why no call can be made: a sentence without its full stop."""
    states = {state for state, _ in count_by_state(pool, now)}
    if states & USABLE:
        return "No credential is free"
    return "No quota left" if states & RECOVERING else "No usable credential"


def count_by_state(pool: PoolState, now: float) -> list[tuple[str, int]]:
    """Counts the credentials in each state, the usable ones first."""
    counts = Counter(credential.at(now) for credential in pool.present)
    return [(state, counts[state]) for state in reversed(STRENGTH) if counts[state]]


def next_return(pool: PoolState, now: float) -> float | None:
    """When the next credential is ready again; ``None`` if unknown."""
    untils = [credential.strongest(now).until for credential in pool.present]
    return min((until for until in untils if until is not None and until > now), default=None)
