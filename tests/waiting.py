"""Waiting for a state, with a deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


def wait_for(condition: Callable[[], Found | None], what: str, deadline: float = 30.0) -> Found:
    """What the condition gives as soon as it is true.

    Args:
        condition: Looked at again and again.
        what: For the message.
        deadline: Seconds.

    Raises:
        AssertionError: the time is up.
    """
    end = time.monotonic() + deadline
    pause = threading.Event()
    while True:
        if found := condition():
            return found
        if time.monotonic() > end:
            raise AssertionError(f"after {deadline:.0f} s there is still no {what}")
        pause.wait(0.02)
