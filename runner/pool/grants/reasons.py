"""The pool's reasons, for humans."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from assemblyzero_tui.runner.pool.grants.quota import QuotaState

if TYPE_CHECKING:
    from assemblyzero_tui.runner.pool.grants.pool import Pool

MOST_NAMES = 4
"""So many keys are named; of more only the number is told."""


def why_closed(pool: Pool, model: str, now: float) -> str:
    """What is the matter with each key, for a model that none can be used for now."""
    if pool.judge.throttled_until > now:
        return "the service refuses several keys at once"
    parts = []
    for key in pool.keys.values():
        group = pool.group(key, model)
        if key.disabled:
            parts.append(f"{key.name} is switched off ({key.disabled})")
        elif key.invalid:
            parts.append(f"{key.name} is refused ({key.invalid})")
        elif group.door is QuotaState.NO_TIER:
            parts.append(f"{key.name} has no quota for {model}")
        elif group.door is QuotaState.EXHAUSTED:
            until = _clock_time(pool.clock.wall_at(group.until), pool.clock.wall())
            parts.append(f"{key.name} has used up its day until {until}")
        elif group.door is QuotaState.COOLING:
            until = _clock_time(pool.clock.wall_at(group.until), pool.clock.wall())
            parts.append(f"{key.name} rests until {until}")
        elif group.probe:
            parts.append(f"{key.name} is tried with one call")
        elif group.opens(now) > now and not group.full(now):
            parts.append(f"{key.name} spreads its calls over the minute")
        elif group.opens(now) > now:
            parts.append(f"{key.name} has had its {group.count(now)} calls of this minute")
    if len(parts) > MOST_NAMES:
        return f"{', '.join(parts[:MOST_NAMES])}, and {len(parts) - MOST_NAMES} more"
    return ", ".join(parts)


def _clock_time(moment: float, now: float) -> str:
    """A time of day, with the date if it is another day."""
    same = time.localtime(moment)[:3] == time.localtime(now)[:3]
    return time.strftime("%H:%M:%S" if same else "%Y-%m-%d %H:%M", time.localtime(moment))
