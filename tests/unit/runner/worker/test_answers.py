"""Answers that were paid for: read back by their place, or by their question after damage."""

from __future__ import annotations

import sqlite3

import pytest

from assemblyzero_tui.runner.llm.provider import Answer, Request
from assemblyzero_tui.runner.worker.answers import AnswerStore, digest

QUESTION = Request(purpose="draft", system="s", prompt="p")
ANSWER = Answer(text="a design", model="m")


@pytest.fixture
def connection() -> sqlite3.Connection:
    return sqlite3.connect(":memory:")


def test_an_answer_is_read_back_at_its_place_only(connection: sqlite3.Connection) -> None:
    store = AnswerStore(connection)
    store.put("task", 0, QUESTION, ANSWER)
    assert store.get("task", 0, QUESTION) == ANSWER
    assert store.get("task", 1, QUESTION) is None
    assert store.get("other", 0, QUESTION) is None


@pytest.mark.parametrize("noise", [b"\x00\xff", "text", 7, None, b"{}"])
def test_an_answer_that_cannot_be_read_is_none(
    connection: sqlite3.Connection, noise: object
) -> None:
    store = AnswerStore(connection)
    store.put("task", 0, QUESTION, ANSWER)
    connection.execute("PRAGMA ignore_check_constraints=ON")
    connection.execute("UPDATE kept_answers SET answer = ?", (noise if noise is not None else "",))
    assert store.get("task", 0, QUESTION) is None


@pytest.mark.parametrize("place", [0, 1, 16, 17, 20, -1])
def test_an_answer_of_which_one_bit_was_altered_is_none(
    connection: sqlite3.Connection, place: int
) -> None:
    store = AnswerStore(connection)
    store.put("task", 0, QUESTION, ANSWER)
    (kept,) = connection.execute("SELECT answer FROM kept_answers").fetchone()
    altered = bytearray(kept)
    altered[place] ^= 1
    connection.execute("UPDATE kept_answers SET answer = ?", (bytes(altered),))
    assert store.get("task", 0, QUESTION) is None
    assert not store.add_salvaged(digest(QUESTION), bytes(altered))
    assert store.add_salvaged(digest(QUESTION), kept)


def test_what_was_taken_over_answers_its_question_once(connection: sqlite3.Connection) -> None:
    store = AnswerStore(connection)
    encoded = b'{"text":"a design","model":"m"}'
    assert store.add_salvaged(digest(QUESTION), encoded)
    assert store.add_salvaged(digest(QUESTION), encoded.replace(b"design", b"review"))
    assert not store.add_salvaged(digest(QUESTION), b"noise")
    assert not store.add_salvaged(b"noise", encoded)
    assert store.get("task", 0, Request(purpose="draft", system="s", prompt="other")) is None
    assert store.get("task", 0, QUESTION) == ANSWER
    assert store.get("task", 0, QUESTION) == ANSWER
    again = store.get("task", 1, QUESTION)
    assert again is not None
    assert again.text == "a review"
    assert store.get("task", 2, QUESTION) is None
