"""Redacts secrets in the output of workflows, on its way to the log.

Known values are replaced first, then patterns. A search for a few literals comes first, and a
regular expression runs only where one was found: expressions alone would be the slowest part of the
path from the pipe to the file.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple, TextIO
from urllib.parse import quote, quote_plus

HOLD_LIMIT = 512
"""The most bytes that are held back because they can become a match of a pattern."""
_SHORTEST_SECRET = 4
"""Shorter values are not treated as secrets: ordinary words would be redacted."""
_CERTAIN_PREFIX = 8
"""Bytes at the beginning of a known value that count as the value, at the end or in a pause."""
_ALPHANUMERIC = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
_AFTER_KEY = frozenset(b"=:\"' \t")


class _Shape(NamedTuple):
    """A kind of secret that is recognised by its beginning."""

    literal: bytes
    label: bytes
    match: re.Pattern[bytes]
    beginning: re.Pattern[bytes]
    """The end of a text that can continue to a match."""
    rest: re.Pattern[bytes]
    """The continuation of a match that was cut in two."""
    bounded: bool
    """It must not follow a letter or digit."""


def _shape(literal: str, characters: str, *, bounded: bool) -> _Shape:
    partial = f"(?:{re.escape(literal[-1])}[{characters}]{{0,9}})?"
    for character in reversed(literal[1:-1]):
        partial = f"(?:{re.escape(character)}{partial})?"
    return _Shape(
        literal.encode(),
        f"[redacted:{literal.rstrip('.')}]".encode(),
        re.compile(f"{re.escape(literal)}[{characters}]{{10,}}".encode()),
        re.compile(f"{re.escape(literal[0])}{partial}\\Z".encode()),
        re.compile(f"[{characters}]*".encode()),
        bounded,
    )


_SHAPES = (
    _shape("AIza", "0-9A-Za-z_-", bounded=False),
    _shape("AQ.", "0-9A-Za-z_-", bounded=True),
    _shape("ya29.", "0-9A-Za-z_.-", bounded=True),
)
_VALUE = rb"[0-9A-Za-z_.~+/%-]"
_ASSIGNED = re.compile(rb"[\"']?[ \t]{0,8}([=:])[ \t]{0,8}[\"']?(" + _VALUE + rb"{8,})")
_ASSIGNED_BEGINNING = re.compile(
    rb"(?:a(?:p(?:i[_-]?)?)?|(?:api[_-]?)?k(?:e(?:y(?:[\"']?[ \t]{0,8}"
    rb"(?:[=:][ \t]{0,8}[\"']?" + _VALUE + rb"{0,256})?)?)?)?)\Z",
    re.IGNORECASE,
)
_ASSIGNED_REST = re.compile(_VALUE + rb"*")
_DIGIT = re.compile(rb"[0-9]")
_PLAIN_KEY_VALUE = 16
"""The fewest bytes of a value after a bare ``key=``; it must also contain a digit."""


class _Span(NamedTuple):
    start: int
    end: int
    label: bytes
    rest: re.Pattern[bytes] | None
    """Matches its continuation beyond the end of the text, if it reaches the end."""


class Redactor:
    """Redacts one stream of bytes, and single texts.

    What :meth:`feed` holds back is only an end of the text that can still become a secret: nothing
    before a newline, and at most `HOLD_LIMIT` bytes or the length of the longest known value.

    Args:
        secrets: Known values. Each is also found in its encodings for URLs and JSON; of a value
            with several lines, every line counts. Values shorter than 4 characters are ignored.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        needles = {form for secret in secrets for form in _forms(secret)}
        self._needles = sorted(needles, key=lambda needle: (-len(needle), needle))
        self._reach = max([HOLD_LIMIT, *map(len, needles)])
        self._held = b""
        self._shown = b""
        """Text that was returned or replaced and can still be the beginning of a secret."""
        self._covered = False
        """Whether :attr:`_shown` was replaced."""
        self._before = 0
        """The byte before :attr:`_shown`."""
        self._swallow: re.Pattern[bytes] | None = None
        """Matches the continuation of the secret that was last replaced."""

    def add_secret(self, secret: str) -> None:
        """Redacts another value from now on; can be called from any thread."""
        needles = {*self._needles, *_forms(secret)}
        self._reach = max(self._reach, *map(len, needles))
        self._needles = sorted(needles, key=lambda needle: (-len(needle), needle))

    @property
    def held(self) -> bytes:
        """The text that was fed and not yet returned."""
        return self._held

    def feed(self, data: bytes) -> bytes:
        """Takes the text that was read and returns the text to write.

        Empty ``data`` means that the pipe is quiet: the text held back is returned, unless it is
        very likely a part of a secret. If it turns out to have been one, the rest is still
        redacted.
        """
        if not data:
            return self._release()
        if self._swallow is not None:
            taken = self._swallow.match(data)
            end = 0 if taken is None else taken.end()
            self._shown = (self._shown + data[:end])[-self._reach :]
            if end == len(data):
                return b""
            data, self._swallow = data[end:], None
        shown = len(self._shown)
        text = self._shown + self._held + data if shown or self._held else data
        self._shown = self._held = b""
        return self._advance(text, shown, self._hold_from(text))

    def flush(self) -> bytes:
        """Returns the text that was held back; the stream has ended."""
        shown, text = len(self._shown), self._shown + self._held
        self._shown = self._held = b""
        part = self._known_from(text)
        tail = b""
        if len(text) - part >= _CERTAIN_PREFIX:
            tail = _label(text[part:])
            text = text[: max(part, shown)]
        out = self._advance(text, shown, len(text))
        self._shown, self._swallow, self._before, self._covered = b"", None, 0, False
        return out + tail

    def redact(self, text: str) -> str:
        """Redacts known values and patterns in a text, such as an event or a message."""
        return self._whole(text, patterns=True)

    def redact_known_values(self, text: str) -> str:
        """Redacts known values in a text, such as a design, which can contain ``api_key:``."""
        return self._whole(text, patterns=False)

    def _whole(self, text: str, *, patterns: bool) -> str:
        data = text.encode("utf-8", "surrogatepass")
        spans = self._spans(data, 0, patterns=patterns)
        return _replaced(data, spans).decode("utf-8", "surrogatepass") if spans else text

    def _advance(self, text: bytes, shown: int, hold: int) -> bytes:
        """Returns the redacted text between ``shown`` and ``hold``, and keeps the text after it."""
        spans = self._spans(text, self._before, patterns=True)
        covered, self._covered = self._covered, False
        kept = hold
        if spans:
            while spans and spans[-1].start >= hold:
                spans.pop()
            if spans and spans[-1].end >= hold:
                self._shown, hold = text[hold : spans[-1].end], spans[-1].end
                self._covered = True
            if spans and spans[-1].end == len(text):
                self._swallow = spans[-1].rest
        if hold < shown:
            self._shown, self._covered = text[hold:shown], covered
        self._held = text[max(hold, shown) :] if hold < len(text) else b""
        if kept:
            self._before = text[kept - 1]
        if spans:
            return _replaced(text[:hold], spans, shown, covered=covered)
        return text if hold == len(text) and not shown else text[shown:hold]

    def _release(self) -> bytes:
        if not self._held or self._is_certain(self._held):
            return b""
        text, shown, before = self._shown + self._held, len(self._shown), self._before
        self._shown = self._held = b""
        out = self._advance(text, shown, len(text))
        if not self._covered and len(text) <= self._reach:
            self._shown, self._before = text, before
        return out

    def _is_certain(self, held: bytes) -> bool:
        if any(shape.literal in held[:-1] for shape in _SHAPES):
            return True
        start = held[:_CERTAIN_PREFIX]
        return len(start) == _CERTAIN_PREFIX and any(
            needle.startswith(start) for needle in self._needles
        )

    def _hold_from(self, text: bytes) -> int:
        """The position of the first byte that can still become a part of a secret."""
        size = len(text)
        line = text.rfind(b"\n") + 1
        if line == size:
            return size
        hold = self._known_from(text)
        start = max(line, size - HOLD_LIMIT)
        tail = text[start:]
        for pattern in _BEGINNINGS:
            if (match := pattern.search(tail)) is not None:
                hold = min(hold, start + match.start())
        return hold

    def _known_from(self, text: bytes) -> int:
        """The position from which on the text is the beginning of a known value."""
        hold = size = len(text)
        line = text.rfind(b"\n") + 1
        for needle in self._needles:
            first = needle[:1]
            at = text.find(first, max(line, size - len(needle) + 1))
            while 0 <= at < hold:
                if needle.startswith(text[at:]):
                    hold = at
                    break
                at = text.find(first, at + 1)
        return hold

    def _spans(self, text: bytes, before: int, *, patterns: bool) -> list[_Span]:
        """The secrets in a text, in order, without overlaps."""
        spans: list[_Span] = []
        absent = tuple(shape.literal for shape in _SHAPES if shape.literal not in text)
        for needle in self._needles:
            if not needle.startswith(absent):
                spans += _occurrences(text, needle)
        if patterns:
            for shape in _SHAPES:
                if shape.literal not in absent:
                    spans += _shaped(text, shape, before)
            lowered = text.lower()
            if b"key" in lowered:
                spans += _assigned(text, lowered, before)
        return _merged(spans) if spans else spans


class RedactedOutput(io.TextIOBase):
    """A text stream that redacts secrets in the text written to it."""

    def __init__(self, stream: TextIO, secrets: Iterable[str]) -> None:
        self._stream = stream
        self._redactor = Redactor(secrets)

    def write(self, text: str) -> int:
        """Writes a text; a secret that is split between two calls is not found."""
        self._stream.write(self._redactor.redact(text))
        return len(text)

    def flush(self) -> None:
        self._stream.flush()

    def fileno(self) -> int:
        return self._stream.fileno()


def _forms(secret: str) -> Iterator[bytes]:
    for line in secret.splitlines():
        value = line.strip()
        if len(value) < _SHORTEST_SECRET:
            continue
        quoted = {value, quote(value), quote(value, safe=""), quote_plus(value)}
        quoted |= {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
        yield from (form.encode("utf-8", "surrogatepass") for form in quoted)


def _label(secret: bytes) -> bytes:
    for shape in _SHAPES:
        if secret.startswith(shape.literal):
            return shape.label
    return b"[redacted]"


def _occurrences(text: bytes, needle: bytes) -> Iterator[_Span]:
    at = text.find(needle)
    while at >= 0:
        yield _Span(at, at + len(needle), _label(needle), None)
        at = text.find(needle, at + len(needle))


def _joined(text: bytes, at: int, before: int) -> bool:
    """Whether a letter or digit immediately precedes a position."""
    return (text[at - 1] if at else before) in _ALPHANUMERIC


def _shaped(text: bytes, shape: _Shape, before: int) -> Iterator[_Span]:
    at = 0
    while (match := shape.match.search(text, at)) is not None:
        if shape.bounded and _joined(text, match.start(), before):
            at = match.start() + len(shape.literal)
        else:
            at = match.end()
            yield _Span(match.start(), at, shape.label, shape.rest)


def _assigned(text: bytes, lowered: bytes, before: int) -> Iterator[_Span]:
    """Values after ``key=``, ``api_key=``, ``api_key:`` and ``x-goog-api-key:`` in any case."""
    at = lowered.find(b"key")
    while at >= 0:
        end = at + 3
        if end < len(text) and text[end] in _AFTER_KEY and (match := _ASSIGNED.match(text, end)):
            named = lowered[max(at - 4, 0) : at].endswith((b"api", b"api_", b"api-"))
            value = match[2]
            if named or (
                match[1] == b"="
                and len(value) >= _PLAIN_KEY_VALUE
                and _DIGIT.search(value) is not None
                and not _joined(text, at, before)
            ):
                yield _Span(match.start(2), match.end(2), b"[redacted]", _ASSIGNED_REST)
        at = lowered.find(b"key", end)


_BEGINNINGS = (*(shape.beginning for shape in _SHAPES), _ASSIGNED_BEGINNING)


def _merged(spans: list[_Span]) -> list[_Span]:
    """Joins overlapping spans; the label is that of the first, or the more specific one."""
    spans.sort(key=lambda span: (span.start, -span.end))
    merged: list[_Span] = []
    for span in spans:
        if not merged or span.start >= merged[-1].end:
            merged.append(span)
            continue
        last = merged[-1]
        label = last.label if last.label != b"[redacted]" else span.label
        rest = span.rest if span.end > last.end else last.rest
        if span.end == last.end:
            rest = rest or span.rest
        merged[-1] = _Span(last.start, max(last.end, span.end), label, rest)
    return merged


def _replaced(text: bytes, spans: list[_Span], begin: int = 0, *, covered: bool = False) -> bytes:
    """The text from ``begin`` on, redacted; a covered part already has its label."""
    pieces: list[bytes] = []
    for span in spans:
        if span.end <= begin:
            continue
        if span.start >= begin or not covered:
            pieces += (text[begin : span.start], span.label)
        begin = span.end
    pieces.append(text[begin:])
    return b"".join(pieces)
