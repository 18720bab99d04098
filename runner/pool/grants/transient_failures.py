"""Temporary failures: models that are not answering, and items that wait for them.

No credential is the cause, so none cools down; the model does, and each item has its own backoff,
so that an item whose calls always fail does not hold up the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from math import inf

from assemblyzero_tui.runner.model.call_outcomes import Kind, Outcome, kind_of
from assemblyzero_tui.runner.model.events import Notice
from assemblyzero_tui.runner.pool.grants.item_patience import ItemPatience
from assemblyzero_tui.runner.pool.grants.ledger import Lease
from assemblyzero_tui.runner.pool.grants.model_backoff import PROBE_AFTER, ModelBackoff
from assemblyzero_tui.runner.wire.worker_messages import Release

ANSWERED = frozenset({Outcome.OK, Outcome.BLOCKED, Outcome.NO_ANSWER})
"""Outcomes of calls that the model itself ended, with or without a usable answer."""
_WORDS = {
    Outcome.OVERLOADED: "no capacity",
    Outcome.TIMEOUT: "timed out",
    Outcome.TRANSPORT: "connection failed",
}


class TransientFailures:
    """Tracks the calls of a pool. All times are by its clock.

    Args:
        emit: Emits notices for the user.
        chance: A random number from 0 to 1.
    """

    def __init__(self, emit: Callable[[Notice], None], chance: Callable[[], float]) -> None:
        self.models: defaultdict[str, ModelBackoff] = defaultdict(ModelBackoff)
        self.items: dict[tuple[str, str], ItemPatience] = {}
        """By item and model; only items whose last call failed."""
        self._emit = emit
        self._chance = chance

    def call_started(self, lease: Lease) -> None:
        """Records the start of a call."""
        self.models[lease.model].record_start(lease.number, lease.started)

    def call_ended(self, lease: Lease, release: Release, now: float) -> None:
        """Records the end of a call."""
        self.models[lease.model].record_end(lease.number)
        if release.outcome in ANSWERED:
            self._answered(lease, now)
        elif kind_of(release.outcome) is Kind.TRANSIENT:
            self._failed(lease, release, now)

    def _answered(self, lease: Lease, now: float) -> None:
        backoff = self.models[lease.model]
        reported = backoff.count >= PROBE_AFTER
        if backoff.record_answer(lease.started) and reported:
            self._emit(Notice(text=f"{lease.model} is answering again"))
        self.items.pop((lease.item, lease.model), None)
        for other in self._others(lease):
            other.other_answered(lease.started, now)

    def _failed(self, lease: Lease, release: Release, now: float) -> None:
        reason = _failure(release)
        place = lease.item, lease.model
        patience = self.items.get(place)
        alone = patience is not None and patience.alone
        if patience is None:
            others = self._others(lease)
            patience = self.items[place] = ItemPatience(failing=len(others))
            for other in others:
                other.other_failed()
        patience.record_own_failure(lease.started, reason, now, self._chance())
        if alone:
            return
        backoff, silent = self.models[lease.model], release.outcome == Outcome.TIMEOUT
        reported = backoff.count >= PROBE_AFTER
        backoff.record_refusal(
            lease.started, release.retry_after, reason, now, self._chance(), silent=silent
        )
        if backoff.count >= PROBE_AFTER and not reported:
            text = f"{not_answering(lease.model, reason)}; trying one call at a time"
            self._emit(Notice(text=text, level="warning"))

    def _others(self, lease: Lease) -> list[ItemPatience]:
        return [
            patience
            for (item, model), patience in self.items.items()
            if model == lease.model and item != lease.item
        ]

    def available_at(self, model: str, now: float, item: str = "") -> float:
        """When a call to a model may start; for an item if one is given."""
        backoff = self.models.get(model)
        available_at = now if backoff is None else backoff.available_at(now)
        patience = self.items.get((item, model))
        return available_at if patience is None else max(available_at, patience.until)

    def reason(self, model: str, now: float, item: str) -> str:
        """Why a call has to wait, for humans."""
        patience, backoff = self.items.get((item, model)), self.models[model]
        own = patience is not None and patience.until > backoff.available_at(now)
        return not_answering(model, patience.reason if patience and own else backoff.reason)

    def give_up_reason(self, item: str, model: str) -> str:
        """Why to give up an item; empty if it is not given up."""
        patience = self.items.get((item, model))
        if patience is None or not patience.over:
            return ""
        minutes = round((patience.since - patience.began) / 60)
        return (
            f"{model} failed {patience.count} times in {minutes} minutes while other calls to it "
            f"were answered; last failure: {patience.reason}"
        )

    def forget(self, item: str) -> None:
        """Forgets an item; if it is started again, it starts over."""
        for place in [place for place in self.items if place[0] == item]:
            del self.items[place]

    def try_now(self) -> None:
        """Stops waiting, as requested by the user."""
        for backoff in self.models.values():
            backoff.try_now()
        for patience in self.items.values():
            patience.until = -inf


def not_answering(model: str, failure: str) -> str:
    """Describes a model that is not answering, for humans."""
    return f"{model} is not answering ({failure})"


def _failure(release: Release) -> str:
    """A failure in a few words: the HTTP status where there is one."""
    if release.http_status:
        return f"HTTP {release.http_status}"
    if not release.sent:
        return "unreachable"
    return _WORDS[Outcome(release.outcome)]
