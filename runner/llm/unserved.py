"""Refusals that no waiting changes: the project does not get the model, or the prompt is too long.

The service has few codes for them and many messages, and has changed the codes. As it says it:

- ``Your billing account has exceeded its monthly spending cap``, 429 (openclaw/openclaw#74120)
- ``Your prepayment credits are depleted``, 429, and 402 since August 2026
  (https://discuss.ai.google.dev/t/183654); ``Your prepayment funds are depleted``
  (google-gemini/gemini-cli#22994)
- ``This API method requires billing to be enabled``, 403 (pgmichael/wavenet-for-chrome#83)
- ``Gemini API free tier is not available in your country. Please enable billing on your project``,
  400 (kolbytn/mindcraft#133)
- ``User location is not supported for the API use``, 400 (google-gemini/gemini-cli#24641), or the
  same ``without a billing account linked`` (google-gemini/cookbook#135)
- ``models/x is not found for API version v1beta``, 404 (google/adk-python#200); ``This model
  models/x is no longer available to new users``, 404 (thedotmack/claude-mem#3278)
- ``The input token count (3475108) exceeds the maximum number of tokens allowed (1048576)``, 400
  (google-gemini/gemini-cli#4231)
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from assemblyzero_tui.runner.model.call_outcomes import Outcome

_BILLING_REASONS = frozenset({"BILLING_DISABLED", "BILLING_NOT_ACTIVE", "BILLING_STATE_INVALID"})
_MONEY = r"\b(?:pre-?pa(?:y|id)\w*|credits?|funds?|balance)\b"
_UNPAID = re.compile(
    r"\bspend(?:ing)?[ -]?(?:cap|limit)\b"
    rf"|{_MONEY}[^.]{{0,40}}\b(?:deplet|exhaust|used up|run out|ran out|insufficient|too low"
    r"|is (?:0|zero|empty)\b)"
    rf"|\b(?:deplet\w+|exhausted|insufficient|no|out of)\b[^.]{{0,20}}{_MONEY}"
    r"|\bbilling\b[^.]{0,40}\b(?:disabled|not (?:been )?(?:enabled|active|open|set up)|closed"
    r"|suspended|past due|overdue|to be enabled|delinquent)\b"
    r"|\b(?:enabl\w+|requires?|without(?: a)?|set up|no) billing\b",
    re.IGNORECASE,
)
"""Not the ``check your plan and billing details`` of an ordinary quota, nor a spend-based *rate*
limit, which passes within ten minutes (https://ai.google.dev/gemini-api/docs/rate-limits)."""
_PASSES = re.compile(
    r"\bminutes?\b|\brate\b|\b(?:retry|try again) (?:in|later|after)\b", re.IGNORECASE
)
_PLACE = r"\b(?:location|country|region|territory)\b"
_ELSEWHERE = re.compile(
    rf"{_PLACE}[^.]{{0,30}}\b(?:not |un)(?:supported|available|allowed)"
    rf"|\bnot (?:supported|available|offered|allowed) (?:in|for|from) (?:\w+ ){{1,2}}?{_PLACE}",
    re.IGNORECASE,
)
_TOO_LONG = re.compile(
    r"\btoken count\b.*\bexceeds\b|\b(?:payload|request)\b[^.]{0,20}\bsize\b[^.]{0,20}\bexceeds\b"
    r"|\btoo (?:long|large)\b",
    re.IGNORECASE,
)


def why_unserved(
    status: int, name: str, reasons: Iterable[str], message: str, model: str, *, passes: bool
) -> tuple[Outcome, str] | None:
    """What keeps the credential's whole project from a model, and a sentence without its full stop.

    Args:
        status: Of HTTP, or the service's own.
        name: Of the status, such as ``FAILED_PRECONDITION``.
        reasons: The service's codes in its details.
        message: The service's own.
        model: The one that was called.
        passes: The refusal names a quota, or when to ask again.

    Returns:
        ``None`` if nothing does.
    """
    passes = passes or _PASSES.search(message) is not None
    unpaid = bool(_BILLING_REASONS.intersection(reasons) or _UNPAID.search(message))
    if status == 402 or (unpaid and (status in (400, 403) or (status == 429 and not passes))):
        return Outcome.UNPAID, "the credential's project lacks billing or credit"
    here = status in (400, 403) and _ELSEWHERE.search(message)
    if here or status == 451 or (status == 400 and name == "FAILED_PRECONDITION"):
        return Outcome.REGION, "the service is not offered here to the credential's project"
    if status == 404:
        return Outcome.NO_MODEL, f"the model {model} does not exist for this credential"
    return None


def is_too_long(status: int, message: str) -> bool:
    """Whether a request is refused for its length."""
    return status == 413 or (status == 400 and bool(_TOO_LONG.search(message)))
