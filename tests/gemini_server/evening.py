"""A bad evening of the service: what goes wrong when, by the clock of the server.

What happens has been reported of the real one: spells of 500 (google-gemini/gemini-cli#3665,
google-gemini/deprecated-generative-ai-python#236) and of 503 (google-gemini/gemini-cli#4360 and
#7227) for everybody; connections on which nothing comes, answers without a word, and quotas on top.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.gemini_server.books import Clock, Project
from tests.gemini_server.faults import ErrorReply, Fault, error_reply
from tests.gemini_server.server import GeminiServer

DAY = 600.0
"""Seconds of the shortened day."""
_A_DAY = 86_400.0
_MIDNIGHT = 1_780_297_200.0
"""Midnight in California on a day in June 2026."""


class EveningClock(Clock):
    """A clock on which a day takes :data:`DAY` seconds: the rest of each is left out."""

    def now(self) -> float:
        days, seconds = divmod(self.elapsed(), DAY)
        return _MIDNIGHT + days * _A_DAY + seconds


@dataclass(slots=True)
class Trouble:
    """Something that goes wrong: for a while with everybody, or a few times."""

    begins: float
    """In seconds since the first request."""
    fault: Fault
    lasts: float = 0.0
    """Seconds for which every request fares so; or else :attr:`times` requests do."""
    times: int = 1
    met: int = field(default=0, init=False)
    """Requests that fared so."""

    def meets(self, seconds: float) -> bool:
        """Whether a request of this moment fares so; it is counted then."""
        ends = self.begins + self.lasts
        due = seconds < ends if self.lasts else self.met < self.times
        if seconds < self.begins or not due:
            return False
        self.met += 1
        return True


def bad_evening() -> list[Trouble]:
    """The schedule. No call meets more answers without a word than it survives."""
    return [
        Trouble(10.0, Fault.EMPTY),
        Trouble(20.0, Fault.SLOW),
        Trouble(40.0, Fault.INTERNAL, lasts=90.0),
        Trouble(150.0, Fault.RESET, times=2),
        Trouble(160.0, Fault.CUT),
        Trouble(165.0, Fault.RECITATION),
        Trouble(170.0, Fault.SILENT),
        Trouble(190.0, Fault.UNAVAILABLE, lasts=120.0),
        Trouble(315.0, Fault.ERROR_IN_STREAM, times=2),
        Trouble(318.0, Fault.BAD_GATEWAY, times=2),
        Trouble(330.0, Fault.MALFORMED_FUNCTION_CALL),
        Trouble(335.0, Fault.CAPACITY, times=3),
        Trouble(338.0, Fault.OVERLOADED),
    ]


class EveningServer(GeminiServer):
    """A server that has a bad evening; it begins with the first request."""

    def __init__(
        self,
        projects: Sequence[Project],
        *,
        troubles: Sequence[Trouble],
        clock: Clock | None = None,
        latency: float = 0.0,
        port: int = 0,
    ) -> None:
        super().__init__(projects, clock=clock, latency=latency, port=port)
        self.troubles = troubles
        self._first: float | None = None
        self._evening = threading.Lock()

    def decide(self, key: str, model: str) -> tuple[Fault | None, ErrorReply | None]:
        """What becomes of a request: what is due, or else what the books say."""
        with self._evening:
            now = self.clock.elapsed()
            self._first = now if self._first is None else self._first
            since = now - self._first
            fault = next((each.fault for each in self.troubles if each.meets(since)), None)
        if fault is None:
            return super().decide(key, model)
        return fault, error_reply(fault, model, key)
