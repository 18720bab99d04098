"""The credentials of a pool and their quotas: lookup, limits, merging and manual control."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import inf

from assemblyzero_tui.runner.credentials.credentials import Credential
from assemblyzero_tui.runner.model.call_outcomes import MONEY_HELPS, Outcome
from assemblyzero_tui.runner.model.events import CredentialChanged, CredentialStateName, Notice
from assemblyzero_tui.runner.model.quota_days import PacificDays, QuotaDays
from assemblyzero_tui.runner.pool.causes.shared_causes import Cause
from assemblyzero_tui.runner.pool.grants.clock import Clock
from assemblyzero_tui.runner.pool.grants.ledger import StepRecorder
from assemblyzero_tui.runner.pool.grants.pooled_credential import PooledCredential
from assemblyzero_tui.runner.pool.grants.quota import CLOSED, WINDOW, Quota, QuotaDay, QuotaState

A_DAY = 86_400.0
STATES: dict[QuotaState, CredentialStateName] = {
    QuotaState.READY: "ready",
    QuotaState.PROBING: "probing",
    QuotaState.COOLING: "cooling",
    QuotaState.EXHAUSTED: "exhausted",
    QuotaState.NO_TIER: "no_tier",
    QuotaState.UNSERVED: "cooling",
}
"""The state of a credential in events, by the state of its quota."""
UNSERVED = (QuotaState.NO_TIER, QuotaState.UNSERVED)
"""States in which a project does not get a model, however long one waits."""
UNSERVED_REASONS = {
    Outcome.NO_MODEL: "the model was not found",
    Outcome.REGION: "not available at this location",
    Outcome.UNPAID: "billing or credit is missing",
}
"""Each is stored, so that another engine knows the outcome."""


class Registry:
    """Contains every credential and every quota of a pool.

    The recorder gets the events that report changes, and the names of what changed for the store.

    Args:
        credentials: The initial credentials.
        clock: See :class:`~assemblyzero_tui.runner.pool.grants.clock.Clock`.
        days: When the service's day ends.
    """

    def __init__(
        self,
        credentials: Iterable[Credential],
        *,
        clock: Clock,
        days: QuotaDays | None = None,
        recorder: StepRecorder | None = None,
    ) -> None:
        self.clock = clock
        self.days: QuotaDays = PacificDays() if days is None else days
        self.recorder = StepRecorder() if recorder is None else recorder
        self.credentials: dict[str, PooledCredential] = {}
        """By fingerprint."""
        self.quotas: dict[tuple[str, str], Quota] = {}
        """By the name of the quota, as :meth:`canonical` gives it, and model."""
        self._merged_into: dict[str, str] = {}
        for credential in credentials:
            self.credentials[credential.secret.fingerprint] = PooledCredential(credential)

    # Lookup

    def find(self, name: str) -> PooledCredential | None:
        """Finds the credential with this name or fingerprint."""
        by_name = (each for each in self.credentials.values() if each.name == name)
        return self.credentials.get(name) or next(by_name, None)

    def canonical(self, quota: str) -> str:
        """The name of the quota that this one was merged into, or its own."""
        while quota in self._merged_into:
            quota = self._merged_into[quota]
        return quota

    def quota(self, credential: PooledCredential, model: str) -> Quota:
        """The quota of a credential for a model; created on demand."""
        return self.quota_named(credential.quota, model)

    def quota_named(self, name: str, model: str) -> Quota:
        """The quota of this name, merged or not, for a model; created on demand."""
        name = self.canonical(name)
        quota = self.quotas.get((name, model))
        if quota is None:
            quota = self.quotas[name, model] = Quota(name, model, since=self.clock.now())
            for credential in self.credentials_of(quota):
                _apply_limits(quota, credential.credential)
            if any(credential.probe_first for credential in self.credentials_of(quota)):
                quota.state = QuotaState.PROBING
                self.report_quota(quota)
        return quota

    def quotas_of(self, credential: PooledCredential) -> list[Quota]:
        """The quotas of a credential, one for each model it was used with."""
        name = self.canonical(credential.quota)
        return [quota for quota in self.quotas.values() if quota.name == name]

    def credentials_of(self, quota: Quota) -> list[PooledCredential]:
        """The credentials that use a quota."""
        return [
            credential
            for credential in self.credentials.values()
            if self.canonical(credential.quota) == quota.name
        ]

    def others(self, quota: Quota) -> list[Quota]:
        """The other quotas of the same model."""
        return [
            other
            for (_, model), other in self.quotas.items()
            if model == quota.model and other is not quota
        ]

    def configured_limits(self, quota: Quota) -> tuple[int | None, int | None]:
        """The limits that the user configured: calls per minute and per day."""
        limits = [each.credential.limits(quota.model) for each in self.credentials_of(quota)]
        return (
            min((minute for minute, _ in limits if minute is not None), default=None),
            min((day for _, day in limits if day is not None), default=None),
        )

    def configured_tokens(self, quota: Quota) -> int | None:
        """The tokens per minute that the user gave."""
        found = [each.credential.tokens(quota.model) for each in self.credentials_of(quota)]
        return min((limit for limit in found if limit is not None), default=None)

    def usable_quotas(self, model: str) -> Iterator[Quota]:
        """The quotas of a model that have a usable credential, each once."""
        seen = set()
        for credential in self.credentials.values():
            if credential.usable:
                quota = self.quota(credential, model)
                if quota.name not in seen:
                    seen.add(quota.name)
                    yield quota

    def opens_at(self, quota: Quota, now: float) -> float:
        """When a call may start with a quota as far as requests go: now, later, or never."""
        return quota.available_at(now)

    def usable_soon(self, model: str, now: float) -> PooledCredential | None:
        """A credential that may be used for a model within a minute."""
        return next(
            (
                each
                for each in self.credentials.values()
                if each.usable and self.opens_at(self.quota(each, model), now) <= now + WINDOW
            ),
            None,
        )

    def today(self, now: float) -> QuotaDay:
        """The service's day."""
        wall = self.clock.wall()
        ends = self.days.end(wall)
        # Converted to seconds of the pool's clock by a ratio, so that a delay of this process
        # between two readings of the clocks does not matter.
        ahead = self.clock.wall_at(now + A_DAY) - self.clock.wall_at(now)
        return QuotaDay(self.days.name(wall), now + (ends - wall) * A_DAY / ahead)

    def available_at(self, model: str, now: float) -> float:
        """When a credential is available for a call to a model: now, later, or never."""
        if not self.credentials:
            return now
        usable = [credential for credential in self.credentials.values() if credential.usable]
        times = [self.quota(credential, model).available_at(now) for credential in usable]
        return min(times, default=inf)

    def why_unserved(self, model: str) -> Cause | None:
        """Why no usable credential gets a model, whatever is waited for; ``None`` if one does."""
        quotas = [self.quota(each, model) for each in self.credentials.values() if each.usable]
        if not quotas or any(quota.state not in UNSERVED for quota in quotas):
            return None
        outcomes = [(unserved_outcome(quota), quota) for quota in quotas]
        outcomes.sort(key=lambda each: each[0] not in MONEY_HELPS)  # what a user can change first
        outcome, quota = outcomes[0]
        return Cause(outcome, model, quota.words)

    # Changes

    def add(self, credential: Credential) -> None:
        """Adds a credential, unless it already exists."""
        fingerprint = credential.secret.fingerprint
        if fingerprint in self.credentials:
            return
        added = self.credentials[fingerprint] = PooledCredential(credential)
        self.credential_changed(added)
        for quota in self.quotas_of(added):
            _apply_limits(quota, credential)
            self.report_quota(quota)

    def disable(self, name: str, why: str = "by you") -> None:
        """Disables a credential; calls under way with it continue."""
        if (credential := self.find(name)) is not None:
            credential.disabled, credential.since = why, self.clock.wall()
            self.credential_changed(credential)

    def enable(self, name: str) -> None:
        """Enables a credential again."""
        credential = self.find(name)
        if credential is not None and credential.disabled:
            credential.disabled, credential.since = "", self.clock.wall()
            self.credential_changed(credential)

    def mark_valid(self, name: str) -> None:
        """Makes a credential valid again that the service rejected before."""
        credential = self.find(name)
        if credential is not None and credential.invalid:
            credential.invalid, credential.strikes = "", 0
            credential.since = self.clock.wall()
            self.credential_changed(credential)

    def reset(self, name: str) -> None:
        """Forgets every refusal and today's count of a credential; it is probed with one call."""
        if (credential := self.find(name)) is None:
            return
        credential.invalid, credential.strikes, credential.since = "", 0, self.clock.wall()
        self.recorder.changes.resets.add(credential.fingerprint)
        self.credential_changed(credential)
        for quota in self.quotas_of(credential):
            self._probe(quota, forget=True)

    def probe_closed_quotas(self, *, only: QuotaState | None = None) -> None:
        """Probes every quota that waits for a time, or that is in one state, with one call."""
        for quota in self.quotas.values():
            if quota.state in CLOSED and only in (None, quota.state):
                self._probe(quota)

    def _probe(self, quota: Quota, *, forget: bool = False) -> None:
        now = self.clock.now()
        today = self.today(now).name
        quota.waived, quota.struck, quota.probe = today, "", 0
        quota.state, quota.since, quota.until, quota.reason = QuotaState.PROBING, now, 0.0, ""
        if forget:
            quota.forget(today)
            for credential in self.credentials_of(quota):
                _apply_limits(quota, credential.credential)
        self.quota_changed(quota)

    def merge(self, one: Quota, other: Quota) -> None:
        """Treats two quotas as one from now on, for every model."""
        kept, gone = sorted((one.name, other.name))
        names = " and ".join(
            credential.name
            for credential in self.credentials.values()
            if self.canonical(credential.quota) in (kept, gone)
        )
        self._merged_into[gone] = kept
        for (name, model), quota in list(self.quotas.items()):
            if name == gone:
                del self.quotas[name, model]
                self.quota_named(kept, model).absorb(quota)
        text = f"{names} hit their limits together: treated as credentials of one project"
        self.recorder.emit(Notice(text=text, level="warning"))
        for (name, _), quota in self.quotas.items():
            if name == kept:
                self.quota_changed(quota)
                for credential in self.credentials_of(quota):
                    self.report_credential(credential)

    # Reports

    def credential_changed(self, credential: PooledCredential) -> None:
        """Reports the state of a credential, and marks it to be written."""
        self.recorder.changes.credentials.add(credential.fingerprint)
        self.report_credential(credential)

    def quota_changed(self, quota: Quota) -> None:
        """Reports the state of a quota, and marks it to be written."""
        self.recorder.changes.quotas.add((quota.name, quota.model))
        self.report_quota(quota)

    def report_all(self) -> None:
        """Reports every credential and every quota."""
        for credential in self.credentials.values():
            self.report_credential(credential)
        for quota in self.quotas.values():
            self.report_quota(quota)

    def report_credential(self, credential: PooledCredential) -> None:
        """Reports the state of a credential, for every model, if it has changed."""
        state: CredentialStateName = (
            "disabled" if credential.disabled else "invalid" if credential.invalid else "ready"
        )
        self.recorder.emit_if_changed(
            CredentialChanged(
                credential=credential.name,
                state=state,
                reason=credential.disabled or credential.invalid,
                project=credential.credential.project,
                fingerprint=credential.fingerprint,
                quota=self.canonical(credential.quota),
            )
        )

    def report_quota(self, quota: Quota) -> None:
        """Reports the state of a quota, for each of its credentials, if it has changed."""
        until = self.clock.wall_at(quota.until) if quota.until else None
        for credential in self.credentials_of(quota):
            self.recorder.emit_if_changed(
                CredentialChanged(
                    credential=credential.name,
                    state=STATES[quota.state],
                    model=quota.model,
                    reason=quota.reason,
                    until=until,
                    project=credential.credential.project,
                    fingerprint=credential.fingerprint,
                    quota=quota.name,
                    count=quota.refusals,
                )
            )


def unserved_outcome(quota: Quota) -> Outcome:
    """The outcome that keeps a project from a model; another engine may have met it."""
    if quota.state is QuotaState.NO_TIER:
        return Outcome.NO_TIER
    met = (outcome for outcome, reason in UNSERVED_REASONS.items() if reason == quota.reason)
    return Outcome(quota.unserved) if quota.unserved else next(met, Outcome.NO_MODEL)


def _apply_limits(quota: Quota, credential: Credential) -> None:
    """Applies the limits that the user configured for one of a quota's credentials."""
    per_minute, per_day = credential.limits(quota.model)
    if per_minute is not None:
        quota.per_minute = min(per_minute, quota.per_minute or per_minute)
    if per_day is not None:
        quota.per_day = min(per_day, quota.per_day or per_day)
    if (tokens := credential.tokens(quota.model)) is not None:
        quota.tokens.per_minute = min(tokens, quota.tokens.per_minute or tokens)
