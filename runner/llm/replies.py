"""Reads the replies of the service instead of both SDKs, which cannot read all of them.

The error of a streamed call is a JSON list, on which ``google.api_core`` breaks
(googleapis/google-cloud-python#18223, googleapis/python-api-core#828). Between the pieces of an
answer it can be an event, or bare JSON outside the events (googleapis/js-genai#1973). Proxies on
the way send errors of their own: a bare string, a page, nothing at all. So the SDKs build and send
the request, and this module reads the reply for both.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from assemblyzero_tui.runner.llm.failures import Refusal, UnreadableError

ERROR_LIMIT = 64 << 10
"""The most bytes of an error that are read; pages of proxies can be long."""
REPLY_LIMIT = 64 << 20
"""The most bytes of an answer; a longer reply is not one."""

_FINISH = {
    1: "STOP", 2: "MAX_TOKENS", 3: "SAFETY", 4: "RECITATION", 5: "OTHER", 6: "LANGUAGE",
    7: "BLOCKLIST", 8: "PROHIBITED_CONTENT", 9: "SPII", 10: "MALFORMED_FUNCTION_CALL",
    11: "IMAGE_SAFETY", 12: "UNEXPECTED_TOOL_CALL",
}  # fmt: skip
"""``Candidate.FinishReason``: one SDK requests numbers from the service, the other one names."""
_BLOCK = {1: "SAFETY", 2: "OTHER", 3: "BLOCKLIST", 4: "PROHIBITED_CONTENT", 5: "IMAGE_SAFETY"}
"""``GenerateContentResponse.PromptFeedback.BlockReason``."""
_UNSPECIFIED = ("", "0", "FINISH_REASON_UNSPECIFIED", "BLOCK_REASON_UNSPECIFIED")


class RefusedError(Exception):
    """The service refused the call, by its status or with an error instead of an answer."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__("the service refused")
        self.refusal = refusal


class ReplyReadError(Exception):
    """Raised in an SDK's hook after the reply has been read, so that the SDK does not read it."""


class _Part(msgspec.Struct):
    text: str | None = None
    thought: bool | None = None


class _Content(msgspec.Struct):
    parts: list[_Part] | None = None


class _Candidate(msgspec.Struct, rename="camel"):
    content: _Content | None = None
    finish_reason: str | int | None = None


class _Feedback(msgspec.Struct, rename="camel"):
    block_reason: str | int | None = None


class _Usage(msgspec.Struct, rename="camel"):
    prompt_token_count: int | None = None
    candidates_token_count: int | None = None
    total_token_count: int | None = None


class _Piece(msgspec.Struct, rename="camel"):
    candidates: list[_Candidate] | None = None
    prompt_feedback: _Feedback | None = None
    usage_metadata: _Usage | None = None
    model_version: str | None = None


class Received:
    """The answer as received so far."""

    def __init__(self) -> None:
        self.text = ""
        self.finish = ""
        self.blocked = ""
        self.model = ""
        self.prompt_tokens = 0
        self.answer_tokens = 0
        self.total_tokens = 0

    def take(self, piece: _Piece) -> Iterator[str]:
        """Adds a piece, and yields its texts without those of thoughts."""
        self.model = piece.model_version or self.model
        if piece.prompt_feedback is not None:
            self.blocked = _name(piece.prompt_feedback.block_reason, _BLOCK) or self.blocked
        if (usage := piece.usage_metadata) is not None:  # the last one covers the whole call
            self.prompt_tokens = usage.prompt_token_count or self.prompt_tokens
            self.answer_tokens = usage.candidates_token_count or self.answer_tokens
            self.total_tokens = usage.total_token_count or self.total_tokens
        for candidate in (piece.candidates or [])[:1]:
            self.finish = _name(candidate.finish_reason, _FINISH) or self.finish
            for part in (candidate.content.parts if candidate.content else None) or []:
                if part.text and not part.thought:
                    self.text += part.text
                    yield part.text

    @property
    def output_tokens(self) -> int:
        """Tokens of the output, including thoughts, which only the total contains."""
        return max(self.answer_tokens, self.total_tokens - self.prompt_tokens)


def read_reply(
    status: int, headers: Mapping[str, str], chunks: Iterable[bytes], received: Received,
    on_text: Callable[[str], None],
) -> None:  # fmt: skip
    """Reads a reply to its end.

    Args:
        status: The HTTP status. A redirection counts as a refusal: the service sends none, and
            following one would send the API key to another server.
        headers: A mapping that ignores case.
        chunks: The body as it arrives.
        received: Collects the answer.
        on_text: Takes each text, and an empty one as a sign of life for every chunk.

    Raises:
        RefusedError: the service refused the call.
        UnreadableError: the reply is not an answer.
        Exception: the connection was lost; an error of the SDK's HTTP client.
    """
    if not 200 <= status < 300:
        wait = _seconds(headers.get("retry-after", ""))
        raise RefusedError(Refusal(status, _decode(_read_beginning(chunks, on_text)), wait))
    framing, size = _Framing(), 0
    for chunk in chunks:
        on_text("")
        size += len(chunk)
        if size > REPLY_LIMIT:
            raise UnreadableError(f"it is longer than {REPLY_LIMIT >> 20} MiB")
        for text in framing.feed(chunk):
            for part in received.take(_piece(status, text)):
                on_text(part)
    framing.end()


def _piece(status: int, text: str) -> _Piece:
    try:
        body = msgspec.json.decode(text)
        if body.get("error") is not None:
            raise RefusedError(Refusal(status, body))
        return msgspec.convert(body, _Piece)
    except (msgspec.MsgspecError, RecursionError):
        raise UnreadableError("a part of it is not the JSON of an answer") from None


class _Framing:
    """Finds the objects in a reply: the elements of a list, the data of events, or bare ones.

    Everything between them is skipped: commas, names of fields, comments.
    """

    _INSIDE = re.compile(r'["{}]')
    _STRING = re.compile(r'["\\]')
    _DATA = re.compile(r"(?m)^data: ?")

    def __init__(self) -> None:
        self._decode = _utf8()
        self._text = ""
        self._at = 0
        self._depth = 0
        self._quoted = False
        self._fresh = True
        """Whether the text begins at the start of a line."""
        self._found_object = False
        self._skipped_text = False

    def feed(self, chunk: bytes) -> Iterator[str]:
        """Takes bytes, and yields the objects that are now complete."""
        self._text += self._decode(chunk)
        while True:
            if self._depth == 0 and not self._seek():
                return
            if not self._scan():
                return
            self._found_object = True
            # No JSON has a line that begins like this: it is an event of several lines.
            yield self._DATA.sub("", self._text[: self._at])
            self._text, self._at, self._fresh = self._text[self._at :], 0, False

    def end(self) -> None:
        """Ends the reply.

        Raises:
            UnreadableError: it ends within an object, or contains something else than objects.
        """
        if self._depth:
            raise UnreadableError("it ends in the middle of an object")
        if self._skipped_text and not self._found_object:
            raise UnreadableError("it is not JSON")

    def _seek(self) -> bool:
        """Drops the text before the next object; returns whether there is one."""
        while self._text:
            if self._fresh and self._text[0] == ":":
                end = self._text.find("\n")
                if end < 0:
                    return False
                self._text = self._text[end:]
            match = re.search(r"[{\n]", self._text)
            skipped = self._text[: match.start()] if match else self._text
            self._skipped_text |= bool(skipped.strip(" \t\r,[]\ufeff"))
            if skipped:
                self._fresh = False
            if match is None:
                self._text = ""
            elif match[0] == "{":
                self._text = self._text[match.start() :]
                return True
            else:
                self._text, self._fresh = self._text[match.end() :], True
        return False

    def _scan(self) -> bool:
        """Continues through the object at the beginning; returns whether it is complete."""
        while True:
            match = (self._STRING if self._quoted else self._INSIDE).search(self._text, self._at)
            if match is None:
                self._at = len(self._text)
                return False
            if match[0] == "\\":
                if match.end() == len(self._text):
                    self._at = match.start()
                    return False
                self._at = match.end() + 1
                continue
            self._at = match.end()
            if match[0] == '"':
                self._quoted = not self._quoted
            else:
                self._depth += 1 if match[0] == "{" else -1
                if self._depth == 0:
                    return True


def _utf8() -> Callable[[bytes], str]:
    import codecs

    return codecs.getincrementaldecoder("utf-8")("replace").decode


def _name(value: str | int | None, names: dict[int, str]) -> str:
    """The name of an enumeration's value; its number if it is newer than the table."""
    name = names.get(value, str(value)) if isinstance(value, int) else value or ""
    return "" if name in _UNSPECIFIED else name


def _read_beginning(chunks: Iterable[bytes], on_text: Callable[[str], None]) -> bytes:
    """The readable beginning of an error's body, which can be truncated or badly compressed."""
    data = b""
    with contextlib.suppress(Exception):
        for chunk in chunks:
            on_text("")
            data += chunk
            if len(data) >= ERROR_LIMIT:
                break
    return data[:ERROR_LIMIT]


def _decode(data: bytes) -> Any:
    """The JSON of an error; the text if it is not JSON."""
    text = data.decode("utf-8-sig", "replace")
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        return text


def _seconds(text: str) -> float:
    """The seconds of ``Retry-After``: a number or a date; 0 if it is invalid."""
    text = text.strip()
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError, IndexError):
        return 0.0
