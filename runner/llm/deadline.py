"""One call that can be abandoned: it has a deadline on the wall clock, whatever the SDK does."""

from __future__ import annotations

import contextlib
import os
import queue
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.llm.failures import DeadlineError, SilentError
from assemblyzero_tui.runner.llm.provider import USUAL_SILENCE, Silence

ENDPOINT = "ASSEMBLYZERO_TUI_GEMINI_ENDPOINT"
"""Environment variable that names another server than Google's, such as a gateway or a test's."""
_HERE = ("127.0.0.1", "::1", "localhost")

Say = Callable[[str], None]
Work = Callable[[Say], Any]


def endpoint() -> str:
    """The server to ask, without a slash at its end; empty for Google's.

    Raises:
        TuiError: it is not a URL, or API keys would travel in clear text.
    """
    url = os.environ.get(ENDPOINT, "").strip().rstrip("/")
    if not url:
        return ""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise TuiError(f"{ENDPOINT}={url} is not a URL.", "For example: http://127.0.0.1:8123")
    if parts.scheme == "http" and parts.hostname not in _HERE:
        raise TuiError(
            f"{ENDPOINT}={url} would send API keys in clear text.",
            "Use https://, or a server on this machine.",
        )
    return url


class AbandonedError(Exception):
    """Nobody waits for the work any more."""


class WorkFailedError(Exception):
    """The work raised this, and not whoever takes its text."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error


def call_within(
    seconds: float,
    work: Work,
    on_text: Say | None = None,
    abandon: Callable[[], None] = lambda: None,
    silence: Silence = USUAL_SILENCE,
) -> Any:
    """Does the work in a thread of its own and gives what it gives.

    Args:
        seconds: After so long the work is left alone, and its thread with it.
        work: Given a function that takes each piece of text, and an empty one as a sign of life. It
            raises :class:`AbandonedError` when nobody waits any more.
        on_text: Called in this thread with each piece, as it comes.
        abandon: Called when the time is up, to close what the work holds open. It may block for as
            long as a read does that is under way, so that nobody waits for it.
        silence: How long there may be no sign of life.

    Raises:
        DeadlineError: the time is up.
        SilentError: there was no sign of life for too long.
        WorkFailedError: the work raised something.
    """
    pieces: _Pieces = queue.SimpleQueue()
    abandoned = threading.Event()

    def pass_on(text: str) -> None:
        if abandoned.is_set():
            raise AbandonedError
        pieces.put(("text", text))

    def run() -> None:
        try:
            pieces.put(("done", work(pass_on)))
        except BaseException as error:
            pieces.put(("failed", error))

    threading.Thread(target=run, name="model call", daemon=True).start()
    try:
        return _wait_for_end(pieces, time.monotonic() + seconds, silence, on_text)
    except WorkFailedError:
        raise
    except BaseException:
        abandoned.set()
        threading.Thread(target=_quietly, args=(abandon,), name="closing", daemon=True).start()
        raise


_Pieces = queue.SimpleQueue[tuple[str, Any]]
"""What a call's thread passes on: ``text`` and a piece, ``done`` and a value, ``failed`` and an
error."""


def _wait_for_end(pieces: _Pieces, deadline: float, silence: Silence, on_text: Say | None) -> Any:
    """What the work gives; see :func:`call_within`. The deadline is one of the monotonic clock."""
    limit = silence.first
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            raise DeadlineError
        try:
            kind, value = pieces.get(timeout=min(left, limit))
        except queue.Empty:
            raise (SilentError(limit) if limit < left else DeadlineError()) from None
        limit = silence.between
        if kind == "done":
            return value
        if kind == "failed":
            raise WorkFailedError(value) from None
        if on_text is not None and value:
            on_text(value)


def _quietly(work: Callable[[], None]) -> None:
    with contextlib.suppress(Exception):
        work()
