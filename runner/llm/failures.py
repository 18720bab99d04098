"""Classifies failed calls for both SDKs; it never parses ``str(error)``.

The service gives the reason in ``google.rpc`` details: ``ErrorInfo`` has a reason,
``QuotaFailure`` the quotas, ``RetryInfo`` a delay.
https://ai.google.dev/gemini-api/docs/troubleshooting lists the codes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec

from assemblyzero_tui.runner.base.text import one_line
from assemblyzero_tui.runner.llm.provider import CallError
from assemblyzero_tui.runner.llm.unserved import is_too_long, why_unserved
from assemblyzero_tui.runner.logs.redaction import Redactor
from assemblyzero_tui.runner.model.call_outcomes import Outcome

MESSAGE_LIMIT = 300
"""The most characters of the service's message that are shown."""
CAPACITY = "MODEL_CAPACITY_EXHAUSTED"
_CLEAR = frozenset({Outcome.MINUTE, Outcome.DAY, Outcome.NO_TIER})
_REASONS_BY_MESSAGE = {
    400: {
        "api key not valid": "API_KEY_INVALID", "pass a valid api key": "API_KEY_INVALID",
        "api key expired": "API_KEY_EXPIRED",
    },
    403: {"leaked": "API_KEY_LEAKED", "suspended": "CONSUMER_SUSPENDED"},
}  # fmt: skip
"""Words in the message of an error without details, and the reasons that they mean. An invalid key
has two messages, the second being ``API Key not found. Please pass a valid API key.``
(google-gemini/gemini-cli#25198)."""
_STATUS = {
    "CANCELLED": 499, "UNKNOWN": 500, "INVALID_ARGUMENT": 400, "DEADLINE_EXCEEDED": 504,
    "NOT_FOUND": 404, "ALREADY_EXISTS": 409, "PERMISSION_DENIED": 403, "UNAUTHENTICATED": 401,
    "RESOURCE_EXHAUSTED": 429, "FAILED_PRECONDITION": 400, "ABORTED": 409, "OUT_OF_RANGE": 400,
    "UNIMPLEMENTED": 501, "INTERNAL": 500, "UNAVAILABLE": 503, "DATA_LOSS": 500,
}  # fmt: skip
"""The HTTP status for each name of ``google.rpc.Code``."""
_NESTED = 4
"""How deep an error can be nested in lists, messages and other errors."""
_FINAL = {
    "SAFETY", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT",
    "MODEL_ARMOR", "ESCALATION", "MISSING_THOUGHT_SIGNATURE",
}  # fmt: skip
"""Finish reasons that a retry would not change: filters, and an invalid request."""
_TOO_LONG = {"MAX_TOKENS", "CONTINUATION"}
_ACCOUNT_LIMITED = "PUP_LIMITED_DISABLED"
"""Finish reason: the account violated the Prohibited Use Policy. All reasons that are not listed
here, including newer ones, mean that this attempt gave no answer: RECITATION, OTHER, LANGUAGE,
MALFORMED_FUNCTION_CALL, MALFORMED_RESPONSE, UNEXPECTED_TOOL_CALL and TOO_MANY_TOOL_CALLS (no tools
were offered), NO_IMAGE. A few retries cost less than an item that fails needlessly."""
_DELAY = re.compile(r"(\d+(?:\.\d+)?)s")
_NO_LIMIT = re.compile(r"\blimit: 0\b")
_METRIC_LIMIT = re.compile(r"for metric: (\S+), limit: (\d+)")
"""The limit of a metric, in messages whose details do not always have its value
(google-gemini/gemini-cli#22486, continuedev/continue#9570)."""
_TIMEOUTS = frozenset({"Timeout", "TimeoutException", "TimeoutError"})
_NETWORK = frozenset({"ConnectionError", "RequestException", "TransportError", "HTTPError"})
_LOCAL = frozenset({"ValueError", "ImportError", "InvalidURL", "UnsupportedProtocol"})
"""Errors that an SDK or its HTTP client raises before it sends anything, because of the setup of
this machine: a proxy of an unknown kind, an API key with invalid characters. An ``OSError`` that is
not about the network counts too, such as missing certificates."""
_UNSENT = frozenset(
    {"NewConnectionError", "ConnectTimeoutError", "ConnectTimeout", "ConnectError",
     "NameResolutionError", "ProxyError", "SSLError"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is an error."""

    status: int
    """The HTTP status."""
    body: Any = None
    """The decoded JSON, or the text if it is not JSON."""
    retry_after: float = 0.0
    """Seconds to wait by a header; 0 without one."""


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of an answer with status 200."""

    finish: str
    """The last finish reason, such as ``STOP``; empty without one."""
    blocked: str = ""
    """Why the prompt was blocked, if it was."""
    text: str = ""


class DeadlineError(Exception):
    """The time for the whole call is up."""


class UnreadableError(Exception):
    """A reply with a success status is not an answer from the service."""


class SilentError(Exception):
    """Nothing was received for too long."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"nothing was received for {seconds:g} s")
        self.seconds = seconds


def classify(
    what: Refusal | Ending | BaseException, *, model: str, secret: str = "", timeout: float = 0.0
) -> CallError | None:
    """Returns the typed failure; ``None`` for the end of a complete answer.

    Args:
        what: The refusal or exception instead of an answer, or the end of the answer.
        model: The model that was called, for the message.
        secret: The API key that was used; it is redacted in every message.
        timeout: The time limit of the call in seconds, for the message.
    """
    # Errors about API keys with invalid characters quote them escaped.
    redact = Redactor([secret, ascii(secret)[1:-1]] if secret else []).redact
    match what:
        case Ending():
            return _ending(what, model)
        case Refusal():
            return _refusal(what, model, redact)
        case _:
            return _broken(what, model, timeout, redact)


def _ending(ending: Ending, model: str) -> CallError | None:
    blocked, finish = ending.blocked, ending.finish
    if blocked:
        text = f"the prompt was blocked by the service ({blocked})"
        return CallError(Outcome.BLOCKED, text, http_status=200, reason=blocked)
    if not finish:
        text = f"the answer of {model} is incomplete: it ended without a finish reason"
        return CallError(Outcome.TRANSPORT, text, http_status=200)
    if finish in _TOO_LONG:
        text = (
            f"the answer was cut at the length limit of {model}; ask for less, or use another model"
        )
        return CallError(Outcome.BLOCKED, text, http_status=200, reason=finish)
    if finish == _ACCOUNT_LIMITED:
        text = "the credential's account is limited for violations of the Prohibited Use Policy"
        return CallError(Outcome.AUTH, text, http_status=200, reason=finish)
    if finish in _FINAL:
        text = f"the answer was stopped by the service ({finish})"
        return CallError(Outcome.BLOCKED, text, http_status=200, reason=finish)
    if finish != "STOP":
        text = f"{model} ended without an answer ({finish})"
        return CallError(Outcome.NO_ANSWER, text, http_status=200, reason=finish)
    if not ending.text.strip():
        text = f"the answer of {model} is empty"
        return CallError(Outcome.NO_ANSWER, text, http_status=200, reason=finish)
    return None


def _broken(
    cause: BaseException, model: str, timeout: float, redact: Callable[[str], str]
) -> CallError:
    if isinstance(cause, SilentError):
        silent = CallError(Outcome.TIMEOUT, f"{model} sent nothing for {cause.seconds:g} s")
        silent.silent = True
        return silent
    names = {name for each in _chain(cause) for name in _names(each)}
    own = _names(cause)
    if own & _LOCAL or ("OSError" in own and not own & (_NETWORK | _TIMEOUTS)):
        message = redact(one_line(str(cause)))[:MESSAGE_LIMIT]
        text = f"the call cannot be made from this machine ({type(cause).__name__}): {message}"
        return CallError(Outcome.BAD_REQUEST, text, sent=False)
    late = isinstance(cause, DeadlineError) or own & _TIMEOUTS
    if late and not names & _UNSENT:
        return CallError(Outcome.TIMEOUT, f"no complete answer from {model} within {timeout:g} s")
    if names & _UNSENT:
        text = f"the service cannot be reached ({type(cause).__name__}); check the network"
        return CallError(Outcome.TRANSPORT, text, sent=False)
    if isinstance(cause, UnreadableError):
        return CallError(Outcome.TRANSPORT, f"the reply is not an answer from {model}: {cause}")
    if names & _NETWORK:
        return CallError(Outcome.TRANSPORT, f"the connection was lost ({type(cause).__name__})")
    # The cause is unknown: a few retries, instead of failing at once or retrying for ever.
    return CallError(Outcome.NO_ANSWER, f"the call failed ({type(cause).__name__})")


def _names(error: BaseException) -> set[str]:
    return {kind.__name__ for kind in type(error).__mro__}


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and those that it wraps; ``requests`` puts the cause into the arguments."""
    errors: list[BaseException] = [error]
    for each in errors:
        inner = [each.__cause__, each.__context__, getattr(each, "reason", None), *each.args]
        errors += [e for e in inner if isinstance(e, BaseException) and e not in errors]
        if len(errors) > 20:
            break
    return iter(errors)


def _limits_in_message(message: str, violations: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The limits of metrics in a message, where it is clear which violation they belong to.

    Quotas per minute and per day may have the same metric.
    """
    limits = set(_METRIC_LIMIT.findall(message))
    named = [metric for metric, _ in limits]
    without_value = [
        str(each.get("quotaMetric")) for each in violations if not each.get("quotaValue")
    ]
    return {
        metric: limit
        for metric, limit in limits
        if named.count(metric) == 1 and without_value.count(metric) == 1
    }


def _refusal(refusal: Refusal, model: str, redact: Callable[[str], str]) -> CallError:
    error = _error_object(refusal.body) or {}
    status = _effective_status(refusal.status, error)
    details = _objects(error.get("details"))
    reasons = [redact(one_line(str(each["reason"]))) for each in details if each.get("reason")]
    violations = [one for each in details for one in _objects(each.get("violations"))]
    # Redacted before it is cut, as a part of an API key would not be recognised.
    message = redact(one_line(str(error.get("message") or "")))[:MESSAGE_LIMIT]
    name = redact(one_line(str(error.get("status") or "")))[:MESSAGE_LIMIT]
    if not reasons:
        words = _REASONS_BY_MESSAGE.get(status, {})
        reasons = [reason for word, reason in words.items() if word in message.casefold()]
    limits = _limits_in_message(str(error.get("message") or ""), violations)
    passes = bool(violations or _retry_after(details))
    outcome, text = why_unserved(status, name, reasons, message, model, passes=passes) or _meaning(
        status, reasons, violations, message, model
    )
    if outcome in _CLEAR or "API_KEY_INVALID" in reasons:
        message = ""  # the service's message is long and adds nothing
    return CallError(
        outcome,
        f"{text}: {message}" if message else f"{text} (HTTP {status})",
        words=message,
        http_status=status,
        reason=reasons[0] if reasons else name,
        retry_after=max(_retry_after(details), refusal.retry_after),
        quotas={
            redact(one_line(str(one["quotaId"]))): _limit(
                one.get("quotaValue") or limits.get(str(one.get("quotaMetric")))
            )
            for one in violations
            if one.get("quotaId")
        },
    )


def _effective_status(status: int, error: dict[str, Any]) -> int:
    """Returns the code in the error rather than the HTTP status, which a proxy can have set.

    With a success status of HTTP, only the error counts.
    """
    code = error.get("code")
    if isinstance(code, str) and code.isascii() and code.isdecimal():
        code = float(code[:9])
    if isinstance(code, (int, float)) and 400 <= code < 600:
        return int(code)
    if 200 <= status < 300:
        return _STATUS.get(str(error.get("status")), 500)
    return status


def _meaning(
    status: int, reasons: list[str], violations: list[dict[str, Any]], message: str, model: str
) -> tuple[Outcome, str]:
    if CAPACITY in reasons or status in (503, 529):
        return Outcome.OVERLOADED, f"{model} has no capacity right now"
    if status == 429:
        return _quota(violations, message, model)
    if "API_KEY_INVALID" in reasons or "API_KEY_EXPIRED" in reasons:
        return Outcome.AUTH, "the API key is not valid"
    if status == 401:
        return Outcome.AUTH, "the API key is not accepted"
    if status == 403:
        disabled = "SERVICE_DISABLED" in reasons
        return Outcome.AUTH, (
            "the Gemini API is not enabled in the credential's project" if disabled
            else "the credential may not be used"
        )  # fmt: skip
    if is_too_long(status, message):
        return Outcome.BLOCKED, f"the prompt is too long for {model}"
    if status in (408, 504):
        return Outcome.TIMEOUT, f"{model} took longer than the service allows"
    if status in (409, 425, 499):
        return Outcome.TRANSPORT, "the service aborted the call"
    if status >= 500:
        return Outcome.TRANSPORT, "the service failed"
    if status < 400:
        return Outcome.TRANSPORT, "something other than the service answered"
    return Outcome.BAD_REQUEST, "the service does not accept the request"


def _quota(violations: list[dict[str, Any]], message: str, model: str) -> tuple[Outcome, str]:
    """A limit of zero can be missing from the JSON; then only the message shows it."""
    ids = [str(one.get("quotaId", "")) for one in violations]
    values = [str(one.get("quotaValue", "")) for one in violations]
    if "0" in values or ("" in values and _NO_LIMIT.search(message)):
        return Outcome.NO_TIER, f"the credential's project has no quota for {model}"
    if any("PerDay" in each for each in ids):
        return Outcome.DAY, f"the daily quota for {model} is exhausted"
    if any("PerMinute" in each for each in ids):
        tokens = not any("Requests" in each for each in ids)
        what = "per-minute token quota" if tokens else "per-minute quota"
        return Outcome.MINUTE, f"the {what} for {model} is exhausted"
    return Outcome.QUOTA_UNKNOWN, f"a quota for {model} is exhausted"


def _error_object(body: Any, depth: int = _NESTED) -> dict[str, Any] | None:
    """Finds the error in a body: an object that contains one, such an object in a list or as text,
    the error itself, or a bare message. ``None`` if there is none, as in an HTML page.
    """
    if depth == 0:
        return None
    match body:
        case list():
            errors_in_list = (_error_object(each, depth - 1) for each in body)
            return next((each for each in errors_in_list if each is not None), None)
        case str():
            return _error_in(body, depth)
        case {"error": list(errors)}:
            return _error_object(errors, depth - 1)
        case {"error": dict(error)} if error:
            return _error_object(error, depth - 1) or dict(error)
        case {"error": str(message)} | {"message": str(message)}:
            return dict(body) | (_error_in(message, depth) or {})
        case {"code": _} | {"status": _} | {"details": _}:
            return dict(body)
    return None


def _error_in(text: str, depth: int) -> dict[str, Any] | None:
    """Finds the error in a text, which can be a bare message; ``None`` for truncated JSON."""
    text = text.strip()
    if text.startswith(("{", "[")):
        with suppress(msgspec.MsgspecError, RecursionError):
            return _error_object(msgspec.json.decode(text), depth - 1)
        return None
    return {"message": text} if text and not text.startswith("<") else None


def _objects(value: Any) -> list[dict[str, Any]]:
    """The objects in a list; or the value itself, if it is an object."""
    return [
        each for each in (value if isinstance(value, list) else [value]) if isinstance(each, dict)
    ]


def _limit(value: Any) -> int | None:
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None


def _retry_after(details: list[dict[str, Any]]) -> float:
    for each in details:
        if match := _DELAY.fullmatch(str(each.get("retryDelay", ""))):
            return float(match[1])
    return 0.0
