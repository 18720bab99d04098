"""Which key rests until when, and why; and what each outcome of a call means for that."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from assemblyzero_tui.runner.events import AnyEvent, CredentialChanged, Notice
from assemblyzero_tui.runner.llm.provider import Outcome
from assemblyzero_tui.runner.pool.credentials import Credential
from assemblyzero_tui.runner.worker.messages import Release

State = Literal["cooling", "exhausted", "no_tier"]

MINUTE = 60.0
"""Seconds a key rests after a quota of a minute, where the service names no time."""
UNKNOWN_FIRST, UNKNOWN_MOST = 5.0, 120.0
"""Seconds of the first rest after a quota without a name, doubled each time, and the longest."""
SAME = 1.0
"""Seconds by which a rest must grow to be another one."""
BUSY_FIRST, BUSY_MOST = 1.0, 30.0
"""The same for a model without capacity; the real rest is a random share of it."""
STRIKES = 2
"""So many refusals without a reason put a key out; one with a reason is enough."""
_UNCERTAIN = "PERMISSION_DENIED"
"""A refusal that gives no reason beyond its status."""


@dataclass(slots=True)
class Key:
    """A credential in the book."""

    credential: Credential
    invalid: str = ""
    """Why it is out."""
    strikes: int = 0

    @property
    def name(self) -> str:
        """What it is called."""
        return self.credential.name

    @property
    def group(self) -> str:
        """Whose quota it uses."""
        project = self.credential.project
        return f"project {project}" if project else f"key {self.name}"


@dataclass(slots=True)
class _Rest:
    """Of one project with one model."""

    state: State
    until: float
    reason: str
    count: int = 1
    """How often in a row."""


@dataclass(slots=True)
class _Busy:
    """A model without capacity."""

    until: float = 0.0
    count: int = 0
    reason: str = ""


def pacific() -> tzinfo:
    """The time zone in which the service's day ends."""
    try:
        return ZoneInfo("America/Los_Angeles")
    except ZoneInfoNotFoundError:
        return timezone(timedelta(hours=-8))


def end_of_day(now: float) -> float:
    """The next midnight in California; days of 23 and 25 hours are counted right."""
    zone = pacific()
    today = datetime.fromtimestamp(now, zone)
    tomorrow = (today + timedelta(days=1)).date()
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=zone).timestamp()


class Rests:
    """What is known of keys and models; an ``until`` only grows while it has not passed."""

    def __init__(self, keys: Sequence[Key], chance: Callable[[], float]) -> None:
        self._keys = keys
        self._chance = chance
        self._rests: dict[tuple[str, str], _Rest] = {}
        self._busy: dict[str, _Busy] = {}

    def usable(self, key: Key, model: str, now: float) -> bool:
        """Whether a call may be made with this key now."""
        busy = self._busy.get(model)
        rest = self._rests.get((key.group, model))
        rests = rest is not None and (rest.state == "no_tier" or rest.until > now)
        return not (key.invalid or rests or (busy is not None and busy.until > now))

    def hopeless(self, model: str, now: float) -> bool:
        """Whether nothing but another day, another key or another model can help."""
        return all(self._is_out(key, model, now) for key in self._keys)

    def without_tier(self, model: str) -> bool:
        """Whether every key that is valid has no quota at all for this model."""
        valid = [self._rests.get((key.group, model)) for key in self._keys if not key.invalid]
        return bool(valid) and all(rest is not None and rest.state == "no_tier" for rest in valid)

    def opens(self, model: str, now: float) -> float:
        """When a key can be used again: now, if one can; at the end of the day, if none rests."""
        busy = self._busy.get(model, _Busy())
        times = [
            rest.until if (rest := self._rests.get((key.group, model))) is not None else now
            for key in self._keys
            if not self._is_out(key, model, now)
        ]
        return max(busy.until, min(times, default=self.day_ends(model)), now)

    def day_ends(self, model: str) -> float:
        """When the first exhausted key has a new day; 0 if that helps none."""
        times = [
            rest.until
            for key in self._keys
            if not key.invalid
            and (rest := self._rests.get((key.group, model))) is not None
            and rest.state == "exhausted"
        ]
        return min(times, default=0.0)

    def why(self, model: str, now: float) -> str:
        """For humans: what is the matter with each key."""
        parts = []
        for key in self._keys:
            rest = self._rests.get((key.group, model))
            if key.invalid:
                parts.append(f"{key.name} is refused ({key.invalid})")
            elif rest is not None and rest.state == "no_tier":
                parts.append(f"{key.name} has no quota for {model}")
            elif rest is not None and rest.until > now:
                word = "has used up its day" if rest.state == "exhausted" else "rests"
                parts.append(f"{key.name} {word} until {clock_time(rest.until, now)}")
        if (busy := self._busy.get(model)) is not None and busy.until > now:
            parts.append(busy.reason)
        return ", ".join(parts)

    def learn(self, key: Key, model: str, news: Release, now: float) -> list[AnyEvent]:
        """Takes in how a call ended; the events that follow from it."""
        match news.outcome:
            case Outcome.OK:
                key.strikes = 0
                rest, busy = self._rests.get((key.group, model)), self._busy.get(model)
                if rest is not None and rest.state != "no_tier" and rest.until <= now:
                    del self._rests[key.group, model]
                if busy is not None and busy.until <= now:
                    del self._busy[model]
            case Outcome.AUTH:
                return self._refused(key, model, news)
            case Outcome.MINUTE:
                wait = (news.retry_after or MINUTE) + self._chance()
                return self._rest(key, model, "cooling", now + wait, "quota of the minute")
            case Outcome.QUOTA_UNKNOWN:
                before = self._rests.get((key.group, model))
                wait = min(UNKNOWN_MOST, UNKNOWN_FIRST * 2 ** (before.count if before else 0))
                wait = max(wait, news.retry_after) + self._chance()
                return self._rest(key, model, "cooling", now + wait, "a quota")
            case Outcome.DAY:
                until = end_of_day(now)
                return self._rest(key, model, "exhausted", until, "quota of the day")
            case Outcome.NO_TIER:
                return self._rest(key, model, "no_tier", 0.0, f"no quota for {model}")
            case Outcome.OVERLOADED | Outcome.TRANSPORT:
                return self._no_capacity(model, news, now)
        return []

    def _is_out(self, key: Key, model: str, now: float) -> bool:
        rest = self._rests.get((key.group, model))
        if key.invalid or rest is None or rest.state == "cooling":
            return bool(key.invalid)
        return rest.state == "no_tier" or rest.until > now

    def _refused(self, key: Key, model: str, news: Release) -> list[AnyEvent]:
        key.strikes += 1
        if key.invalid or (news.reason in ("", _UNCERTAIN) and key.strikes < STRIKES):
            return []
        key.invalid = news.detail or news.reason or "refused"
        return [CredentialChanged(credential=key.name, state="invalid", reason=key.invalid)]

    def _rest(
        self, key: Key, model: str, state: State, until: float, reason: str
    ) -> list[AnyEvent]:
        before = self._rests.get((key.group, model))
        count = 1 if before is None else before.count + 1
        if before is not None and before.state == state and until <= before.until + SAME:
            return []
        self._rests[key.group, model] = _Rest(state, until, reason, count)
        return [
            CredentialChanged(
                credential=other.name, state=state, model=model, reason=reason, until=until or None
            )
            for other in self._keys
            if other.group == key.group and not other.invalid
        ]

    def _no_capacity(self, model: str, news: Release, now: float) -> list[AnyEvent]:
        busy = self._busy.setdefault(model, _Busy())
        if busy.until > now:
            return []  # a call of the same moment, which began before the rest
        busy.count += 1
        busy.reason = news.detail or news.outcome
        most = min(BUSY_MOST, BUSY_FIRST * 2 ** (busy.count - 1))
        busy.until = now + news.retry_after + most * self._chance()
        return [Notice(text=f"{busy.reason}; calls slow down")] if busy.count == 1 else []


def clock_time(moment: float, now: float) -> str:
    """A time of day, with the date if it is another day."""
    same = time.localtime(moment)[:3] == time.localtime(now)[:3]
    return time.strftime("%H:%M:%S" if same else "%Y-%m-%d %H:%M", time.localtime(moment))
