"""Gemini through ``google-genai``, the successor of ``google-generativeai``; the extra ``genai``.

Its timeouts are milliseconds, and its retries are off unless asked for.
"""

from __future__ import annotations

from typing import Any

from google.genai import Client, errors, types

from assemblyzero_tui.runner.llm.asking import Exchange, GeminiProvider, Received, schema_of
from assemblyzero_tui.runner.llm.calling import Say
from assemblyzero_tui.runner.llm.outcomes import Refusal
from assemblyzero_tui.runner.llm.provider import Request

_ONE_ATTEMPT = types.HttpRetryOptions(attempts=1)
_UNSPECIFIED = ("", "FINISH_REASON_UNSPECIFIED", "BLOCKED_REASON_UNSPECIFIED")


class GoogleGenai(GeminiProvider):
    """``--provider genai``."""

    name = "genai"

    def exchange(self, request: Request, model: str, secret: str, timeout: float) -> Exchange:
        """A client of its own for one attempt."""
        return _Exchange(request, model, secret, timeout, self._endpoint)


class _Exchange:
    def __init__(
        self, request: Request, model: str, secret: str, timeout: float, endpoint: str
    ) -> None:
        self._request = request
        self._model = model
        self._client = Client(
            api_key=secret,
            vertexai=False,
            http_options=types.HttpOptions(
                base_url=endpoint or None,
                timeout=max(1, int(timeout * 1000)),
                retry_options=_ONE_ATTEMPT,
            ),
        )

    def run(self, say: Say) -> Received:
        received = Received()
        request = self._request
        configuration = types.GenerateContentConfig(
            system_instruction=request.system, candidate_count=1
        )
        if request.schema is not None:
            configuration.response_mime_type = "application/json"
            schema = types.Schema.model_validate(schema_of(request.schema, "type"))
            configuration.response_schema = schema
        pieces = self._client.models.generate_content_stream(
            model=self._model, contents=request.prompt, config=configuration
        )
        for piece in pieces:
            _take(piece, received, say)
        return received

    def close(self) -> None:
        self._client.close()

    def refusal(self, error: BaseException) -> Refusal | None:
        if not isinstance(error, errors.APIError):
            return None
        body: Any = error.details
        if isinstance(body, dict) and "error" not in body and "code" in body:
            body = {"error": body}
        return Refusal(int(error.code or 500), body)


def _take(piece: types.GenerateContentResponse, received: Received, say: Say) -> None:
    received.model = piece.model_version or received.model
    if piece.prompt_feedback is not None:
        received.blocked = _name(piece.prompt_feedback.block_reason) or received.blocked
    if (usage := piece.usage_metadata) is not None:
        received.count(
            usage.prompt_token_count or 0,
            usage.candidates_token_count or 0,
            usage.total_token_count or 0,
        )
    for candidate in (piece.candidates or [])[:1]:
        received.finish = _name(candidate.finish_reason) or received.finish
        for part in (candidate.content.parts if candidate.content else None) or []:
            if part.text and not part.thought:
                received.text += part.text
                say(part.text)


def _name(value: Any) -> str:
    """The name of an enumeration's value, as the service says it."""
    name = str(getattr(value, "value", value) or "")
    return "" if name in _UNSPECIFIED else name
