"""What a failed call means. Both SDKs bring what they got here; nothing is read out of ``str(e)``.

The service says why in ``google.rpc`` details: ``ErrorInfo`` has a reason, ``QuotaFailure`` the
quotas, ``RetryInfo`` a delay. https://ai.google.dev/gemini-api/docs/troubleshooting lists the
codes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from assemblyzero_tui.runner.llm.provider import CallError
from assemblyzero_tui.runner.logs.redaction import Redactor
from assemblyzero_tui.runner.model.call_outcomes import Outcome

MESSAGE_LIMIT = 300
"""Characters of the service's own message that are shown."""
CAPACITY = "MODEL_CAPACITY_EXHAUSTED"
_CLEAR = frozenset({Outcome.MINUTE, Outcome.DAY, Outcome.NO_TIER})
_SAID_ONLY = {"leaked": "API_KEY_LEAKED", "suspended": "CONSUMER_SUSPENDED"}
"""Words in the message of a 403 that has no details, and the reasons they stand for."""
_DELAY = re.compile(r"(\d+(?:\.\d+)?)s")
_NO_LIMIT = re.compile(r"\blimit: 0\b")
_TIMEOUTS = frozenset({"Timeout", "TimeoutException", "TimeoutError"})
_NETWORK = frozenset({"OSError", "RequestException", "TransportError", "HTTPError"})
_UNSENT = frozenset(
    {"NewConnectionError", "ConnectTimeoutError", "ConnectTimeout", "ConnectError",
     "NameResolutionError", "ProxyError", "SSLError", "InvalidURL", "UnsupportedProtocol"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is an error."""

    status: int
    """Of HTTP."""
    body: Any = None
    """The decoded JSON; anything else where it was none."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How an answer with status 200 ended."""

    finish: str
    """The last finish reason, such as ``STOP``; empty if none came."""
    blocked: str = ""
    """Why the prompt was blocked, if it was."""
    text: str = ""


class DeadlineError(Exception):
    """The time for the whole call is up."""


def classify(
    what: Refusal | Ending | BaseException, *, model: str, secret: str = "", timeout: float = 0.0
) -> CallError | None:
    """The typed failure; ``None`` for an ending that is a whole answer.

    Args:
        what: What came instead of an answer, or how the answer ended.
        model: The one that was asked, for the message.
        secret: The key that was used; it is taken out of every message.
        timeout: Seconds the call had, for the message.
    """
    redact = Redactor([secret] if secret else []).redact
    match what:
        case Ending():
            return _ending(what, model)
        case Refusal():
            return _refusal(what, model, redact)
        case _:
            return _broken(what, model, timeout)


def _ending(ending: Ending, model: str) -> CallError | None:
    blocked, finish = ending.blocked, ending.finish
    if blocked:
        text = f"the prompt was blocked by the service ({blocked})"
        return CallError(Outcome.BLOCKED, text, http_status=200, reason=blocked)
    if not finish:
        text = f"the answer of {model} broke off: it came without an end"
        return CallError(Outcome.TRANSPORT, text, http_status=200)
    if finish == "MAX_TOKENS":
        text = (
            f"the answer was cut at the greatest length of {model}; ask for less, or another model"
        )
        return CallError(Outcome.BLOCKED, text, http_status=200, reason=finish)
    if finish != "STOP":
        text = f"the answer was stopped by the service ({finish})"
        return CallError(Outcome.BLOCKED, text, http_status=200, reason=finish)
    if not ending.text.strip():
        return CallError(Outcome.BLOCKED, f"the answer of {model} is empty", http_status=200)
    return None


def _broken(cause: BaseException, model: str, timeout: float) -> CallError:
    names = {name for each in _chain(cause) for name in _names(each)}
    late = isinstance(cause, DeadlineError) or _names(cause) & _TIMEOUTS
    if late and not names & _UNSENT:
        return CallError(Outcome.TIMEOUT, f"no whole answer of {model} within {timeout:g} s")
    if names & _UNSENT:
        text = f"the service cannot be reached ({type(cause).__name__}); check the network"
        return CallError(Outcome.TRANSPORT, text, sent=False)
    broken = "the connection broke off" if names & _NETWORK else "the answer cannot be read"
    return CallError(Outcome.TRANSPORT, f"{broken} ({type(cause).__name__})")


def _names(error: BaseException) -> set[str]:
    return {kind.__name__ for kind in type(error).__mro__}


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and what it wraps; ``requests`` puts the cause into the arguments."""
    found: list[BaseException] = [error]
    for each in found:
        inner = [each.__cause__, each.__context__, getattr(each, "reason", None), *each.args]
        found += [e for e in inner if isinstance(e, BaseException) and e not in found]
        if len(found) > 20:
            break
    return iter(found)


def _refusal(refusal: Refusal, model: str, redact: Callable[[str], str]) -> CallError:
    status, error = refusal.status, _error_object(refusal.body)
    details = [each for each in error.get("details") or [] if isinstance(each, dict)]
    reasons = [redact(str(each["reason"])) for each in details if each.get("reason")]
    violations = [
        one for each in details for one in each.get("violations") or [] if isinstance(one, dict)
    ]
    # Redacted before it is cut: a part of a key would not be found any more.
    said = " ".join(redact(str(error.get("message") or "")).split())[:MESSAGE_LIMIT]
    name = redact(str(error.get("status") or ""))
    if status == 403 and not reasons:
        reasons = [reason for word, reason in _SAID_ONLY.items() if word in said.casefold()]
    outcome, text = _meaning(status, name, reasons, violations, said, model)
    if outcome in _CLEAR or "API_KEY_INVALID" in reasons:
        said = ""  # the service's own words are long and say no more
    return CallError(
        outcome,
        f"{text}: {said}" if said else f"{text} (HTTP {status})",
        http_status=status,
        reason=reasons[0] if reasons else name,
        retry_after=_retry_after(details),
        quotas={
            redact(str(one["quotaId"])): int(value) if value.isdigit() else None
            for one in violations
            if one.get("quotaId")
            for value in [str(one.get("quotaValue", ""))]
        },
    )


def _meaning(
    status: int, name: str, reasons: list[str], violations: list[dict[str, Any]], said: str,
    model: str,
) -> tuple[Outcome, str]:  # fmt: skip
    if CAPACITY in reasons or status == 503:
        return Outcome.OVERLOADED, f"{model} has no capacity now"
    if status == 429:
        return _quota(violations, said, model)
    if "API_KEY_INVALID" in reasons or "API_KEY_EXPIRED" in reasons:
        return Outcome.AUTH, "the key is not valid"
    if status == 401:
        return Outcome.AUTH, "the key is not accepted"
    if status == 403:
        disabled = "SERVICE_DISABLED" in reasons
        return Outcome.AUTH, (
            "the Gemini API is not enabled in the key's project" if disabled
            else "the key may not be used"
        )  # fmt: skip
    if status == 400 and name == "FAILED_PRECONDITION":
        return Outcome.REGION, "the service is not offered here without billing"
    if status == 404:
        return Outcome.BAD_REQUEST, f"the model {model} does not exist for this key"
    if status in (408, 504):
        return Outcome.TIMEOUT, f"{model} took too long for the service itself"
    if status >= 500:
        return Outcome.TRANSPORT, "the service failed"
    return Outcome.BAD_REQUEST, "the service does not accept the request"


def _quota(violations: list[dict[str, Any]], said: str, model: str) -> tuple[Outcome, str]:
    """Zero is a limit that JSON may leave out, and then only the message says it."""
    ids = [str(one.get("quotaId", "")) for one in violations]
    values = [str(one.get("quotaValue", "")) for one in violations]
    if "0" in values or ("" in values and _NO_LIMIT.search(said)):
        return Outcome.NO_TIER, f"the key's project has no quota for {model}"
    if any("PerDay" in each for each in ids):
        return Outcome.DAY, f"the quota of the day for {model} is used up"
    if any("PerMinute" in each for each in ids):
        return Outcome.MINUTE, f"the quota of the minute for {model} is used up"
    return Outcome.QUOTA_UNKNOWN, f"a quota for {model} is used up"


def _error_object(body: Any) -> dict[str, Any]:
    if isinstance(body, list) and len(body) == 1:
        body = body[0]
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) else {}


def _retry_after(details: list[dict[str, Any]]) -> float:
    for each in details:
        if found := _DELAY.fullmatch(str(each.get("retryDelay", ""))):
            return float(found[1])
    return 0.0
