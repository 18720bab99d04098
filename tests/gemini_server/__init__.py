"""A server on this machine that speaks the Gemini REST API, for tests and for trying things out.

By hand: ``python -m tests.gemini_server --port 8123``. In a test::

    with GeminiServer([Project("one", keys=["AIza…"])]) as server:
        server.script(Fault.CAPACITY, times=2)
        …
        assert server.requests[0].status == 503
"""

from tests.gemini_server.books import Clock, Limits, Project
from tests.gemini_server.evening import EveningClock, EveningServer, bad_evening
from tests.gemini_server.faults import Fault, Shape
from tests.gemini_server.server import MODELS, GeminiServer, Request, fingerprint

__all__ = [
    "MODELS",
    "Clock",
    "EveningClock",
    "EveningServer",
    "Fault",
    "GeminiServer",
    "Limits",
    "Project",
    "Request",
    "Shape",
    "bad_evening",
    "fingerprint",
]
