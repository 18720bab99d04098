"""Tokens per minute for a pool: which request is next, where it fits, and when.

Nothing here has an effect while no limit of tokens is known, except that calls start a second apart
until they have proven that so many tokens are accepted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import inf
from typing import Generic, NamedTuple, TypeVar

from assemblyzero_tui.runner.model.call_outcomes import Kind, Outcome, kind_of
from assemblyzero_tui.runner.pool.grants.tokens.need import NOTHING, EstimateCorrection, Need
from assemblyzero_tui.runner.pool.grants.tokens.oversized import OversizedRequests
from assemblyzero_tui.runner.pool.grants.tokens.ports import Call, Q, Quotas, Waiting
from assemblyzero_tui.runner.pool.grants.tokens.turns import Turns
from assemblyzero_tui.runner.wire.worker_messages import Release

WORTH_COUNTING = 0.02
"""Requests with a smaller share of the tokens of a minute are not counted."""


PLENTY = 0.65
"""The share of the tokens of a minute that may be used when a workflow that is ahead of others
gets another call."""
T = TypeVar("T", bound=Waiting)


class Reservation(NamedTuple, Generic[Q]):
    """A place that is kept for a request that has waited long."""

    ticket: Waiting
    quota: Q
    at: float


class TokenScheduler(Generic[Q]):
    """Chooses requests and quotas by their tokens. Times are by the pool's clock.

    Args:
        quotas: Those of the pool.
        window: Seconds for which tokens count.
    """

    def __init__(self, quotas: Quotas[Q], window: float) -> None:
        self.turns = Turns()
        self.corrections = EstimateCorrection()
        self.oversized = OversizedRequests(window)
        self._all = quotas
        self._limited: dict[str, int] = {}
        """Models for which some limit of tokens is known, with the lowest one."""
        self._reservations: dict[str, Reservation[Q]] = {}
        """By model."""
        self._ahead: dict[str, set[tuple[str, int]]] = {}
        """By model: requests of workflows that have got many more calls than others."""

    def look(self) -> None:
        """Notices for which models limits are known; call it when a step begins."""
        self._limited.clear()
        for quota in self._all.quotas.values():
            if (limit := quota.tokens.limit) is not None:
                self._limited[quota.model] = min(limit, self._limited.get(quota.model, limit))

    def limits(self, model: str) -> bool:
        """Whether tokens are limited for a model, as far as is known."""
        return model in self._limited

    def need(self, ticket: Waiting) -> Need:
        """What a request needs."""
        acquire = ticket.acquire
        if ticket.counted:
            return Need(ticket.counted, counted=True)
        if not acquire.tokens:
            return NOTHING
        return self.corrections.need(acquire.model, acquire.tokens, counted=acquire.counted)

    def need_of(self, lease: Call) -> Need:
        """What a call needs that has a lease."""
        return self.corrections.need(lease.model, lease.tokens, counted=lease.counted)

    # Who is next, and where

    def order(self, candidates: Iterable[T], now: float) -> Iterator[T]:
        """The first requests of workflows in the order in which they are to be tried."""
        heads: dict[str, list[T]] = {}
        for ticket in candidates:
            if ticket.acquire.model in self._limited:
                heads.setdefault(ticket.acquire.model, []).append(ticket)
            else:
                yield ticket
        for model, tickets in heads.items():
            self.turns.see(tickets, now)
            yield from self._ordered(model, tickets, now)

    def _ordered(self, model: str, heads: Sequence[T], now: float) -> Iterator[T]:
        self._reservations.pop(model, None)
        impatient = None
        for head in self.turns.impatient(heads, now):
            quota, at = self._earliest(head, now)
            if quota is not None and at <= now + quota.tokens.window:
                self._reservations[model] = Reservation(head, quota, at)
                impatient = head
                yield head
                break
        ahead = {_key(head) for head in self.turns.ahead(heads, now)}
        self._ahead[model] = ahead - ({_key(impatient)} if impatient is not None else set())
        others = [head for head in heads if head is not impatient]
        yield from sorted(
            others,
            key=lambda head: (
                _key(head) in ahead,
                -self.need(head).tokens,
                self.turns.first_since(head),
            ),
        )

    def admits(self, ticket: Waiting, quota: Q, now: float) -> bool:
        """Whether a request may start with a quota as far as tokens go."""
        if self._fits_at(ticket, self.need(ticket), quota, now) > now:
            return False
        if _key(ticket) in self._ahead.get(quota.model, ()) and not self._has_plenty(quota, now):
            return False
        kept = self._reservations.get(quota.model)
        if kept is None or kept.ticket is ticket or kept.quota is not quota:
            return True
        return quota.tokens.leaves_room(self.need(ticket), now, self.need(kept.ticket), kept.at)

    def _has_plenty(self, quota: Q, now: float) -> bool:
        """Whether so much is left that others miss nothing."""
        limit = quota.tokens.limit
        return limit is None or quota.tokens.used(now) <= limit * PLENTY

    def kind(self, ticket: Waiting) -> tuple[str, Need, str]:
        """What requests have in common that can start at the same times."""
        model = ticket.acquire.model
        odd = self.oversized.knows(ticket) or _key(ticket) in self._ahead.get(model, ())
        return model, self.need(ticket), ticket.item if odd else ""

    def room(self, quota: Q, now: float) -> float:
        """The tokens that a quota has left: the fullest one in which a call fits is the best."""
        limit = quota.tokens.limit
        return inf if limit is None else limit - quota.tokens.used(now)

    def available_at(self, ticket: Waiting, now: float) -> float:
        """When a request may start at the soonest, with any credential: now, later, or never."""
        return self._earliest(ticket, now)[1]

    def _earliest(self, ticket: Waiting, now: float) -> tuple[Q | None, float]:
        best: tuple[Q | None, float] = None, inf
        need = self.need(ticket)
        for quota in self._all.usable_quotas(ticket.acquire.model):
            at = max(self._all.opens_at(quota, now), self._fits_at(ticket, need, quota, now))
            if at < best[1]:
                best = quota, at
                if at <= now:
                    break
        return best

    def _fits_at(self, ticket: Waiting, need: Need, quota: Q, now: float) -> float:
        if not self.oversized.knows(ticket):
            return quota.tokens.fits_at(need, now)
        if self.oversized.is_too_large(ticket, quota.tokens):
            return inf
        waits = self.oversized.waits_until(ticket, quota.tokens, now)
        return max(waits, quota.tokens.fits_at(need, now))

    def wake_times(self, heads: Iterable[Waiting], now: float) -> Iterator[float]:
        """When to look again for requests that may start, but let others go first."""
        models = set()
        for head in heads:
            if head.acquire.model in self._limited:
                models.add(head.acquire.model)
                self.turns.see((head,), now)
                yield self.turns.impatient_at(head)
        for quota in self._all.quotas.values():
            if quota.model in models:
                yield next((at for at, _ in quota.tokens.expiries(now)), inf)

    def why_waiting(self, ticket: Waiting, now: float) -> str:
        """Why a request waits for tokens, for humans; empty if it does not."""
        if self.available_at(ticket, now) <= now or not self.limits(ticket.acquire.model):
            return ""
        need = self.need(ticket)
        quotas = self._all.usable_quotas(ticket.acquire.model)
        if any(quota.tokens.holds(need, now) for quota in quotas):
            return f"the service refused a prompt of {need.tokens:,} tokens"
        return f"the tokens of this minute are used, and it needs {need.tokens:,}"

    def why_never(self, ticket: Waiting, now: float) -> str:
        """Why a request is too large for every credential; empty if it is not."""
        lowest = self._limited.get(ticket.acquire.model)
        need: Need = self.need(ticket)
        if lowest is None or (need.least <= lowest and not self.oversized.knows(ticket)):
            return ""
        limits = []
        for quota in self._all.usable_quotas(ticket.acquire.model):
            if self._all.opens_at(quota, now) == inf:
                continue
            tokens = quota.tokens
            if not (tokens.never_fits(need) or self.oversized.is_too_large(ticket, tokens)):
                return ""
            limits.append(tokens.per_minute or 0)
        if not limits:
            return ""
        size = f"{'' if need.counted else 'about '}{need.tokens:,} tokens"
        allowed = f"{max(limits):,} tokens per minute"
        if (times := self.oversized.times(ticket)) and need.reserve <= max(limits):
            return f"this request of {size} was refused {times} times, with a quota of {allowed}"
        return f"this request has {size}, and the quota allows {allowed}"

    # Counting

    def to_count(self, tickets: Iterable[T]) -> Iterator[T]:
        """Requests to have counted while they wait, unless they are being counted.

        The service counts without charge, and not against the quotas of the model.
        """
        if not self._limited:
            return
        for ticket in tickets:
            acquire = ticket.acquire
            lowest = self._limited.get(acquire.model)
            if lowest is None or acquire.counted or ticket.being_counted:
                continue
            if acquire.tokens >= lowest * WORTH_COUNTING:
                yield ticket

    def counted(self, ticket: Waiting, tokens: int) -> None:
        """Takes what the service has counted."""
        ticket.counted = tokens
        self.corrections.record(ticket.acquire.model, ticket.acquire.tokens, tokens)

    # What calls did

    def started(self, ticket: Waiting, lease: Call, quota: Q, now: float) -> None:
        """Counts a call that starts."""
        quota.tokens.add(lease.started, lease.reserved, now)
        quota.tokens.record_size(self.need_of(lease).tokens)
        if ticket.acquire.model in self._limited:
            self.turns.granted(ticket, now)

    def ended(self, lease: Call, release: Release, quota: Q, now: float) -> int:
        """Takes in what a call really used; by how many tokens its count changes."""
        self.turns.ended(lease.item, lease.model, now)
        used, kind = release.input_tokens, kind_of(release.outcome)
        if release.outcome == Outcome.OK:
            self.oversized.answered(lease)
            if not lease.counted:
                self.corrections.record(lease.model, lease.tokens, used)
        if not release.sent:
            change = -lease.reserved
        elif kind is Kind.CREDENTIAL or not used:
            change = 0
        else:
            change = used - lease.reserved
        if change:
            quota.tokens.add(lease.started, change, now)
        if release.outcome == Outcome.OK:  # after the margin of the reservation is gone
            quota.tokens.accepted(lease.started, now)
        return change


def _key(ticket: Waiting) -> tuple[str, int]:
    return ticket.item, ticket.acquire.request
