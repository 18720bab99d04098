"""Runs a call that can be abandoned: its deadline holds, whatever the SDK does."""

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
"""Environment variable with a server to use instead of Google's, such as a gateway."""
_LOCAL_HOSTS = ("127.0.0.1", "::1", "localhost")

TextHandler = Callable[[str], None]
"""Takes each piece of a text."""
Work = Callable[[TextHandler], Any]


def endpoint() -> str:
    """The URL of the server, without a trailing slash; empty for Google's.

    Raises:
        TuiError: it is not a URL, or API keys would be sent in clear text.
    """
    url = os.environ.get(ENDPOINT, "").strip().rstrip("/")
    if not url:
        return ""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise TuiError(f"{ENDPOINT}={url} is not a URL.", "For example: http://127.0.0.1:8123")
    if parts.scheme == "http" and parts.hostname not in _LOCAL_HOSTS:
        raise TuiError(
            f"{ENDPOINT}={url} would send API keys in clear text.",
            "Use https://, or a server on this machine.",
        )
    return url


class AbandonedError(Exception):
    """The caller no longer waits for the work."""


class WorkFailedError(Exception):
    """The work raised an error, and not the handler of its text."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error


def call_within(
    seconds: float,
    work: Work,
    on_text: TextHandler | None = None,
    abandon: Callable[[], None] = lambda: None,
    silence: Silence = USUAL_SILENCE,
) -> Any:
    """Runs work in a thread of its own and returns its result.

    Args:
        seconds: The time limit, after which the work and its thread are abandoned.
        work: Called with a function that takes each piece of text, and an empty one as a sign of
            life. That function raises :class:`AbandonedError` once the work is abandoned.
        on_text: Called in this thread with each piece as it arrives.
        abandon: Called when the work is abandoned, to close what it has open. It can block as long
            as a read in progress, so it runs in a thread of its own.
        silence: How long there may be no sign of life.

    Raises:
        DeadlineError: the time is up.
        SilentError: there was no sign of life for too long.
        WorkFailedError: the work raised an error.
    """
    messages: _Messages = queue.SimpleQueue()
    abandoned = threading.Event()
    arguments = (work, messages, abandoned)
    threading.Thread(target=_run, args=arguments, name="model call", daemon=True).start()
    try:
        return _wait_for_end(messages, time.monotonic() + seconds, silence, on_text)
    except WorkFailedError:
        raise
    except BaseException:
        abandoned.set()
        threading.Thread(target=_quietly, args=(abandon,), name="closing", daemon=True).start()
        raise


_Messages = queue.SimpleQueue[tuple[str, Any]]
"""The messages of a call's thread: ``text`` with a piece, ``done`` with the result, ``failed`` with
an error."""


def _run(work: Work, messages: _Messages, abandoned: threading.Event) -> None:
    """The main function of a call's thread."""

    def send_text(text: str) -> None:
        if abandoned.is_set():
            raise AbandonedError
        messages.put(("text", text))

    try:
        messages.put(("done", work(send_text)))
    except BaseException as error:
        messages.put(("failed", error))


def _wait_for_end(
    messages: _Messages, deadline: float, silence: Silence, on_text: TextHandler | None
) -> Any:
    """Returns the result of the work; see :func:`call_within`. Takes a monotonic deadline."""
    limit = silence.first
    while True:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise DeadlineError
        try:
            kind, value = messages.get(timeout=min(remaining, limit))
        except queue.Empty:
            raise (SilentError(limit) if limit < remaining else DeadlineError()) from None
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
