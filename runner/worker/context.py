"""The hands of a workflow: its log, its progress, and the model."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Literal

import msgspec
from langgraph.config import get_config

from assemblyzero_tui.runner.errors import WorkflowError
from assemblyzero_tui.runner.llm.provider import Answer, CallError, Provider, Request
from assemblyzero_tui.runner.logs.redaction import Redactor
from assemblyzero_tui.runner.model.call_outcomes import Outcome
from assemblyzero_tui.runner.run_spec import WorkerSpec
from assemblyzero_tui.runner.worker.answers import AnswerStore
from assemblyzero_tui.runner.worker.channel import Channel, LeaseDeniedError
from assemblyzero_tui.runner.worker.drafting import SectionPrinter
from assemblyzero_tui.runner.worker.messages import AnswerReused, Progress, Release, Remark
from assemblyzero_tui.runner.workflows import log_style as style

CALL_SECONDS = 600.0
"""All attempts at one answer together, without the waiting for a key."""
LEAST_SECONDS = 1.0
"""With less left there is no other attempt."""
ATTEMPTS = {Outcome.TRANSPORT: 4}
"""Attempts at most for a connection that broke off; 1 for all that are not named."""
WAITED_FOR = frozenset(
    {
        Outcome.AUTH, Outcome.MINUTE, Outcome.DAY, Outcome.QUOTA_UNKNOWN, Outcome.NO_TIER,
        Outcome.OVERLOADED,
    }
)  # fmt: skip
"""Failures that another key, or another time, mends."""
_CHARACTERS_PER_TOKEN = 4
_LATER = "Try the item again later; what was done so far is kept."
_HINTS = {
    Outcome.REGION: "See https://ai.google.dev/gemini-api/docs/available-regions",
    Outcome.BAD_REQUEST: "Choose another model with --model or --review-model.",
    Outcome.BLOCKED: "Change the item's text and begin with --fresh, or choose another model with "
    "--model or --review-model.",
    Outcome.TRANSPORT: _LATER,
    Outcome.TIMEOUT: _LATER,
}


class WorkerContext:
    """Implements :class:`~assemblyzero_tui.runner.workflows.context.Context` in a worker."""

    def __init__(
        self, spec: WorkerSpec, channel: Channel, provider: Provider, answers: AnswerStore
    ) -> None:
        self.spec = spec
        self._channel = channel
        self._provider = provider
        self._answers = answers

    @property
    def reviews_count_as_gemini(self) -> bool:
        return self._provider.is_gemini

    def say(self, text: str) -> None:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    def progress(self, iteration: int, limit: int, note: str = "") -> None:
        self._channel.send(Progress(iteration=iteration, limit=limit, note=note))

    def remark(self, text: str, level: Literal["info", "warning", "error"] = "info") -> None:
        self._channel.send(Remark(text=text, level=level))

    def ask(self, request: Request) -> Answer:
        configuration = get_config()
        task = str(configuration["configurable"]["__pregel_task_id"])
        node = str(configuration["metadata"].get("langgraph_node", ""))
        ordinal = self._answers.next_ordinal(task)
        kept = self._answers.get(task, ordinal, request)
        if kept is not None:
            self._channel.send(AnswerReused(model=kept.model, node=node))
            self.say(style.faint(f"    Answer of {kept.model} read back, not asked again"))
            return kept
        return self._call(
            request, node, keep=lambda answer: self._answers.put(task, ordinal, request, answer)
        )

    def _call(self, request: Request, node: str, keep: Callable[[Answer], None]) -> Answer:
        """Asks until there is an answer, as often as each kind of failure allows.

        Each attempt has a lease of its own. A refused key, a used up quota, a model without
        capacity and a service that cannot be reached cost no attempt: the next lease is for another
        key, or comes when there is a chance again.
        """
        model = self._provider.model_for(request)
        failures: Counter[Outcome] = Counter()
        left = CALL_SECONDS
        while True:
            try:
                return self._attempt(request, node, model, keep, left)
            except CallError as error:
                failures[error.outcome] += 1
                if not _is_waited_for(error):
                    left -= error.seconds
                    most = ATTEMPTS.get(error.outcome, 1)
                    if failures[error.outcome] >= most or left < LEAST_SECONDS:
                        tries = failures[error.outcome]
                        again = f", {tries} times" if tries > 1 else ""
                        raise WorkflowError(
                            f"{model} gave no answer{again} ({error.outcome}): {error}",
                            _HINTS.get(error.outcome, ""),
                        ) from None
                self.say(style.caution(style.plain(f"    {error}; asking again")))

    def _attempt(
        self,
        request: Request,
        node: str,
        model: str,
        keep: Callable[[Answer], None],
        seconds: float,
    ) -> Answer:
        size = len(request.system) + len(request.prompt)
        try:
            grant = self._channel.acquire(model, size // _CHARACTERS_PER_TOKEN, node, seconds)
        except LeaseDeniedError as error:
            raise WorkflowError(
                f"No call to {model} is granted: {error}.",
                "Choose another model with --model or --review-model.",
            ) from error
        release = Release(lease=grant.lease, outcome=Outcome.DIED, model=model)
        started = time.monotonic()
        drafting = SectionPrinter(self.say) if request.purpose == "draft" else None
        try:
            answer = self._provider.generate(
                request,
                secret=grant.secret,
                timeout=grant.call_timeout,
                on_text=drafting.feed if drafting is not None else None,
            )
            if drafting is not None:
                drafting.finish()
            if grant.secret:
                text = Redactor([grant.secret]).exact_only(answer.text)
                answer = msgspec.structs.replace(answer, text=text)
            keep(answer)
            release.outcome, release.model = Outcome.OK, answer.model
            release.input_tokens, release.output_tokens = answer.input_tokens, answer.output_tokens
        except CallError as error:
            release.outcome, release.sent = error.outcome, error.sent
            release.http_status, release.reason = error.http_status, error.reason
            release.retry_after, release.detail = error.retry_after, str(error)
            error.seconds = time.monotonic() - started
            release.quotas = error.quotas
            raise
        finally:
            release.seconds = time.monotonic() - started
            self._channel.send(release)
        return answer


def _is_waited_for(error: CallError) -> bool:
    """Whether the engine grants the next attempt when there is a chance again."""
    unsent = error.outcome is Outcome.TRANSPORT and not error.sent
    return unsent or error.outcome in WAITED_FOR
