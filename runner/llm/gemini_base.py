"""What both ways to Gemini share: models, deadline, outcome, and the check of who answered."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from assemblyzero_tui.runner.llm.deadline import Say, WorkFailedError, call_within, endpoint
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

CONNECT_SECONDS = 30.0
"""A server that does not take a connection for so long is not there."""
SPARE_SECONDS = 5.0
"""So much later than the caller, an abandoned read gives up by itself, and its thread ends."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long one attempt may take."""

    timeout: float
    """Seconds for the whole of it."""
    silence: Silence

    @property
    def read_seconds(self) -> float:
        """Those after which a read of the connection fails."""
        longest = max(self.silence.first, self.silence.between)
        return min(self.timeout, longest) + SPARE_SECONDS


class Exchange(Protocol):
    """One attempt with one credential."""

    def run(self, received: Received, say: Say) -> None:
        """Sends the question and reads the reply to its end, with :func:`read_reply`."""

    def close(self) -> None:
        """Lets go of the connection; from another thread, and maybe while ``run`` reads."""


class GeminiProvider(ABC):
    """See :class:`~assemblyzero_tui.runner.llm.provider.Provider`; an SDK makes it whole."""

    name = ""
    is_gemini = True

    def __init__(self, model: str, review_model: str) -> None:
        """Args:
        model: Writes.
        review_model: Reviews.

        Raises:
            TuiError: one of them cannot be asked, or the endpoint is none.
        """
        self._model = check_model(model, "--model")
        self._review_model = check_reviewer(review_model)
        self._endpoint = endpoint()

    def model_for(self, request: Request) -> str:
        """The model that will be asked."""
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
            CallError: there is no whole answer, or not of the model that was asked.
        """
        model, received = self.model_for(request), Received()
        failure: CallError | None
        try:
            exchange = self.exchange(request, model, secret, Limits(timeout, silence))
        except Exception as error:  # by what is set up here, such as a proxy
            failure = classify(error, model=model, secret=secret, timeout=timeout)
        else:
            failure = self._run(exchange, received, model, secret, timeout, on_text, silence)
        if failure is not None:
            failure.input_tokens = received.prompt_tokens
            failure.output_tokens = received.output_tokens
            raise failure from None  # what the SDK raised holds the request, and so the API key
        return Answer(
            text=received.text,
            model=received.model,
            input_tokens=received.prompt_tokens,
            output_tokens=received.output_tokens,
        )

    def _run(
        self, exchange: Exchange, received: Received, model: str, secret: str, timeout: float,
        on_text: Callable[[str], None] | None, silence: Silence,
    ) -> CallError | None:  # fmt: skip
        try:
            call_within(
                timeout, lambda say: exchange.run(received, say), on_text, exchange.close, silence
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
    def exchange(self, request: Request, model: str, secret: str, limits: Limits) -> Exchange:
        """A client of its own for one attempt."""


def _other_model(received: Received, model: str) -> CallError | None:
    """Permanent: what leads one model's calls to another one is set up somewhere, and does not pass
    by asking again; each answer would be paid for and thrown away.
    """
    if same_model(model, received.model):
        return None
    answered = f"{received.model} answered" if received.model else "it is not said who answered"
    return CallError(
        Outcome.BAD_REQUEST,
        f"{model} was asked, but {answered}; the answer is not used",
        http_status=200,
        reason="OTHER_MODEL",
    )


def schema_of(schema: dict[str, Any], type_name: str) -> dict[str, Any]:
    """A JSON schema in the API's dialect: the names of types in capitals.

    Args:
        schema: With ``type``, ``properties``, ``items``, ``required``, ``enum``, ``description``.
        type_name: What the member ``type`` is called there.
    """
    made: dict[str, Any] = {}
    for key, value in schema.items():
        match key:
            case "type":
                made[type_name] = str(value).upper()
            case "properties":
                made[key] = {name: schema_of(each, type_name) for name, each in value.items()}
            case "items":
                made[key] = schema_of(value, type_name)
            case _:
                made[key] = value
    return made
