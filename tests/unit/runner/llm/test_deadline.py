"""A call that is abandoned: its caller continues at once, and its thread ends."""

from __future__ import annotations

import threading

import pytest

from assemblyzero_tui.runner.llm.deadline import (
    AbandonedError,
    TextHandler,
    WorkFailedError,
    call_within,
)
from assemblyzero_tui.runner.llm.failures import DeadlineError, SilentError
from assemblyzero_tui.runner.llm.provider import Silence

LONG = Silence(600.0, 600.0)


def test_abandoned_work_ends_at_its_next_piece_of_text() -> None:
    ended = threading.Event()
    pause = threading.Event()

    def work(on_text: TextHandler) -> None:
        try:
            while not pause.wait(0.01):
                on_text("")
        except AbandonedError:
            ended.set()
            raise

    try:
        with pytest.raises(DeadlineError):
            call_within(0.1, work, silence=LONG)
        assert ended.wait(30)
    finally:
        pause.set()


def test_the_handler_of_the_text_can_take_longer_than_the_silence() -> None:
    pause = threading.Event()

    def work(on_text: TextHandler) -> str:
        on_text("a")
        on_text("b")
        return "done"

    def slow(text: str) -> None:
        pause.wait(0.3)

    assert call_within(60.0, work, slow, silence=Silence(600.0, 0.1)) == "done"


def test_an_empty_text_is_a_sign_of_life_and_no_text() -> None:
    texts: list[str] = []

    def work(on_text: TextHandler) -> None:
        for text in ("", "a", ""):
            on_text(text)

    call_within(60.0, work, texts.append, silence=LONG)
    assert texts == ["a"]


def test_a_failure_of_the_work_differs_from_silence() -> None:
    def work(on_text: TextHandler) -> None:
        raise SilentError(1.0)

    with pytest.raises(WorkFailedError):
        call_within(60.0, work, silence=LONG)
