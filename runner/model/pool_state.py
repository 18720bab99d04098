"""The state of the pool, computed from its events: credentials, quotas, the pool as a whole."""

from __future__ import annotations

from dataclasses import dataclass, field

from assemblyzero_tui.runner.model.credential_state import (
    USABLE,
    CredentialState,
    CredentialStatus,
    Traffic,
)
from assemblyzero_tui.runner.model.events import (
    ABANDONED,
    AutoResumeSet,
    CallEnded,
    CredentialChanged,
    PoolChanged,
    QuotaCounted,
)

PoolEvent = CredentialChanged | QuotaCounted | PoolChanged | AutoResumeSet
"""The events about the pool."""
WINDOW = 61.0
"""Seconds after which the calls of a minute are outdated."""


@dataclass(slots=True)
class QuotaState:
    """The usage of a quota with one model."""

    quota: str
    model: str
    minute: int
    per_minute: int | None
    day: int
    per_day: int | None
    learned: bool
    time: float
    """When it was reported."""
    tokens: int = 0
    """Tokens of the prompts in the minute, if they are limited."""
    tokens_per_minute: int | None = None
    tokens_learned: bool = False

    def tokens_at(self, now: float) -> int:
        """Tokens of the minute; 0 long after the last report."""
        return self.tokens if now - self.time <= WINDOW else 0

    def minute_at(self, now: float) -> int:
        """Calls of the minute; 0 long after the last report."""
        return self.minute if now - self.time <= WINDOW else 0

    def fullness(self, now: float) -> tuple[float, int]:
        """A sort key, greater for a fuller quota: the highest share of a limit, and the calls."""
        minute = self.minute_at(now)
        shares = [
            used / limit
            for used, limit in (
                (minute, self.per_minute),
                (self.day, self.per_day),
                (self.tokens_at(now), self.tokens_per_minute),
            )
            if limit
        ]
        return max(shares, default=0.0), minute + self.day


@dataclass(slots=True)
class Outage:
    """A period in which the pool was paused."""

    start: float
    reason: str
    end: float | None = None


@dataclass(slots=True)
class PoolState:
    """The current state of the pool. Times are by the run's clock."""

    credentials: dict[str, CredentialState] = field(default_factory=dict)
    """The credentials of all engines, by name."""
    quotas: dict[tuple[str, str], QuotaState] = field(default_factory=dict)
    """By the name of the quota and the model."""
    state: str = "open"
    """``open``, ``low``, ``throttled`` or ``paused``."""
    since: float = 0.0
    until: float | None = None
    """When it resumes automatically; ``None`` if no time is known."""
    slots: int = 0
    """Workflows that the quotas can feed at once; 0 for as many as requested."""
    reason: str = ""
    auto_resume: bool = True
    auto_resume_was_off: bool = False
    """Whether automatic resuming was ever disabled."""
    stops: bool = False
    """Whether the run stops when the pool is paused, instead of waiting."""
    outages: list[Outage] = field(default_factory=list)
    traffic: Traffic = field(default_factory=Traffic)
    """The calls with all credentials."""

    @property
    def paused(self) -> bool:
        """Whether a workflow that needs a call has to save and end."""
        return self.state == "paused"

    @property
    def present(self) -> list[CredentialState]:
        """The credentials of the current engine."""
        return [credential for credential in self.credentials.values() if credential.present]

    def usable(self, now: float) -> int:
        """How many credentials are usable."""
        return sum(credential.at(now) in USABLE for credential in self.present)

    def quotas_of(self, credential: CredentialState) -> list[QuotaState]:
        """The quota of a credential, for each of its models."""
        return [each for (quota, _), each in self.quotas.items() if quota == credential.quota]

    def fullest(self, credential: CredentialState, now: float) -> QuotaState | None:
        """The quota of a credential for the model that is nearest to a limit."""
        return max(self.quotas_of(credential), key=lambda each: each.fullness(now), default=None)

    def engine_started(self, last: float, *, stops: bool = False) -> None:
        """Starts over for another engine, which reports all credentials and their states again."""
        for credential in self.credentials.values():
            credential.measure(last)
            credential.statuses.clear()
        self.quotas.clear()
        self._end_outage(last)
        self.state, self.until, self.slots, self.reason = "open", None, 0, ""
        self.auto_resume, self.stops = True, stops

    def engine_ended(self, time: float) -> None:
        """Ends the current outage: nothing waits for quota any longer."""
        self._end_outage(time)

    def apply(self, event: PoolEvent, now: float, set_back: float) -> None:
        """Applies an event.

        Args:
            event: The event.
            now: Its time by the run's clock.
            set_back: Seconds by which the machine's clock is behind that clock.
        """
        match event:
            case CredentialChanged():
                self._credential_changed(event, now, set_back)
            case QuotaCounted():
                self._quota_counted(event, now)
            case PoolChanged():
                self._pool_changed(event, now, set_back)
            case AutoResumeSet():
                self.auto_resume = event.on
                self.auto_resume_was_off = self.auto_resume_was_off or not event.on

    def _credential_changed(self, event: CredentialChanged, now: float, set_back: float) -> None:
        credential = self.credentials.setdefault(
            event.credential, CredentialState(event.credential)
        )
        if not credential.present:
            credential.measured = now
        credential.project = event.project or credential.project
        credential.fingerprint = event.fingerprint or credential.fingerprint
        credential.quota = event.quota or credential.quota
        until = None if event.until is None else event.until + set_back
        credential.set_status(
            CredentialStatus(event.state, event.model, now, until, event.reason, event.count), now
        )

    def _quota_counted(self, event: QuotaCounted, now: float) -> None:
        self.quotas[event.quota, event.model] = QuotaState(
            event.quota, event.model, event.minute, event.per_minute, event.day, event.per_day,
            event.learned, now, event.tokens, event.tokens_per_minute, event.tokens_learned,
        )  # fmt: skip

    def _pool_changed(self, event: PoolChanged, now: float, set_back: float) -> None:
        if event.state != self.state:
            self.since = now
        self.state, self.slots, self.reason = event.state, event.slots, event.reason
        self.until = None if event.until is None else event.until + set_back
        if not self.paused:
            self._end_outage(now)
        elif not self.outages or self.outages[-1].end is not None:
            self.outages.append(Outage(now, event.reason))

    def call_ended(self, event: CallEnded, now: float) -> None:
        """Counts a call that ended."""
        answered = event.outcome == "ok"
        refused = not answered and event.outcome not in ABANDONED
        if answered or refused:
            self.traffic.count(now, answered=answered)
        if (credential := self.credentials.get(event.credential)) is None:
            return
        credential.answered += answered
        credential.refused += refused
        credential.input_tokens += event.input_tokens
        credential.output_tokens += event.output_tokens
        if answered or refused:
            credential.traffic.count(now, answered=answered)

    def _end_outage(self, time: float) -> None:
        if self.outages and self.outages[-1].end is None:
            self.outages[-1].end = max(time, self.outages[-1].start)
