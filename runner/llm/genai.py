"""Gemini through ``google-genai``, the successor of ``google-generativeai``; the extra ``genai``.

Its timeouts are in milliseconds, and its retries are off by default. A hook of its HTTP client
reads the reply instead of the SDK.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from google.genai import Client, types

from assemblyzero_tui.runner.llm.deadline import TextHandler
from assemblyzero_tui.runner.llm.gemini_base import (
    CONNECT_SECONDS,
    COUNT_SECONDS,
    Exchange,
    GeminiProvider,
    Limits,
    schema_of,
)
from assemblyzero_tui.runner.llm.provider import Provider, Request
from assemblyzero_tui.runner.llm.replies import Received, ReplyReadError, read_reply
from assemblyzero_tui.runner.model.run_spec import Options

_ONE_ATTEMPT = types.HttpRetryOptions(attempts=1)


class GoogleGenai(GeminiProvider):
    """``--provider genai``."""

    name = "genai"

    def count(self, request: Request, model: str, secret: str) -> int:
        """The tokens of a request, from the service."""
        client = _client(secret, self._endpoint, COUNT_SECONDS)
        try:
            # A system instruction is not accepted here; as text it has the same tokens.
            text = f"{request.system}\n{request.prompt}"
            answer = client.models.count_tokens(model=model, contents=text)
        finally:
            client.close()
        return answer.total_tokens or 0

    def exchange(self, request: Request, model: str, secret: str, limits: Limits) -> Exchange:
        """Creates the client of one attempt."""
        return _Exchange(request, model, secret, limits, self._endpoint)


def _client(secret: str, endpoint: str, seconds: float, **arguments: Any) -> Client:
    """A client of one attempt; ``arguments`` are for its HTTP client."""
    return Client(
        api_key=secret,
        vertexai=False,
        http_options=types.HttpOptions(
            base_url=endpoint or None,
            timeout=max(1, int(seconds * 1000)),  # also sent to the service
            retry_options=_ONE_ATTEMPT,
            # Another address would be sent the API key.
            client_args={"follow_redirects": False, **arguments},
        ),
    )


def create_provider(options: Options) -> Provider:
    """``--provider genai`` for a run with these options.

    Raises:
        TuiError: a model cannot be used, or the endpoint is invalid.
    """
    return GoogleGenai(options.model, options.review_model)


class _Exchange:
    def __init__(
        self, request: Request, model: str, secret: str, limits: Limits, endpoint: str
    ) -> None:
        self._request = request
        self._model = model
        self._read: Callable[[Any], None]

        def limit(request: Any) -> None:
            """Limits each operation on the connection; their sum is limited by the deadline."""
            seconds = limits.read_seconds
            request.extensions["timeout"] = {
                "connect": CONNECT_SECONDS, "pool": seconds, "read": seconds, "write": seconds,
            }  # fmt: skip

        def read(response: Any) -> None:
            self._read(response)

        hooks = {"request": [limit], "response": [read]}
        self._client = _client(secret, endpoint, limits.timeout, event_hooks=hooks)

    def run(self, received: Received, on_text: TextHandler) -> None:
        def read(response: Any) -> None:
            chunks = response.iter_bytes()
            read_reply(response.status_code, response.headers, chunks, received, on_text)
            raise ReplyReadError

        self._read = read
        request = self._request
        configuration = types.GenerateContentConfig(
            system_instruction=request.system, candidate_count=1
        )
        if request.schema is not None:
            configuration.response_mime_type = "application/json"
            schema = types.Schema.model_validate(schema_of(request.schema, "type"))
            configuration.response_schema = schema
        with suppress(ReplyReadError):
            next(
                self._client.models.generate_content_stream(
                    model=self._model, contents=request.prompt, config=configuration
                )
            )

    def close(self) -> None:
        self._client.close()
