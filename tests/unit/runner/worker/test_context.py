"""How often a model is asked: the table of outcomes, as a workflow meets it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from typing import Any, TypedDict, cast

import pytest
from langgraph.graph import END, START, StateGraph

from assemblyzero_tui.runner.base.errors import WorkflowError
from assemblyzero_tui.runner.llm.provider import (
    USUAL_SILENCE,
    Answer,
    CallError,
    Request,
    Silence,
)
from assemblyzero_tui.runner.model.call_outcomes import KINDS, NO_ANSWER_ATTEMPTS, Kind, Outcome
from assemblyzero_tui.runner.model.events import ItemInfo
from assemblyzero_tui.runner.model.run_spec import WorkerSpec
from assemblyzero_tui.runner.wire.worker_messages import Acquire, Grant, Release
from assemblyzero_tui.runner.worker.answers import AnswerStore
from assemblyzero_tui.runner.worker.channel import Channel, LeaseDeniedError
from assemblyzero_tui.runner.worker.context import CALL_SECONDS, WorkerContext

MODEL = "gemini-x"
REQUEST = Request(purpose="review", system="Review.", prompt="Review it.")


class Engine:
    """The other end of the channel: grants, and takes releases back."""

    def __init__(self) -> None:
        self.speed = 1.0
        self.grants = 0
        self.deadlines: list[float] = []
        self.releases: list[Release] = []
        self.denial = ""
        """Instead of the next grant."""
        self.too_large = False
        self.asked: list[tuple[int, bool]] = []
        """The tokens of each request, and whether they were counted."""
        self.counts = 0
        """How many requests wait long enough to be counted."""

    def acquire(self, acquire: Acquire, count: Callable[[str], int] | None = None) -> Grant:
        assert len(self.releases) == self.grants
        deadline = acquire.deadline
        self.asked.append((acquire.tokens, acquire.counted))
        if self.denial:
            raise LeaseDeniedError(self.denial, too_large=self.too_large)
        if count is not None and len(self.asked) <= self.counts:
            count("a secret")
        self.grants += 1
        self.deadlines.append(deadline)
        return Grant(request=self.grants, lease=self.grants, call_timeout=deadline)

    def send(self, message: object) -> None:
        assert isinstance(message, Release)
        self.releases.append(message)


class Model:
    """Fails as it is told, then answers."""

    name = "gemini"
    is_gemini = True

    def __init__(self) -> None:
        self.failures: Iterator[CallError] = iter(())
        self.silences: list[Silence] = []
        self.tokens = 0
        self.on_failure: Callable[[int], None] = lambda count: None

    def model_for(self, request: Request) -> str:
        return MODEL

    def count_tokens(self, request: Request, *, secret: str) -> int:
        assert secret == "a secret"
        return self.tokens

    def generate(
        self, request: Request, *, secret: str, timeout: float,
        on_text: Callable[[str], None] | None = None, silence: Silence = USUAL_SILENCE,
    ) -> Answer:  # fmt: skip
        self.silences.append(silence)
        for failure in self.failures:
            self.on_failure(len(self.silences))
            raise failure
        return Answer(text="fine", model=MODEL)


@pytest.fixture
def engine() -> Engine:
    return Engine()


class _Said(TypedDict):
    said: str


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
def ask(engine: Engine, model: Model) -> Callable[[], str]:
    def ask() -> str:
        with sqlite3.connect(":memory:", check_same_thread=False) as connection:
            answers = AnswerStore(connection)
            spec = WorkerSpec(
                run="a-run", item=ItemInfo(id="LLD-1", key="1"), attempt=1, workflow="lld",
                repository="/x", provider="asked", checkpoint="", audit="",
                clock_speed=engine.speed,
            )  # fmt: skip
            context = WorkerContext(spec, cast("Channel", engine), model, answers)
            graph: StateGraph[Any, Any, Any, Any] = StateGraph(_Said)
            graph.add_node("review", lambda state: {"said": context.call_model(REQUEST).text})
            graph.add_edge(START, "review")
            graph.add_edge("review", END)
            return str(graph.compile().invoke({})["said"])

    return ask


def failing(outcome: Outcome, times: int, *, silent: bool = False) -> Iterator[CallError]:
    for _ in range(times):
        error = CallError(outcome, f"it was {outcome}")
        error.silent = silent
        error.input_tokens, error.output_tokens = 7, 3
        yield error


@pytest.mark.parametrize(
    "outcome", [each for each in Outcome if KINDS[each] in (Kind.TRANSIENT, Kind.CREDENTIAL)]
)
def test_what_passes_is_asked_again_as_often_as_it_is_granted(
    outcome: Outcome, ask: Callable[[], str], engine: Engine, model: Model
) -> None:
    model.failures = failing(outcome, 40)
    assert ask() == "fine"
    assert [each.outcome for each in engine.releases] == [outcome] * 40 + [Outcome.OK]
    assert set(engine.deadlines) == {CALL_SECONDS}


def test_a_model_without_an_answer_is_asked_three_times_in_all(
    ask: Callable[[], str], engine: Engine, model: Model
) -> None:
    model.failures = failing(Outcome.NO_ANSWER, 100)
    with pytest.raises(WorkflowError, match=r"3 times.*it was no_answer"):
        ask()
    assert engine.grants == NO_ANSWER_ATTEMPTS == 3
    assert {(each.input_tokens, each.output_tokens) for each in engine.releases} == {(7, 3)}


def test_an_answer_at_the_third_time_is_one(
    ask: Callable[[], str], engine: Engine, model: Model
) -> None:
    model.failures = failing(Outcome.NO_ANSWER, 2)
    assert ask() == "fine"
    assert engine.grants == 3


def test_failures_of_other_kinds_do_not_count_as_no_answer(
    ask: Callable[[], str], engine: Engine, model: Model
) -> None:
    def both() -> Iterator[CallError]:
        for _ in range(2):
            yield from failing(Outcome.NO_ANSWER, 1)
            yield from failing(Outcome.TRANSPORT, 5)

    model.failures = both()
    assert ask() == "fine"
    assert engine.grants == 13


@pytest.mark.parametrize("outcome", [each for each in Outcome if KINDS[each] is Kind.PERMANENT])
def test_what_would_fail_again_fails_at_once(
    outcome: Outcome, ask: Callable[[], str], engine: Engine, model: Model
) -> None:
    model.failures = failing(outcome, 1)
    with pytest.raises(WorkflowError, match=f"it was {outcome}"):
        ask()
    assert engine.grants == 1


def test_the_pool_ends_the_waiting_and_gives_its_reason(
    ask: Callable[[], str], engine: Engine, model: Model
) -> None:
    def deny(count: int) -> None:
        if count == 10:
            engine.denial = f"{MODEL} failed 10 times in 16 minutes: the service failed"

    model.failures, model.on_failure = failing(Outcome.TRANSPORT, 100), deny
    with pytest.raises(WorkflowError) as caught:
        ask()
    said = str(caught.value).splitlines()[0]
    assert said == f"{MODEL} failed 10 times in 16 minutes: the service failed."
    assert "later" in caught.value.hint
    assert engine.grants == 10


def test_a_model_that_no_credential_may_use_is_not_one_to_try_later(
    ask: Callable[[], str], engine: Engine
) -> None:
    engine.denial = "no quota"
    with pytest.raises(WorkflowError, match="No call to gemini-x was granted: no quota") as caught:
        ask()
    assert "another model" in caught.value.hint


def test_silence_is_allowed_twice_as_long_after_each_time_it_was_too_long(
    ask: Callable[[], str], model: Model
) -> None:
    def both() -> Iterator[CallError]:
        yield from failing(Outcome.TIMEOUT, 1, silent=True)
        yield from failing(Outcome.TIMEOUT, 1)
        yield from failing(Outcome.TIMEOUT, 1, silent=True)

    model.failures = both()
    ask()
    assert model.silences == [Silence(180, 60), *[Silence(360, 120)] * 2, Silence(720, 240)]


def test_where_the_clock_of_a_run_is_faster_a_silence_is_too_long_sooner(
    ask: Callable[[], str], engine: Engine, model: Model
) -> None:
    engine.speed = 20.0
    model.failures = failing(Outcome.TIMEOUT, 1, silent=True)
    ask()
    assert model.silences == [Silence(9, 3), Silence(18, 6)]


def refused(quota: str) -> CallError:
    return CallError(Outcome.MINUTE, "the quota is exhausted", quotas={quota: 1000})


def test_a_prompt_is_estimated_until_the_service_has_counted_it(
    engine: Engine, model: Model, ask: Callable[[], str]
) -> None:
    model.tokens, engine.counts = 17, 2
    model.failures = iter([refused("Tokens"), refused("Tokens")])
    assert ask() == "fine"
    characters = len(REQUEST.system) + len(REQUEST.prompt)
    assert engine.asked == [(characters // 4, False), (17, True), (17, True)]


def test_an_estimate_stays_where_the_service_does_not_count(
    engine: Engine, model: Model, ask: Callable[[], str]
) -> None:
    engine.counts = 2
    model.failures = iter([refused("Tokens")])
    assert ask() == "fine"
    assert [counted for _, counted in engine.asked] == [False, False]


def test_a_request_that_is_too_large_says_what_helps(
    engine: Engine, model: Model, ask: Callable[[], str]
) -> None:
    engine.denial, engine.too_large = "this request has about 1,200 tokens", True
    with pytest.raises(WorkflowError) as raised:
        ask()
    assert "No call to gemini-x was granted: this request has about 1,200 tokens." in str(
        raised.value
    )
    assert "a credential with a higher quota" in raised.value.hint
