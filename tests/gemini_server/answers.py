"""What the server answers: drafts and verdicts of the offline model, in the API's envelope."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from assemblyzero_tui.runner.llm.offline.provider import OfflineModel
from assemblyzero_tui.runner.llm.provider import Request
from tests.gemini_server.faults import ENDINGS, Fault

PIECES = 6
"""A streamed answer comes in so many pieces."""
_FINISH = {
    "STOP": 1, "MAX_TOKENS": 2, "SAFETY": 3, "RECITATION": 4, "OTHER": 5,
    "MALFORMED_FUNCTION_CALL": 10, "NEWER_THAN_THE_SDKS": 99,
}  # fmt: skip
_BLOCK = {"SAFETY": 1}
_offline = OfflineModel(latency=0)


def write(body: dict[str, Any]) -> str:
    """The text that answers a request: a verdict where JSON is wanted, else a draft."""
    prompt = _text(body.get("contents", [{}])[-1])
    wants_json = body.get("generationConfig", {}).get("responseMimeType") == "application/json"
    request = Request(
        purpose="review" if wants_json else "draft",
        system=_text(body.get("systemInstruction", {})),
        prompt=prompt,
    )
    return _offline.generate(request, timeout=10.0).text


def _text(content: dict[str, Any]) -> str:
    return "".join(part.get("text", "") for part in content.get("parts", []))


def tokens(text: str) -> int:
    """A plausible number of tokens."""
    return -(-len(text) // 4)


def responses(
    text: str, prompt_tokens: int, model: str, fault: Fault | None, *, pieces: int, numbers: bool
) -> Iterator[dict[str, Any]]:
    """The objects of an answer, one for each piece.

    Args:
        text: The whole answer.
        prompt_tokens: Of the question.
        model: The one that answers.
        fault: What is wrong with the answer.
        pieces: 1 for an answer that is not streamed.
        numbers: Enumerations are sent as numbers.
    """

    def said(names: dict[str, int], name: str) -> str | int:
        return names[name] if numbers else name

    usage = {"promptTokenCount": prompt_tokens, "totalTokenCount": prompt_tokens}
    version = "gemini-0.5-tiny" if fault is Fault.OTHER_MODEL else model
    rest = {"modelVersion": version, "responseId": "r-1"}
    if fault is Fault.BLOCKED_PROMPT:
        blocked = {"blockReason": said(_BLOCK, "SAFETY")}
        yield {"promptFeedback": blocked, "usageMetadata": usage, **rest}
        return
    if fault in ENDINGS:
        reason = said(_FINISH, ENDINGS[fault])
        yield {"candidates": [{"finishReason": reason, "index": 0}], "usageMetadata": usage, **rest}
        return
    if fault is Fault.BLANK:
        text = " \n\t "
    if fault is Fault.TOO_LONG:
        text = text[: len(text) // 2]
    size = max(1, -(-len(text) // pieces))
    parts = [text[at : at + size] for at in range(0, len(text), size)]
    for number, part in enumerate(parts, 1):
        content = {"role": "model", "parts": [{"text": part}]}
        candidate: dict[str, Any] = {"content": content, "index": 0}
        if number == len(parts):
            done = tokens(text)
            usage = {
                "promptTokenCount": prompt_tokens,
                "candidatesTokenCount": done,
                "totalTokenCount": prompt_tokens + done,
            }
            if fault is not Fault.ENDLESS:
                name = "MAX_TOKENS" if fault is Fault.TOO_LONG else "STOP"
                candidate["finishReason"] = said(_FINISH, name)
        yield {"candidates": [candidate], "usageMetadata": usage, **rest}
