"""A call that is given up: its caller goes on at once, and its thread ends."""

from __future__ import annotations

import threading

import pytest

from assemblyzero_tui.runner.llm.deadline import AbandonedError, Say, WorkFailedError, call_within
from assemblyzero_tui.runner.llm.failures import DeadlineError, SilentError
from assemblyzero_tui.runner.llm.provider import Silence

LONG = Silence(600.0, 600.0)


def test_work_that_goes_on_and_on_ends_at_its_next_word_when_nobody_listens() -> None:
    ended = threading.Event()
    pause = threading.Event()

    def work(say: Say) -> None:
        try:
            while not pause.wait(0.01):
                say("")
        except AbandonedError:
            ended.set()
            raise

    try:
        with pytest.raises(DeadlineError):
            call_within(0.1, work, silence=LONG)
        assert ended.wait(30)
    finally:
        pause.set()


def test_whoever_takes_the_text_may_be_slower_than_silence() -> None:
    pause = threading.Event()

    def work(say: Say) -> str:
        say("a")
        say("b")
        return "done"

    def slow(text: str) -> None:
        pause.wait(0.3)

    assert call_within(60.0, work, slow, silence=Silence(600.0, 0.1)) == "done"


def test_an_empty_text_is_a_sign_of_life_and_no_text() -> None:
    told: list[str] = []

    def work(say: Say) -> None:
        for text in ("", "a", ""):
            say(text)

    call_within(60.0, work, told.append, silence=LONG)
    assert told == ["a"]


def test_a_failure_of_the_work_is_told_apart_from_silence() -> None:
    def work(say: Say) -> None:
        raise SilentError(1.0)

    with pytest.raises(WorkFailedError):
        call_within(60.0, work, silence=LONG)
