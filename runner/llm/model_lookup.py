"""Asks the service whether a model exists for a credential. Free of charge: no model is called.

This is ``models.get`` (https://ai.google.dev/api/models), without an SDK: the engine asks, which
loads none.
"""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from enum import Enum
from typing import Any
from urllib.parse import quote

import msgspec

from assemblyzero_tui.runner.llm.deadline import endpoint
from assemblyzero_tui.runner.llm.failures import Refusal, classify
from assemblyzero_tui.runner.model.call_outcomes import Outcome

SERVICE = "https://generativelanguage.googleapis.com"
METHOD = "generateContent"
READ_LIMIT = 64 << 10
"""Bytes of a reply that are read."""


class Existence(Enum):
    """What the service says of a model."""

    FOUND = "found"
    MISSING = "missing"
    UNKNOWN = "unknown"
    """It says nothing of it: it cannot be reached, or does not accept the credential."""


def look_up(model: str, secret: str, seconds: float) -> tuple[Existence, str]:
    """Whether a model exists for a credential, and the service's own words if it does not.

    Args:
        model: Its name, without ``models/``.
        secret: The API key.
        seconds: How long each step of the connection may take.
    """
    request = urllib.request.Request(  # noqa: S310 - endpoint() checks the scheme
        f"{endpoint() or SERVICE}/v1beta/models/{quote(model, safe='')}",
        headers={"x-goog-api-key": secret},
    )
    try:
        with _OPENER.open(request, timeout=seconds) as reply:
            return _found(model, _json(reply.read(READ_LIMIT)))
    except urllib.error.HTTPError as error:
        with error:
            return _refused(model, secret, error)
    except (OSError, http.client.HTTPException, ValueError):
        return Existence.UNKNOWN, ""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Another address would be sent the API key."""

    def redirect_request(self, *arguments: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirects)


def _found(model: str, body: Any) -> tuple[Existence, str]:
    if not (isinstance(body, dict) and str(body.get("name", "")).startswith("models/")):
        return Existence.UNKNOWN, ""
    methods = body.get("supportedGenerationMethods")
    if isinstance(methods, list) and methods and METHOD not in methods:
        return Existence.MISSING, f"{model} is not supported for {METHOD}"
    return Existence.FOUND, ""


def _refused(model: str, secret: str, error: urllib.error.HTTPError) -> tuple[Existence, str]:
    try:
        body = _json(error.read(READ_LIMIT))
    except (OSError, http.client.HTTPException):
        return Existence.UNKNOWN, ""
    failure = classify(Refusal(error.code, body), model=model, secret=secret)
    # A proxy or gateway that knows nothing of models has a 404 of its own, maybe with the address.
    if failure is None or failure.outcome is not Outcome.NO_MODEL:
        return Existence.UNKNOWN, ""
    known = failure.reason == "NOT_FOUND" and model in failure.words
    return (Existence.MISSING, failure.words) if known else (Existence.UNKNOWN, "")


def _json(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
