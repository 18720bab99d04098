"""The common part of both Gemini providers: models, deadline, outcome, check of the model."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from assemblyzero_tui.runner.llm.deadline import (
    TextHandler,
    WorkFailedError,
    call_within,
    endpoint,
)
from assemblyzero_tui.runner.llm.failures import DeadlineError, Ending, SilentError, classify
from assemblyzero_tui.runner.llm.provider import (
    USUAL_SILENCE,
    Answer,
    CallError,
    Request,
    Silence,
)
from assemblyzero_tui.runner.llm.replies import Received, RefusedError
from assemblyzero_tui.runner.model.call_outcomes import Outcome
from assemblyzero_tui.runner.model.model_catalog import check_model, check_reviewer, same_model

_log = logging.getLogger(__name__)

CONNECT_SECONDS = 30.0
"""Seconds after which a server that accepts no connection counts as unreachable."""
COUNT_SECONDS = 15.0
"""The longest time in which tokens are counted: that is only of use while a call waits."""
SPARE_SECONDS = 5.0
"""Seconds after the caller's time limit until an abandoned read times out and its thread ends."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The time limits of one attempt."""

    timeout: float
    """Seconds for the whole attempt."""
    silence: Silence

    @property
    def read_seconds(self) -> float:
        """Seconds after which a read from the connection fails."""
        longest = max(self.silence.first, self.silence.between)
        return min(self.timeout, longest) + SPARE_SECONDS


class Exchange(Protocol):
    """One attempt with one credential."""

    def run(self, received: Received, on_text: TextHandler) -> None:
        """Sends the request and reads the reply to its end, with :func:`read_reply`."""

    def close(self) -> None:
        """Closes the connection; can be called from another thread while ``run`` reads."""


class GeminiProvider(ABC):
    """See :class:`~assemblyzero_tui.runner.llm.provider.Provider`; a subclass adds an SDK."""

    name = ""
    is_gemini = True

    def __init__(self, model: str, review_model: str) -> None:
        """Args:
        model: The model that writes.
        review_model: The model that reviews.

        Raises:
            TuiError: a model cannot be used, or the endpoint is invalid.
        """
        self._model = check_model(model, "--model")
        self._review_model = check_reviewer(review_model)
        self._endpoint = endpoint()

    def model_for(self, request: Request) -> str:
        """The model for a request."""
        return self._review_model if request.purpose == "review" else self._model

    def generate(
        self,
        request: Request,
        *,
        secret: str,
        timeout: float,
        on_text: Callable[[str], None] | None = None,
        silence: Silence = USUAL_SILENCE,
    ) -> Answer:
        """Makes one attempt.

        Raises:
            CallError: there is no complete answer, or it is from another model.
        """
        model, received = self.model_for(request), Received()
        failure: CallError | None
        try:
            exchange = self.exchange(request, model, secret, Limits(timeout, silence))
        except Exception as error:  # in the setup of this machine, such as a proxy
            failure = classify(error, model=model, secret=secret, timeout=timeout)
        else:
            failure = self._run(exchange, received, model, secret, timeout, on_text, silence)
        if failure is not None:
            failure.input_tokens = received.prompt_tokens
            failure.output_tokens = received.output_tokens
            raise failure from None  # the SDK's error holds the request, and so the API key
        return Answer(
            text=received.text,
            model=received.model,
            input_tokens=received.prompt_tokens,
            output_tokens=received.output_tokens,
        )

    def count_tokens(self, request: Request, *, secret: str) -> int:
        """Has the service count the tokens of a request; 0 if it does not.

        Counting is free, and does not use the quotas of the model: see "Is GetTokens billed?" in
        https://ai.google.dev/gemini-api/docs/billing
        """
        try:
            return self.count(request, self.model_for(request), secret)
        except Exception as error:
            # Not its text, which may hold the API key.
            _log.debug("tokens are not counted (%s)", type(error).__name__)
            return 0

    def _run(
        self, exchange: Exchange, received: Received, model: str, secret: str, timeout: float,
        on_text: Callable[[str], None] | None, silence: Silence,
    ) -> CallError | None:  # fmt: skip
        try:
            call_within(
                timeout, lambda send: exchange.run(received, send), on_text, exchange.close, silence
            )
        except (DeadlineError, SilentError) as error:
            return classify(error, model=model, secret=secret, timeout=timeout)
        except WorkFailedError as failed:
            exchange.close()
            cause = failed.error
            what = cause.refusal if isinstance(cause, RefusedError) else cause
            return classify(what, model=model, secret=secret, timeout=timeout)
        exchange.close()
        ending = Ending(received.finish, received.blocked, received.text)
        return classify(ending, model=model, secret=secret) or _other_model(received, model)

    @abstractmethod
    def count(self, request: Request, model: str, secret: str) -> int:
        """The tokens of a request, from the service.

        Raises:
            Exception: it does not tell.
        """

    @abstractmethod
    def exchange(self, request: Request, model: str, secret: str, limits: Limits) -> Exchange:
        """Creates the client of one attempt."""


def _other_model(received: Received, model: str) -> CallError | None:
    """Returns a failure if another model answered.

    It is permanent: the redirection is configured somewhere, and does not pass with a retry; each
    answer would be paid for and thrown away.
    """
    if same_model(model, received.model):
        return None
    answered = (
        f"{received.model} answered" if received.model else "the answer does not name its model"
    )
    return CallError(
        Outcome.BAD_REQUEST,
        f"{model} was requested, but {answered}; the answer is not used",
        http_status=200,
        reason="OTHER_MODEL",
    )


def schema_of(schema: dict[str, Any], type_name: str) -> dict[str, Any]:
    """Converts a JSON schema to the API's dialect: names of types in capitals.

    Args:
        schema: With ``type``, ``properties``, ``items``, ``required``, ``enum``, ``description``.
        type_name: The name of the member ``type`` in that dialect.
    """
    converted: dict[str, Any] = {}
    for key, value in schema.items():
        match key:
            case "type":
                converted[type_name] = str(value).upper()
            case "properties":
                converted[key] = {name: schema_of(each, type_name) for name, each in value.items()}
            case "items":
                converted[key] = schema_of(value, type_name)
            case _:
                converted[key] = value
    return converted
