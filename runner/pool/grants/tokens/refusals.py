"""What a refusal for tokens means. It says nothing about requests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from assemblyzero_tui.runner.pool.grants.tokens.ports import Call, Limited, Q
from assemblyzero_tui.runner.pool.grants.tokens.scheduler import TokenScheduler


def names_tokens_only(quotas: Mapping[str, int | None]) -> bool:
    """Whether a refusal is about tokens alone, by the names of the quotas.

    Such as ``GenerateContentInputTokensPerModelPerMinute-FreeTier`` and
    ``GenerateContentPaidTierInputTokensPerModelPerMinute``; those of requests are called
    ``GenerateRequestsPerMinutePerProjectPerModel`` (google-gemini/gemini-cli#4656 and #22486,
    browserbase/stagehand#1256). One refusal may name both.
    """
    return bool(quotas) and not any("Requests" in name for name in quotas)


def told_limit(quotas: Mapping[str, int | None]) -> int | None:
    """The tokens per minute that a refusal tells."""
    limits = [
        value
        for name, value in quotas.items()
        if "Tokens" in name and "Minute" in name and value is not None and value > 0
    ]
    return min(limits, default=None)


def learn_limit(
    quota: Limited, quotas: Mapping[str, int | None], given: int | None, others: Iterable[Limited]
) -> None:
    """Takes the limit that a refusal tells.

    Args:
        quota: The one that was refused.
        quotas: The names of its limits, and their values.
        given: The limit that the user gave.
        others: The quotas of the same model; the limit is presumed for them.
    """
    if (limit := told_limit(quotas)) is None:
        return
    quota.tokens.learn(limit, given)
    for other in others:
        other.tokens.presume(limit)


def handle_token_refusal(
    scheduler: TokenScheduler[Q], quota: Q, call: Call, now: float, until: float
) -> bool:
    """Takes in a refusal for tokens alone; whether the whole quota has to wait.

    The tokens of the call stay counted, whether or not the service counts them. If the pool's count
    explains the refusal, that is all. If not, the call is larger than thought, or somebody else
    uses the project: calls of this size and above wait as long as the service says.

    Args:
        scheduler: Takes it in.
        quota: The one that was refused.
        call: The refused one.
        now: The time.
        until: When the service wants it to be retried.
    """
    scheduler.turns.refused(call.item, call.model, call.started)
    tokens, need = quota.tokens, scheduler.need_of(call)
    if tokens.per_minute is None or not call.reserved:
        return True
    explained = tokens.used(now) >= tokens.per_minute and not tokens.may_not_fit(need)
    if not explained:
        until = min(until, now + tokens.window)
        scheduler.oversized.refused(call, tokens, need, now, until)
        tokens.hold(need.tokens, until, now)
    return False
