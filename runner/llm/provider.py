"""What the workflows need of a model: one request in, one answer or one typed failure out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, Protocol

import msgspec

from assemblyzero_tui.runner.model.call_outcomes import Outcome


class Request(msgspec.Struct, kw_only=True, frozen=True):
    """One question to a model."""

    purpose: Literal["draft", "review"]
    system: str
    prompt: str
    schema: dict[str, Any] | None = None
    """JSON schema of the answer, where the answer is to be JSON."""


class Answer(msgspec.Struct, kw_only=True, frozen=True):
    """What a model answered."""

    text: str
    model: str
    """The model that really answered."""
    input_tokens: int = 0
    output_tokens: int = 0


class Silence(msgspec.Struct, frozen=True):
    """How long nothing at all may come from the service, in seconds. Any byte of a reply's body is
    something, that of a thought too; its head is not, as gateways send it before the model begins.
    """

    first: float
    """Until the first byte."""
    between: float
    """Between one byte and the next."""

    def doubled(self) -> Silence:
        """For the next attempt, after it was too short for one."""
        return Silence(2 * self.first, 2 * self.between)

    def at_speed(self, speed: float) -> Silence:
        """For a service of which so many seconds go by in one."""
        return Silence(self.first / speed, self.between / speed)


USUAL_SILENCE = Silence(180.0, 60.0)
"""Models that think send nothing until they have thought. Reports of users: calls to
``gemini-3.5-flash`` take over a minute, one took more than two
(jaslam94/Junaid.GoogleGemini.Net#28); 60 to 120 s to the first token with a long prompt that is not
cached, so that a limit of 90 s broke good calls off (BlockRunAI/Franklin#74)."""


class CallError(Exception):
    """One attempt of a call failed. Its text holds no API key."""

    def __init__(
        self, outcome: Outcome, message: str, *, sent: bool = True, http_status: int = 0,
        reason: str = "", retry_after: float = 0.0,
        quotas: Mapping[str, int | None] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(message)
        self.outcome = outcome
        self.sent = sent
        """Whether the request left this machine."""
        self.http_status = http_status
        """0 where there was no answer."""
        self.reason = reason
        """The service's own word for it, such as ``API_KEY_INVALID``."""
        self.retry_after = retry_after
        """Seconds the service asks to wait; 0 where it does not say."""
        self.quotas = dict(quotas or {})
        """The quotas that were met, by the service's name, with the limit where it was told."""
        self.silent = False
        """Whether it was given up because nothing came for too long."""
        self.input_tokens = 0
        self.output_tokens = 0
        """What the attempt cost, where it was told."""


class Provider(Protocol):
    """A way to reach a model."""

    name: str
    """As in the provider catalog."""
    is_gemini: bool
    """Whether an approval counts as a Gemini review."""

    def model_for(self, request: Request) -> str:
        """The model that will be asked."""

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
            request: The question.
            secret: The API key, empty where none is needed.
            timeout: Wall-clock seconds for the whole call.
            on_text: Called with each new piece of the answer, where the provider streams.
            silence: How long nothing may come, where something can.

        Raises:
            CallError: the attempt failed.
        """
