"""A model without a network: the same request always gets the same answer.

It writes a design from the words of an issue, or an issue from the words of a brief, and reviews
it: it blocks the first draft of about 40 % of all, and the second one of every fourth of those. It
is for demonstrations and tests; its approval does not count as a review.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from assemblyzero_tui.runner.llm.offline.design import write_design
from assemblyzero_tui.runner.llm.offline.issue import BRIEF, write_issue, write_issue_review
from assemblyzero_tui.runner.llm.offline.reading import blocks
from assemblyzero_tui.runner.llm.offline.review import write_review
from assemblyzero_tui.runner.llm.provider import (
    USUAL_SILENCE,
    Answer,
    CallError,
    Request,
    Silence,
)
from assemblyzero_tui.runner.model.call_outcomes import Outcome
from assemblyzero_tui.runner.model.run_spec import Options

if TYPE_CHECKING:
    from assemblyzero_tui.runner.llm.offline.quota import QuotaCounter

MODEL = "offline-1"
PIECE_SECONDS = 0.08
"""Seconds between two pieces of a streamed answer."""
CHARACTERS_PER_TOKEN = 4
"""A rule of thumb for English text."""


class OfflineModel:
    """See :class:`~assemblyzero_tui.runner.llm.provider.Provider`."""

    name = "offline"
    is_gemini = False

    def __init__(
        self,
        latency: float = 2.0,
        spread: float = 0.4,
        *,
        counter: QuotaCounter | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Args:
        latency: Mean seconds of a call; 0 for none.
        spread: How far a call can be from the mean, as a share of it.
        counter: Refuses calls that exceed a quota; without one, no call is refused.
        """
        self.latency = max(0.0, latency)
        self.spread = spread
        self._counter = counter
        self._clock = clock
        self._sleep = sleep

    def model_for(self, request: Request) -> str:
        """The model for a request: always the same."""
        return MODEL

    def seconds_for(self, request: Request) -> float:
        """Seconds that the answer to a request takes."""
        digest = hashlib.sha256(f"{request.purpose}\0{request.prompt}".encode()).digest()
        return self.latency * (1 - self.spread + 2 * self.spread * digest[0] / 255)

    def count_tokens(self, request: Request, *, secret: str) -> int:
        """Nobody counts: estimates will do."""
        return 0

    def generate(
        self,
        request: Request,
        *,
        secret: str = "",
        timeout: float,
        on_text: Callable[[str], None] | None = None,
        silence: Silence = USUAL_SILENCE,
    ) -> Answer:
        """Answers in pieces over the latency of the request.

        Raises:
            CallError: the answer takes longer than ``timeout`` seconds, or a quota is exhausted.
        """
        if self._counter is not None:
            self._counter.count(secret, MODEL)
        text = _writer(request)(request.prompt)
        self._deliver(text, self.seconds_for(request), timeout, on_text)
        return Answer(
            text=text,
            model=MODEL,
            input_tokens=_tokens(request.system) + _tokens(request.prompt),
            output_tokens=_tokens(text),
        )

    def _deliver(
        self, text: str, seconds: float, timeout: float, on_text: Callable[[str], None] | None
    ) -> None:
        if seconds <= 0.0:
            if on_text is not None:
                on_text(text)
            return
        start = self._clock()
        sent = 0
        while True:
            spent = self._clock() - start
            due = len(text) if spent >= seconds else int(len(text) * spent / seconds)
            if spent > timeout and due < len(text):
                raise CallError(Outcome.TIMEOUT, f"{MODEL} gave no answer within {timeout:g} s")
            if due > sent and on_text is not None:
                on_text(text[sent:due])
            sent = max(sent, due)
            if sent >= len(text):
                return
            self._sleep(max(0.001, min(PIECE_SECONDS, seconds - spent, timeout - spent + 0.001)))


def create_provider(options: Options) -> OfflineModel:
    """``--provider offline`` for a run with these options."""
    counter = None
    if options.quota is not None:
        from assemblyzero_tui.runner.llm.offline.quota import QuotaCounter

        counter = QuotaCounter(options.quota)
    return OfflineModel(options.latency, options.latency_spread, counter=counter)


def _writer(request: Request) -> Callable[[str], str]:
    """The function that writes the answer; prompts of the Issue workflow contain a brief."""
    if blocks(request.prompt, BRIEF):
        return write_issue if request.purpose == "draft" else write_issue_review
    return write_design if request.purpose == "draft" else write_review


def _tokens(text: str) -> int:
    return -(-len(text) // CHARACTERS_PER_TOKEN)
