"""Reading replies without any SDK, however they are framed and split."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assemblyzero_tui.runner.llm.failures import UnreadableError
from assemblyzero_tui.runner.llm.replies import Received, RefusedError, read_reply

TEXTS = ['Hi {"} \\', "\n[ü\U0001f600] data: x", "end}"]


def piece(text: str, finish: str = "") -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"parts": [{"text": text}]}}
    return {"candidates": [candidate | ({"finishReason": finish} if finish else {})]}


PIECES = [piece(TEXTS[0]), piece(TEXTS[1]), piece(TEXTS[2], "STOP")]
ERROR = {"error": {"code": 503, "status": "UNAVAILABLE"}}


def as_list(objects: list[Any]) -> str:
    return "[" + ",\r\n".join(json.dumps(each, indent=2) for each in objects) + "\n]\n"


def as_events(objects: list[Any]) -> str:
    begin = ": hello {\n\nevent: message\nretry: 5\n"
    return begin + "".join(f"data: {json.dumps(each)}\r\n\r\n" for each in objects)


def as_long_events(objects: list[Any]) -> str:
    lines = [json.dumps(each, indent=1).splitlines() for each in objects]
    return "".join("".join(f"data: {line}\n" for line in each) + "\n" for each in lines)


def as_lines(objects: list[Any]) -> str:
    return "\n".join(json.dumps(each, ensure_ascii=False) for each in objects)


FRAMINGS = [as_list, as_events, as_long_events, as_lines]


def read(body: bytes, size: int, status: int = 200) -> tuple[Received, list[str]]:
    said: list[str] = []
    received = Received()
    chunks = (body[at : at + size] for at in range(0, len(body), size))
    read_reply(status, {}, chunks, received, said.append)
    return received, said


@pytest.mark.parametrize("frame", FRAMINGS)
@given(size=st.integers(1, 200))
def test_an_answer_is_read_in_whatever_bits_it_comes(frame: Any, size: int) -> None:
    received, said = read(frame(PIECES).encode(), size)
    assert [text for text in said if text] == TEXTS
    assert received.text == "".join(TEXTS)
    assert received.finish == "STOP"


@pytest.mark.parametrize("frame", FRAMINGS)
@pytest.mark.parametrize("at", range(4))
@given(size=st.integers(1, 200))
def test_an_error_is_found_wherever_it_comes(frame: Any, at: int, size: int) -> None:
    objects = [*PIECES[:at], ERROR, *PIECES[at:]]
    with pytest.raises(RefusedError) as caught:
        read(frame(objects).encode(), size)
    assert caught.value.refusal.body == ERROR


@pytest.mark.parametrize(
    "body",
    ["<html></html>", "<script>{x}</script>", "null", '"sorry"', '[{"candidates": 5}]',
     '[{"candidates": [{"content": {"par', '{"candidates": ' + "[" * 50_000 + "]" * 50_000 + "}"],
)  # fmt: skip
def test_what_is_no_answer_cannot_be_read(body: str) -> None:
    with pytest.raises(UnreadableError):
        read(body.encode(), 1000)


@pytest.mark.parametrize("body", ["", "[]", "\n", ": comment\n"])
def test_nothing_is_an_answer_without_an_end(body: str) -> None:
    assert read(body.encode(), 1000)[0].finish == ""


def test_thoughts_are_no_text_and_numbers_have_names() -> None:
    parts = [{"text": "hm", "thought": True}, {"text": "yes"}, {"functionCall": {}}]
    body = {"candidates": [{"content": {"parts": parts}, "finishReason": 10, "x": 1}]}
    received, said = read(json.dumps(body).encode(), 1000)
    assert (received.text, received.finish) == ("yes", "MALFORMED_FUNCTION_CALL")
    assert said == ["", "yes"]


def test_a_page_without_end_is_read_to_its_limit() -> None:
    read_so_far = 0

    def page() -> Any:
        nonlocal read_so_far
        while True:
            read_so_far += 1000
            yield b"<p>" + b"x" * 997

    with pytest.raises(RefusedError):
        read_reply(502, {}, page(), Received(), lambda text: None)
    assert read_so_far < 100_000


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("17", 17.0), ("", 0.0), ("soon", 0.0), ("-5", 0.0), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
     ("9" * 99, 999999999.0), ("²", 0.0)],
)  # fmt: skip
def test_a_header_says_how_long_to_wait(header: str, seconds: float) -> None:
    with pytest.raises(RefusedError) as caught:
        read_reply(503, {"retry-after": header}, [], Received(), lambda text: None)
    assert caught.value.refusal.retry_after == seconds
