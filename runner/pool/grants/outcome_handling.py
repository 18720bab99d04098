"""Applies the outcome of a call to its credential and its quota.

The service's own reasons are not reliable: it asks to wait half a minute even when the daily quota
is exhausted, and sometimes names the daily quota by mistake. So refusals are compared with the
pool's own count, and one more call is tried if the two differ.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable
from math import inf

from assemblyzero_tui.runner.model.call_outcomes import Kind, Outcome, kind_of
from assemblyzero_tui.runner.pool.grants.ledger import Lease, StepRecorder
from assemblyzero_tui.runner.pool.grants.pooled_credential import (
    PROJECT_WIDE,
    UNCERTAIN,
    PooledCredential,
)
from assemblyzero_tui.runner.pool.grants.quota import MINUTE, WINDOW, Quota, QuotaState
from assemblyzero_tui.runner.pool.grants.registry import UNSERVED_REASONS, Registry
from assemblyzero_tui.runner.pool.grants.shared_quota_detection import SharedQuotaDetector
from assemblyzero_tui.runner.pool.grants.status import PoolStatus
from assemblyzero_tui.runner.pool.grants.tokens.refusals import (
    handle_token_refusal,
    learn_limit,
    names_tokens_only,
)
from assemblyzero_tui.runner.pool.grants.tokens.scheduler import TokenScheduler
from assemblyzero_tui.runner.wire.worker_messages import Release

UNKNOWN_FIRST, UNKNOWN_MOST = 5.0, 120.0
"""Seconds of the first cooldown after a refusal that names no quota, doubled each time, and the
longest."""
MOST_DOUBLINGS = 10
DOUBT = 30.0
"""Seconds until a daily quota is tried again if the pool's count does not confirm a refusal."""
SECOND_LOOK = 2.0
"""Seconds until a model is called again that a project was refused for another reason than quota,
while there is only one such answer."""
UNSERVED_FOR = 900.0
"""Seconds until it is called again after two."""
AFTER_MIDNIGHT = 5.0
"""Seconds by which the service's clock can be behind."""


def passed_quotas(outcome: str) -> bool:
    """Whether a call with this outcome has passed every quota."""
    return outcome == Outcome.OK or kind_of(outcome) in (Kind.NO_ANSWER, Kind.PERMANENT)


class OutcomeHandler:
    """Updates credentials and quotas by the outcomes of calls.

    Args:
        registry: The credentials and quotas.
        recorder: Records the changes for the store.
        status: Records refusals that the counts do not explain.
        chance: A random number from 0 to 1.
        tokens: Counts tokens.
    """

    def __init__(
        self,
        registry: Registry,
        recorder: StepRecorder,
        status: PoolStatus,
        chance: Callable[[], float],
        tokens: TokenScheduler[Quota],
    ) -> None:
        self._registry = registry
        self._recorder = recorder
        self._status = status
        self._chance = chance
        self._tokens = tokens
        self.detector = SharedQuotaDetector()

    def handle(self, lease: Lease, release: Release) -> None:
        """Applies the outcome of a call with a credential."""
        credential = self._registry.credentials[lease.fingerprint]
        quota = self._registry.quota(credential, lease.model)
        self._recorder.changes.quotas.add((quota.name, quota.model))
        if change := self._tokens.ended(lease, release, quota, self._registry.clock.now()):
            self._recorder.changes.tokens.append((lease, change))
        if not release.sent:
            quota.refund(lease.started, lease.day)
            self._recorder.changes.refunds.append(lease)
        if release.outcome == Outcome.AUTH:
            self._credential_refused(credential, release)
        elif kind_of(release.outcome) is Kind.UNSERVED:
            if lease.started in quota.starts:
                insort(quota.refused, lease.started)
            if quota.probe == lease.number:
                quota.probe = 0
            self.unserved(quota, Outcome(release.outcome), release.words)
            return
        elif kind_of(release.outcome) is Kind.CREDENTIAL:
            self._quota_refused(quota, lease, release)
            self._registry.report_quota(quota)
            return
        elif release.sent and passed_quotas(release.outcome):
            self._answered(credential, quota, lease, release)
        if quota.probe == lease.number:
            quota.probe = 0  # it proved nothing about the quota: another call probes it

    def unserved(self, quota: Quota, outcome: Outcome, words: str, *, sure: bool = False) -> None:
        """The project does not get the model: it cools down, so that another credential is tried.

        One answer may be a whim of the service: for how long depends on whether there are two.
        """
        now = self._registry.clock.now()
        quota.unserved, quota.words, quota.careful = outcome, words, True
        quota.denials += 1
        denied = [quota, *(o for o in self._registry.others(quota) if o.denials)]
        sure = sure or len(denied) > 1 or quota.denials > 1
        state = QuotaState.UNSERVED if sure else QuotaState.COOLING
        until = now + (UNSERVED_FOR if sure else SECOND_LOOK)
        for each in denied:
            reason = UNSERVED_REASONS[Outcome(each.unserved)]
            if each.suspend(state, until, reason, now):
                self._registry.quota_changed(each)

    def _answered(
        self, credential: PooledCredential, quota: Quota, lease: Lease, release: Release
    ) -> None:
        if release.outcome == Outcome.OK:
            credential.strikes = 0
        doubted = quota.struck
        quota.denials = 0
        if quota.record_answer(lease.number):
            if doubted and quota.learned:
                # the service named the daily quota by mistake
                quota.per_day = self._registry.configured_limits(quota)[1]
            self._registry.report_quota(quota)
        self.detector.record_acceptance(quota, self._registry.others(quota), lease.started)

    def _quota_refused(self, quota: Quota, lease: Lease, release: Release) -> None:
        now = self._registry.clock.now()
        if release.outcome == Outcome.MINUTE and names_tokens_only(release.quotas):
            self._tokens_refused(quota, lease, release)
            return
        known_by_then = lease.started <= quota.refused_at
        if not known_by_then:
            quota.refused_at = now
            quota.refusals += 1
        if quota.probe == lease.number:
            quota.probe = 0
        if lease.started in quota.starts:
            insort(quota.refused, lease.started)
        match release.outcome:
            case Outcome.NO_TIER:
                quota.suspend(QuotaState.NO_TIER, 0.0, f"no quota for {quota.model}", now)
            case Outcome.DAY:
                self._day_refused(quota, release, now, known_by_then)
            case Outcome.MINUTE:
                self._minute_refused(quota, lease, release, now, known_by_then)
            case _:
                doublings = min(max(0, quota.refusals - 1), MOST_DOUBLINGS)
                wait = min(UNKNOWN_MOST, UNKNOWN_FIRST * 2**doublings)
                quota.careful = True
                quota.slow_down(now, lease.started, self._chance())
                until = now + max(wait, release.retry_after) + self._chance()
                quota.suspend(QuotaState.COOLING, until, "quota exhausted", now)

    def _tokens_refused(self, quota: Quota, lease: Lease, release: Release) -> None:
        """It says nothing about requests: neither how many are allowed, nor who shares them."""
        if quota.probe == lease.number:
            quota.probe = 0
        if lease.started in quota.starts:
            insort(quota.refused, lease.started)
        self._learn_tokens(quota, release)
        now = self._registry.clock.now()
        until = now + (release.retry_after or MINUTE) + self._chance()
        if handle_token_refusal(self._tokens, quota, lease, now, until):
            reason = "per-minute token quota exhausted"
            quota.suspend(QuotaState.COOLING, until, reason, now)

    def _learn_tokens(self, quota: Quota, release: Release) -> None:
        given = self._registry.configured_tokens(quota)
        same_model = (
            other
            for (_, model), other in self._registry.quotas.items()
            if model == quota.model and other is not quota
        )
        learn_limit(quota, release.quotas, given, same_model)

    def _minute_refused(
        self, quota: Quota, lease: Lease, release: Release, now: float, known_by_then: bool
    ) -> None:
        until = now + (release.retry_after or MINUTE)
        self._learn_tokens(quota, release)
        limit = self._named_limit(release, "Minute", self._registry.configured_limits(quota)[0])
        if limit is not None and limit != quota.per_minute:
            quota.per_minute, quota.learned = limit, True
        reason = "minute quota exhausted"
        if quota.accepted(lease.started, then=True) >= (quota.per_minute or inf):
            most = int(quota.per_minute or 1)
            if len(quota.starts) >= most:
                until = max(until, quota.starts[-most] + WINDOW)
        elif not known_by_then:
            quota.careful = True
            quota.slow_down(now, lease.started, self._chance())
            self._status.record_unexpected_refusal(quota, release.retry_after, now)
            others = self._registry.others(quota)
            same = self.detector.record_refusal(quota, others, lease.started)
            if same is not None:
                quota.suspend(QuotaState.COOLING, until + self._chance(), reason, now)
                self._registry.merge(quota, same)
                return
        quota.suspend(QuotaState.COOLING, until + self._chance(), reason, now)

    def _day_refused(self, quota: Quota, release: Release, now: float, known_by_then: bool) -> None:
        today = self._registry.today(now)
        limit = self._named_limit(release, "Day", self._registry.configured_limits(quota)[1])
        if limit is not None and limit != quota.per_day:
            quota.per_day, quota.learned = limit, True
        confirmed = quota.per_day is not None and quota.used_today(today) >= quota.per_day
        repeated = quota.struck == today.name and not known_by_then
        quota.careful, quota.waived = True, ""
        if confirmed or repeated:
            until = today.ends + AFTER_MIDNIGHT
            quota.suspend(QuotaState.EXHAUSTED, until, "daily quota exhausted", now)
            return
        if not known_by_then:
            quota.struck = today.name
        until = now + max(DOUBT, release.retry_after) + self._chance()
        quota.suspend(QuotaState.COOLING, until, "daily quota possibly exhausted", now)

    @staticmethod
    def _named_limit(release: Release, period: str, configured: int | None) -> int | None:
        """The limit of requests that applies from now on, if the refusal names a valid one."""
        limits = [
            value
            for name, value in release.quotas.items()
            if "Requests" in name and period in name and value is not None and value > 0
        ]
        limit = min(limits, default=None)
        return limit if limit is None or configured is None else min(limit, configured)

    def _credential_refused(self, credential: PooledCredential, release: Release) -> None:
        reason, detail = release.reason, release.detail
        wall = self._registry.clock.wall()
        same = [
            each
            for each in self._registry.credentials.values()
            if each.credential.project and each.quota == credential.quota
        ]
        if reason == PROJECT_WIDE:
            refused = [
                each for each in same or [credential] if each.record_refusal(reason, detail, wall)
            ]
        else:
            others = [each for each in same if each is not credential and each.strikes]
            refused = []
            if credential.record_refusal(reason, detail, wall, at_once=bool(others)):
                refused = [credential]
                if reason in UNCERTAIN:
                    refused += [each for each in others if each.record_refusal("", detail, wall)]
        for each in refused:
            self._registry.credential_changed(each)
