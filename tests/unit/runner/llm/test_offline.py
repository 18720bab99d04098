"""The offline model: the same answer to the same request, on time, in pieces."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assemblyzero_tui.app.commands.start.options import LATENCY_MOST
from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.llm.offline.provider import OfflineModel
from assemblyzero_tui.runner.llm.offline.reading import read_issue
from assemblyzero_tui.runner.llm.offline.review import rejections
from assemblyzero_tui.runner.llm.opening import open_provider
from assemblyzero_tui.runner.llm.provider import CallError, Request
from assemblyzero_tui.runner.model.call_outcomes import Outcome
from assemblyzero_tui.runner.model.run_spec import Options
from assemblyzero_tui.runner.pool.grants.leases import CALL_TIMEOUT
from assemblyzero_tui.runner.workflows.drafting import reviews
from assemblyzero_tui.runner.workflows.drafting.texts import sections
from assemblyzero_tui.runner.workflows.lld.state import LldState
from assemblyzero_tui.runner.workflows.lld.texts import design_request, review_request
from assemblyzero_tui.runner.workflows.repository.titles import split_title
from assemblyzero_tui.runner.workflows.samples.sample_issues import demo_issues


class Time:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


def state_for(title: str, body: str, number: int = 101) -> LldState:
    return {
        "number": number, "title": title, "body": body, "url": "", "labels": [], "drafts": 0,
        "visits": 0, "draft": "", "draft_file": "", "reviews": [],
    }  # fmt: skip


def sample(index: int) -> LldState:
    one = demo_issues(12)[index]
    return state_for(*split_title(one.text, ""), number=one.number)


@pytest.mark.parametrize("index", range(12))
def test_every_sample_issue_gets_a_complete_design(index: int) -> None:
    request = design_request(sample(index), [])
    model = OfflineModel(0.0)
    answer = model.generate(request, timeout=1.0)
    assert answer == OfflineModel(0.0).generate(request, timeout=1.0)
    assert 6_000 <= len(answer.text) <= 11_000
    assert [heading[:2] for heading, _ in sections(answer.text)] == [f"{n}." for n in range(1, 9)]
    assert answer.model == model.model_for(request) == "offline-1"
    assert answer.input_tokens > 500
    assert 1_000 < answer.output_tokens < 4_000


def test_some_samples_are_rejected_and_some_twice() -> None:
    counts = [rejections(read_issue(design_request(sample(i), []).prompt).text) for i in range(12)]
    assert counts == [0, 0, 1, 2, 1, 0, 0, 1, 0, 0, 0, 1]
    draws = [rejections(f"issue {n}") for n in range(2000)]
    assert 0.36 < sum(d > 0 for d in draws) / 2000 < 0.44
    assert 0.07 < draws.count(2) / 2000 < 0.13


@given(st.text(max_size=300), st.text(max_size=2000))
def test_any_issue_gets_a_design_and_a_review_that_can_be_read(title: str, body: str) -> None:
    state = state_for(" ".join(title.split()), body)
    model = OfflineModel(0.0)
    state["draft"] = model.generate(design_request(state, []), timeout=1.0).text
    state["drafts"] = 1
    assert sections(state["draft"])[0][0] == "1. Context and goal"
    review = reviews.parse(model.generate(review_request(state, []), timeout=1.0).text)
    assert review.verdict in ("APPROVED", "BLOCKED")


@given(st.text(max_size=500))
def test_any_prompt_gets_an_answer(prompt: str) -> None:
    model = OfflineModel(0.0)
    draft = model.generate(Request(purpose="draft", system="", prompt=prompt), timeout=1.0)
    assert draft.text.startswith("# LLD-")
    review = model.generate(Request(purpose="review", system="", prompt=prompt), timeout=1.0)
    assert json.loads(review.text)["verdict"]


def test_an_answer_streams_over_its_latency() -> None:
    time = Time()
    model = OfflineModel(10.0, clock=time.clock, sleep=time.sleep)
    request = design_request(sample(0), [])
    pieces: list[str] = []
    answer = model.generate(request, timeout=60.0, on_text=pieces.append)
    assert "".join(pieces) == answer.text
    assert len(pieces) > 20
    assert 6.0 <= model.seconds_for(request) <= 14.0
    assert time.now == pytest.approx(model.seconds_for(request), abs=0.01)


def test_without_latency_nothing_sleeps() -> None:
    def sleep(seconds: float) -> None:
        raise AssertionError("slept")

    pieces: list[str] = []
    model = OfflineModel(0.0, sleep=sleep)
    answer = model.generate(design_request(sample(0), []), timeout=1.0, on_text=pieces.append)
    assert pieces == [answer.text]


def test_a_timeout_ends_the_call() -> None:
    time = Time()
    model = OfflineModel(10.0, clock=time.clock, sleep=time.sleep)
    with pytest.raises(CallError) as caught:
        model.generate(design_request(sample(0), []), timeout=2.0)
    assert caught.value.outcome is Outcome.TIMEOUT
    assert caught.value.sent
    assert 2.0 <= time.now < 2.1


def test_the_provider_is_opened_by_its_name() -> None:
    provider = open_provider("offline", Options(latency=0.5))
    assert provider.name == "offline"
    assert not provider.is_gemini
    with pytest.raises(TuiError, match="no provider 'nope'"):
        open_provider("nope", Options())


def test_no_latency_that_can_be_chosen_takes_longer_than_a_call_may() -> None:
    assert LATENCY_MOST * (1 + Options().latency_spread) < CALL_TIMEOUT
