"""The services of a worker for its workflow: log, progress, notices, and the model."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from typing import Literal

import msgspec
from langgraph.config import get_config

from assemblyzero_tui.runner.base.errors import WorkflowError
from assemblyzero_tui.runner.llm.provider import (
    USUAL_SILENCE,
    Answer,
    CallError,
    Provider,
    Request,
    Silence,
)
from assemblyzero_tui.runner.llm.releases import record_failure
from assemblyzero_tui.runner.logs.redaction import Redactor
from assemblyzero_tui.runner.model.call_outcomes import KINDS, NO_ANSWER_ATTEMPTS, Kind, Outcome
from assemblyzero_tui.runner.model.run_spec import WorkerSpec
from assemblyzero_tui.runner.wire.worker_messages import (
    Acquire,
    AnswerReused,
    Progress,
    Release,
    WorkerNotice,
)
from assemblyzero_tui.runner.worker.answers import AnswerStore
from assemblyzero_tui.runner.worker.channel import Channel, LeaseDeniedError
from assemblyzero_tui.runner.worker.live_draft import SectionPrinter
from assemblyzero_tui.runner.workflows.drafting import log_style as style

_log = logging.getLogger(__name__)

CALL_SECONDS = 600.0
"""The limit of one attempt, without the wait for its lease."""
_CHARACTERS_PER_TOKEN = 4
_LATER = "Retry the item later; what was done so far is kept."
_OTHER_MODEL = "Choose another model with --model or --review-model."
_TOO_LARGE = "Shorten the item's text, or add a credential with a higher quota."
_SET_UP = "Check the proxy, the certificates and the credentials of this machine."
_HINTS = {
    Outcome.REGION: "See https://ai.google.dev/gemini-api/docs/available-regions",
    Outcome.BAD_REQUEST: _OTHER_MODEL,
    Outcome.BLOCKED: "Change the item's text and start over with --fresh, or choose another model "
    "with --model or --review-model.",
    Outcome.NO_ANSWER: f"{_LATER} Or choose another model with --model or --review-model.",
}


class _PromptSize:
    """The tokens of a prompt: estimated by its characters until the service has counted them."""

    def __init__(self, request: Request) -> None:
        self.tokens = (len(request.system) + len(request.prompt)) // _CHARACTERS_PER_TOKEN
        self.counted = False

    def acquire(self, model: str, node: str) -> Acquire:
        """A request for a lease for it."""
        return Acquire(
            request=0, model=model, tokens=self.tokens, counted=self.counted, node=node,
            deadline=CALL_SECONDS,
        )  # fmt: skip

    def count(self, provider: Provider, request: Request, secret: str) -> int:
        """Has the service count them; 0 if it does not."""
        if tokens := provider.count_tokens(request, secret=secret):
            self.tokens, self.counted = tokens, True
        return tokens


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

    def log(self, text: str) -> None:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    def report_progress(self, iteration: int, limit: int, note: str = "") -> None:
        self._channel.send(Progress(iteration=iteration, limit=limit, note=note))

    def notify(self, text: str, level: Literal["info", "warning", "error"] = "info") -> None:
        self._channel.send(WorkerNotice(text=text, level=level))

    def call_model(self, request: Request) -> Answer:
        configuration = get_config()
        task = str(configuration["configurable"]["__pregel_task_id"])
        node = str(configuration["metadata"].get("langgraph_node", ""))
        ordinal = self._answers.next_ordinal(task)
        stored = self._answers.get(task, ordinal, request)
        if stored is not None:
            self._channel.send(AnswerReused(model=stored.model, node=node))
            self.log(style.faint(f"    Stored answer of {stored.model} reused; no call made"))
            return stored
        return self._call(
            request, node, store=lambda answer: self._answers.put(task, ordinal, request, answer)
        )

    def _call(self, request: Request, node: str, store: Callable[[Answer], None]) -> Answer:
        """Calls the model until there is an answer, or a permanent failure; see :data:`KINDS`.

        Each attempt needs a lease, and so waits as long as the pool decides: for quota, for a model
        without capacity, after a transient failure. The pool ends a futile wait with a denial.
        """
        model = self._provider.model_for(request)
        silence, empty = USUAL_SILENCE.at_speed(self.spec.clock_speed), 0
        size = _PromptSize(request)
        transient = False
        while True:
            try:
                return self._attempt(request, node, model, store, silence, size)
            except LeaseDeniedError as error:
                if transient:
                    raise WorkflowError(f"{str(error).rstrip('.')}.", _LATER) from error
                hint = _TOO_LARGE if error.too_large else _OTHER_MODEL
                raise WorkflowError(f"No call to {model} was granted: {error}.", hint) from error
            except CallError as error:
                kind = KINDS[error.outcome]
                transient = kind is Kind.TRANSIENT
                empty += kind is Kind.NO_ANSWER
                if kind is Kind.PERMANENT or empty == NO_ANSWER_ATTEMPTS:
                    tries = f", {empty} times" if kind is Kind.NO_ANSWER else ""
                    raise WorkflowError(
                        f"{model} gave no answer{tries} ({error.outcome}): {error}",
                        _HINTS.get(error.outcome, "") if error.sent else _SET_UP,
                    ) from None
                if error.silent:
                    silence = silence.doubled()
                said = error.brief if kind is Kind.UNSERVED else str(error)
                self.log(style.caution(style.plain(f"    {said}; retrying")))

    def _attempt(
        self,
        request: Request,
        node: str,
        model: str,
        store: Callable[[Answer], None],
        silence: Silence,
        size: _PromptSize,
    ) -> Answer:
        grant = self._channel.acquire(
            size.acquire(model, node), lambda secret: size.count(self._provider, request, secret)
        )
        release = Release(lease=grant.lease, outcome=Outcome.DIED, model=model)
        started = time.monotonic()
        _log.debug("%s calls %s, %d tokens, lease %d", node, model, size.tokens, grant.lease)
        drafting = SectionPrinter(self.log) if request.purpose == "draft" else None
        try:
            answer = self._provider.generate(
                request,
                secret=grant.secret,
                timeout=grant.call_timeout,
                on_text=drafting.feed if drafting is not None else None,
                silence=silence,
            )
            if drafting is not None:
                drafting.finish()
            if grant.secret:
                text = Redactor([grant.secret]).redact_known_values(answer.text)
                answer = msgspec.structs.replace(answer, text=text)
            store(answer)
            release.outcome, release.model = Outcome.OK, answer.model
            release.input_tokens, release.output_tokens = answer.input_tokens, answer.output_tokens
        except CallError as error:
            record_failure(release, error)
            raise
        finally:
            release.seconds = time.monotonic() - started
            _log.debug("%s: %s after %.1f s", model, release.outcome, release.seconds)
            self._channel.send(release)
        return answer
