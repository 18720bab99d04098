"""What both ways to Gemini share: models, deadline, outcome, and the check of who answered."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from assemblyzero_tui.runner.llm.calling import Say, WorkFailedError, call_within, endpoint
from assemblyzero_tui.runner.llm.models import check_model, check_reviewer, same_model
from assemblyzero_tui.runner.llm.outcomes import DeadlineError, Ending, Refusal, classify
from assemblyzero_tui.runner.llm.provider import Answer, CallError, Request
from assemblyzero_tui.runner.model.call_outcomes import Outcome


@dataclass(slots=True)
class Received:
    """What has come of an answer so far."""

    text: str = ""
    finish: str = ""
    blocked: str = ""
    model: str = ""
    prompt_tokens: int = 0
    answer_tokens: int = 0
    total_tokens: int = 0

    def count(self, prompt: int, answer: int, total: int) -> None:
        """Takes the usage of a piece; that of the last one is the whole call's."""
        self.prompt_tokens = prompt or self.prompt_tokens
        self.answer_tokens = answer or self.answer_tokens
        self.total_tokens = total or self.total_tokens

    @property
    def output_tokens(self) -> int:
        """What was written, thoughts included: they are in the total only."""
        return max(self.answer_tokens, self.total_tokens - self.prompt_tokens)


class RefusedInStreamError(Exception):
    """An error object came where a piece of the answer was due."""

    def __init__(self, body: dict[str, Any]) -> None:
        super().__init__("an error in the middle of the answer")
        error = body.get("error")
        code = error.get("code") if isinstance(error, dict) else None
        self.refusal = Refusal(code if isinstance(code, int) else 500, body)


class Exchange(Protocol):
    """One attempt with one key."""

    def run(self, say: Say) -> Received:
        """Sends the question and reads the answer to its end."""

    def close(self) -> None:
        """Lets go of the connection; from another thread, and maybe while ``run`` reads."""

    def refusal(self, error: BaseException) -> Refusal | None:
        """The service's answer in an exception of the SDK; ``None`` if it got none."""


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
    ) -> Answer:
        """Makes one attempt.

        Raises:
            CallError: there is no whole answer, or not of the model that was asked.
        """
        model = self.model_for(request)
        failure: CallError | None
        exchange = self.exchange(request, model, secret, timeout)
        try:
            received: Received = call_within(timeout, exchange.run, on_text, exchange.close)
        except DeadlineError as error:
            failure = classify(error, model=model, secret=secret, timeout=timeout)
        except WorkFailedError as failed:
            what = exchange.refusal(failed.error) or failed.error
            exchange.close()
            failure = classify(what, model=model, secret=secret, timeout=timeout)
        else:
            exchange.close()
            ending = Ending(received.finish, received.blocked, received.text)
            failure = classify(ending, model=model, secret=secret) or _other_model(received, model)
        if failure is not None:
            raise failure from None  # what the SDK raised holds the request, and so the key
        return Answer(
            text=received.text,
            model=received.model,
            input_tokens=received.prompt_tokens,
            output_tokens=received.output_tokens,
        )

    @abstractmethod
    def exchange(self, request: Request, model: str, secret: str, timeout: float) -> Exchange:
        """A client of its own for one attempt."""


def _other_model(received: Received, model: str) -> CallError | None:
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
