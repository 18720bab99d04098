"""Gemini through ``google-generativeai``: its generated client, over REST.

The package's high-level interface (``google.generativeai``) has one API key for the whole process,
so it is not used: every attempt has its own client. That client is kept from retries, both of a
busy model (silently, for ten minutes) and of a rejected API key (twice), and from reading the
reply: a hook of the session reads it instead.
"""

from __future__ import annotations

import warnings
from contextlib import suppress
from typing import Any

from requests import Response, Session
from requests.adapters import HTTPAdapter

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

with warnings.catch_warnings():
    warnings.simplefilter("ignore", FutureWarning)
    from google.ai.generativelanguage_v1beta import types
    from google.ai.generativelanguage_v1beta.services.generative_service import (
        GenerativeServiceClient,
    )
    from google.ai.generativelanguage_v1beta.services.generative_service.transports.rest import (
        GenerativeServiceRestTransport,
    )
    from google.auth.api_key import Credentials

_Credentials: Any = Credentials
HOST = "generativelanguage.googleapis.com"
_CHUNK = 512
"""The most bytes of a chunk; a shorter chunk of the reply is passed on at once."""


class GoogleGenerativeAi(GeminiProvider):
    """``--provider gemini``."""

    name = "gemini"

    def count(self, request: Request, model: str, secret: str) -> int:
        """The tokens of a request, from the service."""
        transport = _transport(secret, self._endpoint or HOST, COUNT_SECONDS)
        try:
            answer: Any = GenerativeServiceClient(transport=transport).count_tokens(
                types.CountTokensRequest(
                    model=f"models/{model}", generate_content_request=_message(request, model)
                ),
                retry=None,
                timeout=COUNT_SECONDS,
            )
        finally:
            transport.close()
        return int(answer.total_tokens)

    def exchange(self, request: Request, model: str, secret: str, limits: Limits) -> Exchange:
        """Creates the client of one attempt."""
        return _RestExchange(request, model, secret, limits, self._endpoint or HOST)


def create_provider(options: Options) -> Provider:
    """``--provider gemini`` for a run with these options.

    Raises:
        TuiError: a model cannot be used, or the endpoint is invalid.
    """
    return GoogleGenerativeAi(options.model, options.review_model)


class _RestExchange:
    def __init__(
        self, request: Request, model: str, secret: str, limits: Limits, host: str
    ) -> None:
        self._timeout = limits.timeout
        self._request = _message(request, model)
        self._transport = _transport(secret, host, limits.read_seconds)
        self._session: Session = self._transport._session
        self._response: Response | None = None

    def run(self, received: Received, on_text: TextHandler) -> None:
        def read(response: Response, **_: object) -> None:
            self._response = response
            chunks = response.iter_content(_CHUNK)
            read_reply(response.status_code, response.headers, chunks, received, on_text)
            raise ReplyReadError

        self._session.hooks["response"] = [read]
        client = GenerativeServiceClient(transport=self._transport)
        with suppress(ReplyReadError):
            client.stream_generate_content(self._request, retry=None, timeout=self._timeout)

    def close(self) -> None:
        if self._response is not None:
            self._response.close()
        self._transport.close()


def _transport(secret: str, host: str, read_seconds: float) -> Any:
    credentials: Any = _Credentials(secret)
    transport: Any = GenerativeServiceRestTransport(host=host, credentials=credentials)
    transport._session.max_redirects = 0  # another address would be sent the API key
    for scheme in ("https://", "http://"):
        transport._session.mount(scheme, _Adapter(read_seconds))
    return transport


class _Adapter(HTTPAdapter):
    """Limits each operation on the connection; their sum is limited by the deadline."""

    def __init__(self, read_seconds: float) -> None:
        super().__init__()
        self._limits = (CONNECT_SECONDS, read_seconds)

    def send(self, request: Any, *arguments: Any, **options: Any) -> Response:
        options["timeout"] = self._limits
        return super().send(request, *arguments, **options)


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
