"""Gemini through ``google-generativeai``: its generated client, over REST.

The package's own front (``google.generativeai``) keeps one key for the whole process, so it is
left alone: every attempt has a client of its own. That client retries nothing here, neither a busy
model (it would, silently, for ten minutes) nor a refused key (it would, twice).
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from typing import Any

from assemblyzero_tui.runner.llm.asking import (
    Exchange,
    GeminiProvider,
    Received,
    RefusedInStreamError,
    schema_of,
)
from assemblyzero_tui.runner.llm.calling import Say
from assemblyzero_tui.runner.llm.outcomes import Refusal
from assemblyzero_tui.runner.llm.provider import Request

with warnings.catch_warnings():
    warnings.simplefilter("ignore", FutureWarning)
    from google.ai.generativelanguage_v1beta import types
    from google.ai.generativelanguage_v1beta.services.generative_service import (
        GenerativeServiceClient,
    )
    from google.ai.generativelanguage_v1beta.services.generative_service.transports.rest import (
        GenerativeServiceRestInterceptor,
        GenerativeServiceRestTransport,
    )
    from google.api_core.exceptions import GoogleAPICallError
    from google.api_core.rest_streaming import ResponseIterator
    from google.auth.api_key import Credentials

_Credentials: Any = Credentials
HOST = "generativelanguage.googleapis.com"
_FinishReason = types.Candidate.FinishReason
_BlockReason = types.GenerateContentResponse.PromptFeedback.BlockReason


class GoogleGenerativeAi(GeminiProvider):
    """``--provider gemini``."""

    name = "gemini"

    def exchange(self, request: Request, model: str, secret: str, timeout: float) -> Exchange:
        """A client of its own for one attempt."""
        return _RestExchange(request, model, secret, timeout, self._endpoint or HOST)


class _RestExchange:
    def __init__(
        self, request: Request, model: str, secret: str, timeout: float, host: str
    ) -> None:
        self._timeout = timeout
        self._request = _message(request, model)
        self._interceptor = _Interceptor()
        credentials: Any = _Credentials(secret)
        self._transport: Any = GenerativeServiceRestTransport(
            host=host, credentials=credentials, interceptor=self._interceptor
        )
        self._transport._session._max_refresh_attempts = 0

    def run(self, say: Say) -> Received:
        received = Received()
        client = GenerativeServiceClient(transport=self._transport)
        pieces = client.stream_generate_content(self._request, retry=None, timeout=self._timeout)
        for piece in pieces:
            _take(piece, received, say)
        return received

    def close(self) -> None:
        stream: Any = self._interceptor.stream
        if stream is not None:
            stream.cancel()
        self._transport.close()

    def refusal(self, error: BaseException) -> Refusal | None:
        if isinstance(error, RefusedInStreamError):
            return error.refusal
        if not isinstance(error, GoogleAPICallError) or error.response is None:
            return None
        try:
            body = error.response.json()
        except ValueError:
            body = None
        return Refusal(int(error.response.status_code), body)


class _Interceptor(GenerativeServiceRestInterceptor):
    """Looks at the pieces before they are decoded."""

    def __init__(self) -> None:
        self.stream: _Stream | None = None

    def post_stream_generate_content(self, response: Any) -> Any:
        self.stream = _Stream(response._response, types.GenerateContentResponse)
        return self.stream


class _Stream(ResponseIterator):
    """The pieces of an answer; an error object among them is raised, not passed over."""

    def _process_chunk(self, chunk: str) -> None:
        if self._level or not chunk.isspace():
            super()._process_chunk(chunk)

    def _create_grab(self) -> Callable[[Any], Any]:
        decode = super()._create_grab()  # type: ignore[no-untyped-call]

        def grab(stream: Any) -> Any:
            body = json.loads(stream._ready_objs[0])
            if "error" in body:
                raise RefusedInStreamError(body)
            return decode(stream)

        return grab


def _message(request: Request, model: str) -> Any:
    configuration = types.GenerationConfig(candidate_count=1)
    if request.schema is not None:
        configuration.response_mime_type = "application/json"
        configuration.response_schema = types.Schema(schema_of(request.schema, "type_"))
    return types.GenerateContentRequest(
        model=f"models/{model}",
        contents=[types.Content(role="user", parts=[types.Part(text=request.prompt)])],
        system_instruction=types.Content(parts=[types.Part(text=request.system)]),
        generation_config=configuration,
    )


def _take(piece: Any, received: Received, say: Say) -> None:
    received.model = piece.model_version or received.model
    received.blocked = _name(_BlockReason, piece.prompt_feedback.block_reason) or received.blocked
    usage = piece.usage_metadata
    received.count(usage.prompt_token_count, usage.candidates_token_count, usage.total_token_count)
    for candidate in piece.candidates[:1]:
        received.finish = _name(_FinishReason, candidate.finish_reason) or received.finish
        for part in candidate.content.parts:
            if part.text:
                received.text += part.text
                say(part.text)


def _name(kind: Any, value: int) -> str:
    """The name of an enumeration's value, its number where it is newer than the SDK."""
    try:
        return str(kind(value).name) if value else ""
    except ValueError:
        return str(int(value))
