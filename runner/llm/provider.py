"""The interface of a model: one request in, one answer or one typed failure out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, Protocol

import msgspec

from assemblyzero_tui.runner.model.call_outcomes import Outcome


class Request(msgspec.Struct, kw_only=True, frozen=True):
    """One request to a model."""

    purpose: Literal["draft", "review"]
    system: str
    prompt: str
    schema: dict[str, Any] | None = None
    """JSON schema of the answer; ``None`` for a text."""


class Answer(msgspec.Struct, kw_only=True, frozen=True):
    """The answer of a model."""

    text: str
    model: str
    """The model that answered, by the service."""
    input_tokens: int = 0
    output_tokens: int = 0


class Silence(msgspec.Struct, frozen=True):
    """How long the service may send nothing, in seconds.

    Every byte of a reply's body counts, even of a thought; its head does not, as gateways send it
    before the model begins.
    """

    first: float
    """Until the first byte."""
    between: float
    """Between one byte and the next."""

    def doubled(self) -> Silence:
        """The limits for the next attempt after one that was silent for too long."""
        return Silence(2 * self.first, 2 * self.between)

    def at_speed(self, speed: float) -> Silence:
        """The limits for a service that runs faster than real time by this factor."""
        return Silence(self.first / speed, self.between / speed)


USUAL_SILENCE = Silence(180.0, 60.0)
"""Models that think send nothing while they think. Reports of users: calls to ``gemini-3.5-flash``
take over a minute, one took more than two (jaslam94/Junaid.GoogleGemini.Net#28); 60 to 120 s to the
first token with a long prompt that is not cached, so that a limit of 90 s aborted good calls
(BlockRunAI/Franklin#74)."""


class CallError(Exception):
    """One attempt of a call failed. Its text contains no API key."""

    def __init__(
        self, outcome: Outcome, message: str, *, sent: bool = True, http_status: int = 0,
        reason: str = "", retry_after: float = 0.0,
        quotas: Mapping[str, int | None] | None = None, words: str = "",
    ) -> None:  # fmt: skip
        super().__init__(message)
        self.outcome = outcome
        self.sent = sent
        """Whether the request left this machine."""
        self.http_status = http_status
        """0 if there was no reply."""
        self.reason = reason
        """The service's code, such as ``API_KEY_INVALID``."""
        self.retry_after = retry_after
        """Seconds that the service asks to wait; 0 if it does not."""
        self.quotas = dict(quotas or {})
        """The exceeded quotas by the service's names, each with its limit if that is known."""
        self.words = words
        """The service's own message, which the text ends with; empty without one."""
        self.silent = False
        """Whether it was abandoned because nothing was received for too long."""
        self.input_tokens = 0
        self.output_tokens = 0
        """The tokens that the attempt cost, if known."""

    @property
    def brief(self) -> str:
        """The text without the service's own message."""
        return str(self).removesuffix(f": {self.words}") if self.words else str(self)


class Provider(Protocol):
    """A service through which models are called."""

    name: str
    """As in the provider catalog."""
    is_gemini: bool
    """Whether an approval counts as a Gemini review."""

    def model_for(self, request: Request) -> str:
        """The model for a request."""

    def count_tokens(self, request: Request, *, secret: str) -> int:
        """Has the service count the tokens of a request, without charge; 0 if it cannot.

        Raises nothing: whoever waits for it does well without.
        """

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

        Args:
            request: The request.
            secret: The API key; empty if none is needed.
            timeout: Seconds of real time for the whole call.
            on_text: Called with each new piece of the answer, if the provider streams.
            silence: How long the service may send nothing, if the provider streams.

        Raises:
            CallError: the attempt failed.
        """
