"""What can go wrong with the service, and how it says so: status, ``google.rpc`` details, text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tests.gemini_server.books import Refused

_RPC = "type.googleapis.com/google.rpc."
_METRIC = "generativelanguage.googleapis.com/generate_content_free_tier_requests"


class Fault(StrEnum):
    """Something to go wrong with a request."""

    MINUTE = "minute"
    TOKENS = "tokens"
    """Refused for the tokens of the minute."""
    DAY = "day"
    BARE_429 = "bare_429"
    """Refused for a quota, without details."""
    NO_TIER = "no_tier"
    CAPACITY = "capacity"
    """429 with the reason ``MODEL_CAPACITY_EXHAUSTED``."""
    UNAVAILABLE = "unavailable"
    BAD_KEY = "bad_key"
    REGION = "region"
    REGION_UNPAID = "region_unpaid"
    """The free tier is not offered in this country."""
    BILLING_OFF = "billing_off"
    """403: the project has no billing, which the API needs."""
    SPENDING_CAP = "spending_cap"
    """429 without details: the month's cap is reached."""
    NO_CREDIT = "no_credit"
    """402: the prepaid credit is gone."""
    NO_CREDIT_BEFORE = "no_credit_before"
    """The same as the service said it until August 2026: 429."""
    RETIRED = "retired"
    """404: the model is not for users who have come lately."""
    PROMPT_TOO_LONG = "prompt_too_long"
    """400: more tokens than the model takes."""
    BAD_ARGUMENT = "bad_argument"
    UNAUTHENTICATED = "unauthenticated"
    LEAKED = "leaked"
    SUSPENDED = "suspended"
    """Its message repeats the whole key, as that of the real service does."""
    DISABLED = "disabled"
    """The API is not enabled in the key's project."""
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    REQUEST_TIMEOUT = "request_timeout"
    """408."""
    CONFLICT = "conflict"
    """409."""
    TOO_EARLY = "too_early"
    """425."""
    CANCELLED = "cancelled"
    """499."""
    INTERNAL = "internal"
    BAD_GATEWAY = "bad_gateway"
    """502 with a page of HTML."""
    DEADLINE = "deadline"
    """504."""
    OVERLOADED = "overloaded"
    """529, which gateways say."""
    REDIRECTED = "redirected"
    """302, as of a portal that wants a login before it lets anybody through."""
    PAGE = "page"
    """200 with a page of HTML."""
    SLOW = "slow"
    """Nothing comes, for ever."""
    HEAD_ONLY = "head_only"
    """The head of an answer, then nothing, for ever."""
    SILENT = "silent"
    """The answer begins, then nothing comes, for ever."""
    DRIPPING = "dripping"
    """A letter now and then, for ever."""
    RESET = "reset"
    """The connection is reset before the answer."""
    CUT = "cut"
    """The connection is closed in the middle of the answer."""
    ERROR_IN_STREAM = "error_in_stream"
    """The answer begins, then there is an error object in its place."""
    BLOCKED_PROMPT = "blocked_prompt"
    BLOCKED_ANSWER = "blocked_answer"
    EMPTY = "empty"
    """The model stops without a word."""
    BLANK = "blank"
    """The model stops after white space."""
    RECITATION = "recitation"
    MALFORMED_FUNCTION_CALL = "malformed_function_call"
    OTHER = "other"
    NEWER = "newer"
    """The model ends for a reason that no SDK knows."""
    TOO_LONG = "too_long"
    """The answer is cut at its length limit."""
    ENDLESS = "endless"
    """The answer ends without a reason to end."""
    OTHER_MODEL = "other_model"
    """Another model answers than the one that was asked."""


ENDINGS = {
    Fault.EMPTY: "STOP", Fault.BLOCKED_ANSWER: "SAFETY", Fault.RECITATION: "RECITATION",
    Fault.MALFORMED_FUNCTION_CALL: "MALFORMED_FUNCTION_CALL", Fault.OTHER: "OTHER",
    Fault.NEWER: "NEWER_THAN_THE_SDKS",
}  # fmt: skip
"""Faults of answers without a word, and the reason that such an answer ends with."""


class Shape(StrEnum):
    """How an error is packed."""

    SERVICE = "service"
    """As the service does it. The error of a call that is not streamed is an object, and so is that
    of a streamed one with ``alt=sse`` (seen in google-gemini/gemini-cli#4656). Without ``alt=sse``
    it is a list with this object (googleapis/google-cloud-python#18223,
    googleapis/python-api-core#828, googleapis/python-aiplatform#5010)."""
    OBJECT = "object"
    LIST = "list"
    SEVERAL = "several"
    """A list with something else before the error."""
    STRING = "string"
    """A JSON string of the message, as gateways send it."""
    TEXT = "text"
    """The message as plain text."""
    QUOTED = "quoted"
    """The whole error as JSON in the message of another one."""
    MESSAGE = "message"
    """``error`` is the message."""
    BARE = "bare"
    """The error without ``error`` around it."""
    ODD = "odd"
    """The code as a string, and every other field that can be ``null`` is."""
    PACKED = "packed"
    """Compressed with gzip."""
    TORN = "torn"
    """Cut in the middle, with its length correctly said."""
    CUT = "cut"
    """The connection ends in the middle."""
    HTML = "html"
    LONG_HTML = "long_html"
    """A page of many megabytes."""
    NOTHING = "nothing"
    """No body."""
    BYTES = "bytes"
    """No UTF-8."""
    DEEP = "deep"
    """JSON that is nested deeper than a parser goes."""
    IN_200 = "in_200"
    """An object as the whole body, with status 200."""
    LIST_IN_200 = "list_in_200"
    FIRST = "first"
    """The first piece of an answer, with status 200."""
    MIDDLE = "middle"
    """A piece in the middle of an answer (diegosouzapw/OmniRoute#4177)."""
    LOOSE = "loose"
    """In the middle, indented, and outside of the events (maximhq/bifrost#5262,
    googleapis/js-genai#1973)."""
    NO_CODE = "no_code"
    """In the middle, without a code."""


IN_ANSWERS = frozenset({Shape.FIRST, Shape.MIDDLE, Shape.LOOSE, Shape.NO_CODE})
"""Shapes of errors in the place of a piece of an answer."""


@dataclass(frozen=True, slots=True)
class ErrorReply:
    """An error as it goes out."""

    status: int
    body: dict[str, Any] | list[Any] | str
    """JSON, or a page. A list goes out as it is."""
    shape: Shape = Shape.SERVICE
    retry_after: str = ""
    """The header of this name."""


def _reply(
    code: int, status: str, message: str, *details: dict[str, Any], omit: bool = False
) -> ErrorReply:
    error: dict[str, Any] = {"code": code, "message": message, "status": status}
    if details and not omit:
        error["details"] = list(details)
    return ErrorReply(code, {"error": error})


def _info(reason: str, **metadata: str) -> dict[str, Any]:
    return {
        "@type": f"{_RPC}ErrorInfo",
        "reason": reason,
        "domain": "googleapis.com",
        "metadata": {"service": "generativelanguage.googleapis.com"} | metadata,
    }


def quota_reply(
    refused: Refused, model: str, *, metric: str = _METRIC, quota: str = ""
) -> ErrorReply:
    """A refusal for a quota, with the details of the real service."""
    period = "PerMinute" if refused.kind == "minute" else "PerDay"
    violation: dict[str, Any] = {
        "quotaMetric": metric,
        "quotaId": quota or f"GenerateRequests{period}PerProjectPerModel-FreeTier",
        "quotaDimensions": {"location": "global", "model": model},
        "quotaValue": str(refused.limit),
    }
    message = (
        "You exceeded your current quota, please check your plan and billing details.\n"
        f"* Quota exceeded for metric: {metric}, limit: {refused.limit}, model: {model}\n"
        f"Please retry in {refused.retry_after:.9f}s."
    )
    return _reply(
        429,
        "RESOURCE_EXHAUSTED",
        message,
        {"@type": f"{_RPC}Help", "links": [{"description": "Learn more", "url": "https://ai.google.dev"}]},
        {"@type": f"{_RPC}QuotaFailure", "violations": [violation]},
        {"@type": f"{_RPC}RetryInfo", "retryDelay": f"{refused.retry_after:.9f}s"},
    )  # fmt: skip


def error_reply(fault: Fault, model: str, key: str) -> ErrorReply | None:
    """The error that a fault goes out as; ``None`` where it is none of the HTTP kind."""
    match fault:
        case Fault.MINUTE:
            return quota_reply(Refused("minute", 10, 36.404928261), model)
        case Fault.TOKENS:  # as seen in google-gemini/gemini-cli-action#36
            return quota_reply(
                Refused("minute", 250_000, 24.0), model,
                metric="generativelanguage.googleapis.com/generate_content_free_tier_input_token_count",
                quota="GenerateContentInputTokensPerModelPerMinute-FreeTier",
            )  # fmt: skip
        case Fault.DAY:
            return quota_reply(Refused("day", 20, 41.0), model)
        case Fault.NO_TIER:
            return quota_reply(Refused("no_tier", 0, 12.0), model)
        case Fault.BARE_429:
            return _reply(
                429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."
            )
        case Fault.CAPACITY:
            return _reply(
                429, "RESOURCE_EXHAUSTED", f"No capacity available for model {model} on the server",
                _info("MODEL_CAPACITY_EXHAUSTED", model=model),
            )  # fmt: skip
        case Fault.UNAVAILABLE:
            return _reply(503, "UNAVAILABLE", "The model is overloaded. Please try again later.")
        case Fault.BAD_KEY:
            return _reply(
                400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.",
                _info("API_KEY_INVALID"),
                {"@type": f"{_RPC}LocalizedMessage", "locale": "en-US",
                 "message": "API key not valid. Please pass a valid API key."},
            )  # fmt: skip
        case Fault.REGION:  # google-gemini/gemini-cli#24641, snailyp/gemini-balance#328
            return _reply(
                400, "FAILED_PRECONDITION", "User location is not supported for the API use."
            )
        case Fault.REGION_UNPAID:  # kolbytn/mindcraft#133
            return _reply(
                400, "FAILED_PRECONDITION",
                "Gemini API free tier is not available in your country. Please enable billing on "
                "your project in Google AI Studio.",
            )  # fmt: skip
        case Fault.BILLING_OFF:  # the message: pgmichael/wavenet-for-chrome#83; the reason:
            # https://cloud.google.com/api-keys/docs/reference/rest/Shared.Types/ErrorReason
            return _reply(
                403, "PERMISSION_DENIED",
                "This API method requires billing to be enabled. Please enable billing on project "
                "#1 by visiting https://console.developers.google.com/billing/enable?project=1 "
                "then retry. If you enabled billing for this project recently, wait a few minutes "
                "for the action to propagate to our systems and retry.",
                _info("BILLING_DISABLED", consumer="projects/1"),
            )  # fmt: skip
        case Fault.SPENDING_CAP:  # openclaw/openclaw#74120
            return _reply(
                429, "RESOURCE_EXHAUSTED",
                "Your billing account has exceeded its monthly spending cap. Please go to AI "
                "Studio at https://ai.studio/billing to manage your billing. Learn more at "
                "https://ai.google.dev/gemini-api/docs/billing#tier-spend-caps.",
            )  # fmt: skip
        case Fault.NO_CREDIT | Fault.NO_CREDIT_BEFORE:  # https://discuss.ai.google.dev/t/183654,
            # and before it https://discuss.ai.google.dev/t/169215
            return _reply(
                402 if fault is Fault.NO_CREDIT else 429, "RESOURCE_EXHAUSTED",
                "Your prepayment credits are depleted. Please go to AI Studio at "
                "https://ai.studio/projects to manage your project and billing. Learn more at "
                "https://ai.google.dev/gemini-api/docs/billing#prepay.",
            )  # fmt: skip
        case Fault.RETIRED:  # thedotmack/claude-mem#3278
            return _reply(
                404, "NOT_FOUND",
                f"This model models/{model} is no longer available to new users. Please update "
                "your code to use a newer model for the latest features and improvements.",
            )  # fmt: skip
        case Fault.PROMPT_TOO_LONG:  # google-gemini/gemini-cli#4231
            return _reply(
                400, "INVALID_ARGUMENT",
                "The input token count (3475108) exceeds the maximum number of tokens allowed "
                "(1048576).",
            )  # fmt: skip
        case Fault.BAD_ARGUMENT:  # Alishahryar1/free-claude-code#542
            words = 'Invalid JSON payload received. Unknown name "google": Cannot find field.'
            return _reply(
                400, "INVALID_ARGUMENT", words,
                {"@type": f"{_RPC}BadRequest", "fieldViolations": [{"description": words}]},
            )  # fmt: skip
        case Fault.UNAUTHENTICATED:
            return _reply(
                401, "UNAUTHENTICATED",
                "Request had invalid authentication credentials. Expected OAuth 2 access token.",
                _info("ACCESS_TOKEN_TYPE_UNSUPPORTED"),
            )  # fmt: skip
        case Fault.LEAKED:
            return _reply(
                403, "PERMISSION_DENIED",
                "Your API key was reported as leaked. Please use another API key.",
            )  # fmt: skip
        case Fault.SUSPENDED:
            return _reply(
                403, "PERMISSION_DENIED",
                f"Permission denied: Consumer 'api_key:{key}' has been suspended.",
                _info("CONSUMER_SUSPENDED", consumer="projects/1", containerInfo=f"api_key:{key}"),
            )  # fmt: skip
        case Fault.DISABLED:
            return _reply(
                403, "PERMISSION_DENIED",
                "Generative Language API has not been used in project 1 before or it is disabled.",
                _info("SERVICE_DISABLED", consumer="projects/1"),
            )  # fmt: skip
        case Fault.FORBIDDEN:
            return _reply(403, "PERMISSION_DENIED", "The caller does not have permission")
        case Fault.NOT_FOUND:  # google/adk-python#200
            return _reply(
                404, "NOT_FOUND",
                f"models/{model} is not found for API version v1beta, or is not supported for "
                "generateContent. Call ListModels to see the list of available models.",
            )  # fmt: skip
        case Fault.REQUEST_TIMEOUT:
            return _reply(408, "DEADLINE_EXCEEDED", "Request timed out.")
        case Fault.CONFLICT:
            return _reply(409, "ABORTED", "The operation was aborted.")
        case Fault.TOO_EARLY:
            return _reply(425, "UNAVAILABLE", "Too early.")
        case Fault.CANCELLED:
            return _reply(499, "CANCELLED", "The operation was cancelled.")
        case Fault.DEADLINE:
            return _reply(
                504, "DEADLINE_EXCEEDED", "Deadline expired before operation could complete."
            )
        case Fault.OVERLOADED:
            return _reply(529, "OVERLOADED", "Overloaded.")
        case Fault.REDIRECTED:
            return ErrorReply(302, "<html>Moved</html>")
        case Fault.PAGE:
            return ErrorReply(200, "<!DOCTYPE html>\n<title>Please log in</title> {not: json}\n")
        case Fault.INTERNAL:
            return _reply(500, "INTERNAL", "An internal error has occurred. Please retry.")
        case Fault.BAD_GATEWAY:
            return ErrorReply(502, "<!DOCTYPE html>\n<title>Error 502 (Server Error)!!1</title>\n")
    return None
