"""The hands of a workflow: its log, its progress, and the model."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Literal

from langgraph.config import get_config

from assemblyzero_tui.runner.errors import WorkflowError
from assemblyzero_tui.runner.llm.provider import Answer, CallError, Outcome, Provider, Request
from assemblyzero_tui.runner.run_spec import WorkerSpec
from assemblyzero_tui.runner.worker.answers import AnswerStore
from assemblyzero_tui.runner.worker.channel import Channel, LeaseDeniedError
from assemblyzero_tui.runner.worker.drafting import SectionPrinter
from assemblyzero_tui.runner.worker.messages import AnswerReused, Progress, Release, Remark
from assemblyzero_tui.runner.workflows import log_style as style

_CHARACTERS_PER_TOKEN = 4


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
        model = self._provider.model_for(request)
        size = len(request.system) + len(request.prompt)
        try:
            grant = self._channel.acquire(model, size // _CHARACTERS_PER_TOKEN, node)
        except LeaseDeniedError as error:
            raise WorkflowError(f"No call to {model} is granted: {error}.") from error
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
            keep(answer)
            release.outcome, release.model = Outcome.OK, answer.model
            release.input_tokens, release.output_tokens = answer.input_tokens, answer.output_tokens
        except CallError as error:
            release.outcome, release.sent = error.outcome, error.sent
            raise WorkflowError(f"{model} gave no answer ({error.outcome}): {error}") from error
        finally:
            release.seconds = time.monotonic() - started
            self._channel.send(release)
        return answer
