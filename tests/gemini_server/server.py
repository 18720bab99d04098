"""The server: HTTP in, what was scripted or what the books allow out, and a list of what came."""

from __future__ import annotations

import hashlib
import json
import re
import socket
import struct
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.gemini_server import answers
from tests.gemini_server.books import Clock, Project
from tests.gemini_server.faults import (
    IN_ANSWERS,
    ErrorReply,
    Fault,
    Shape,
    error_reply,
    quota_reply,
)
from tests.gemini_server.shapes import IN_200, body_of, packed

MODELS = ("gemini-3.8-flash", "gemini-3.1-pro-preview", "gemini-3.5-flash")
"""The models that exist here unless others are named."""
DRIP = 0.05
"""Seconds between two letters of a dripping answer."""
_MODEL = re.compile(r"/v1(?:alpha|beta)?/models/([^/:]+)")
_PATH = re.compile(
    r"/v1(?:alpha|beta)?/models/([^/:]+):(generateContent|streamGenerateContent|countTokens)"
)


def fingerprint(key: str) -> str:
    """The first 8 hexadecimal digits of a key's SHA-256."""
    return hashlib.sha256(key.encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class Request:
    """A request that came, without its key."""

    time: float
    key: str
    """Its fingerprint."""
    model: str
    method: str
    status: int
    """What was answered; 0 where nothing was."""
    fault: Fault | None
    body: dict[str, Any]


@dataclass
class _Scripted:
    fault: Fault
    key: str | None
    model: str | None
    times: int | None
    shape: Shape
    retry_after: str

    def fits(self, key: str, model: str) -> bool:
        return self.key in (None, key) and self.model in (None, model) and self.times != 0


class GeminiServer:
    """Serves on 127.0.0.1 from ``start`` to ``close``; also a context manager."""

    def __init__(
        self,
        projects: Sequence[Project],
        *,
        models: Sequence[str] = MODELS,
        latency: float = 0.0,
        port: int = 0,
        clock: Clock | None = None,
        write: Callable[[dict[str, Any]], str] = answers.write,
    ) -> None:
        """Args:
        projects: Every key that is accepted belongs to one of them.
        models: The ones that exist.
        latency: Seconds over which an answer is spread.
        port: 0 lets the system choose.
        clock: The time for the books.
        write: Makes the text of an answer out of the request's body.
        """
        self.projects = list(projects)
        self.models = tuple(models)
        self.latency = latency
        self.clock = clock or Clock()
        self.write = write
        self.requests: list[Request] = []
        self.counted: list[str] = []
        """The models for which tokens were counted."""
        self.lookups: list[tuple[str, str]] = []
        """Models that were looked up, each behind the fingerprint of the key."""
        self.stopping = threading.Event()
        self._scripts: list[_Scripted] = []
        self._lock = threading.Lock()
        self._http = _Http(("127.0.0.1", port), _Handler)
        self._http.owner = self
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """Where to send requests."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def start(self) -> None:
        """Begins to serve, in a thread of its own."""
        self._thread.start()

    def close(self) -> None:
        """Ends; slow answers are broken off."""
        self.stopping.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def script(
        self, fault: Fault, *, key: str | None = None, model: str | None = None,
        times: int | None = None, shape: Shape = Shape.SERVICE, retry_after: str = "",
    ) -> None:  # fmt: skip
        """Makes requests go wrong: those of this key and model, so many times; ``None`` is all.

        An error may come in another shape than the service's, and with a header that asks to wait.
        """
        with self._lock:
            self._scripts.append(_Scripted(fault, key, model, times, shape, retry_after))

    def unscript(self) -> None:
        """Makes everything work again."""
        with self._lock:
            self._scripts.clear()

    def decide(self, key: str, model: str) -> tuple[Fault | None, ErrorReply | None]:
        """What becomes of a request: a fault, an error, or neither."""
        with self._lock:
            for scripted in self._scripts:
                if scripted.fits(key, model):
                    if scripted.times is not None:
                        scripted.times -= 1
                    error = error_reply(scripted.fault, model, key)
                    if error is not None:
                        shape, wait = scripted.shape, scripted.retry_after
                        error = replace(error, shape=shape, retry_after=wait)
                    return scripted.fault, error
            if (error := self.why_unknown(key, model)) is not None:
                return None, error
            project = next(p for p in self.projects if key in p.keys)
            refused = project.count(model, self.clock.now())
            return None, None if refused is None else quota_reply(refused, model)

    def why_unknown(self, key: str, model: str) -> ErrorReply | None:
        """The error where the key is wrong or has no such model; ``None`` where all is well."""
        project = next((p for p in self.projects if key in p.keys), None)
        if project is None:
            return error_reply(Fault.BAD_KEY, model, key)
        known = model in self.models and (project.models is None or model in project.models)
        return None if known else error_reply(Fault.NOT_FOUND, model, key)

    def note(self, request: Request) -> None:
        """Takes a request into the list."""
        with self._lock:
            self.requests.append(request)


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    owner: GeminiServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Http

    def log_message(self, format: str, *arguments: Any) -> None:
        """Requests are in the server's list; a line here would hold the key."""

    def do_GET(self) -> None:
        """``models.get``: https://ai.google.dev/api/models#method:-models.get"""
        owner, found = self.server.owner, _MODEL.fullmatch(urlsplit(self.path).path)
        if found is None:
            self._send_error(ErrorReply(404, "<html>404 Not Found</html>"))
            return
        model, key = found[1], self.headers.get("x-goog-api-key", "")
        owner.lookups.append((fingerprint(key), model))
        if (error := owner.why_unknown(key, model)) is not None:
            self._send_error(error)
            return
        methods = ["generateContent", "countTokens", "createCachedContent", "batchGenerateContent"]
        body = {"name": f"models/{model}", "supportedGenerationMethods": methods}
        self._send_object(body)

    def do_POST(self) -> None:
        owner = self.server.owner
        address = urlsplit(self.path)
        query = parse_qs(address.query)
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        found = _PATH.fullmatch(address.path)
        if found is None:
            self._send_error(ErrorReply(404, "<html>404 Not Found</html>"))
            return
        model, method = found[1], found[2]
        if method == "countTokens":
            owner.counted.append(model)
            self._send_object({"totalTokens": answers.tokens(json.dumps(body))})
            return
        key = self.headers.get("x-goog-api-key") or query.get("key", [""])[0]
        fault, error = owner.decide(key, model)
        status = error.status if error else 0 if fault in (Fault.SLOW, Fault.RESET) else 200
        if error is not None and error.shape in IN_ANSWERS:
            status = 200
        owner.note(Request(owner.clock.now(), fingerprint(key), model, method, status, fault, body))
        if error is not None and error.shape in IN_ANSWERS:
            self._answer(body, model, method, query, fault, error)
        elif error is not None:
            self._send_error(error)
        elif fault is Fault.SLOW:
            owner.stopping.wait()
            self.close_connection = True
        elif fault is Fault.RESET:
            self._reset()
        else:
            self._answer(body, model, method, query, fault)

    def _answer(
        self, body: dict[str, Any], model: str, method: str, query: dict[str, list[str]],
        fault: Fault | None, error: ErrorReply | None = None,
    ) -> None:  # fmt: skip
        owner = self.server.owner
        streamed, sse = method == "streamGenerateContent", query.get("alt") == ["sse"]
        numbers = "enum-encoding=int" in "".join(query.get("$alt", []))
        text = owner.write(body)
        asked = answers.tokens(json.dumps(body))
        objects = list(
            answers.responses(
                text, asked, model, fault, pieces=answers.PIECES if streamed else 1,
                numbers=numbers,
            )
        )  # fmt: skip
        if fault is Fault.ERROR_IN_STREAM:
            error = error_reply(Fault.UNAVAILABLE, model, "")
        if error is not None:
            half = 0 if error.shape is Shape.FIRST else -(-len(objects) // 2)
            objects[half:] = [packed(error)]
        self.send_response(200)
        kind = "text/event-stream" if sse else "application/json; charset=UTF-8"
        self.send_header("Content-Type", kind)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if fault is Fault.DRIPPING:
            self._drip("data: " if sse else "[")
            return
        if fault is Fault.HEAD_ONLY:
            self._fall_silent()
            return
        pieces = [json.dumps(each, indent=None if sse else 2) for each in objects]
        for number, piece in enumerate(pieces):
            if owner.latency and owner.stopping.wait(owner.latency / len(pieces)):
                break
            last = number == len(pieces) - 1
            if fault is Fault.CUT and last:
                self._send(piece[: len(piece) // 2])
                self._cut()
                return
            if sse and last and error is not None and error.shape is Shape.LOOSE:
                piece = json.dumps(objects[-1], indent=2) + "\n"
            elif sse:
                piece = f"data: {piece}\r\n\r\n"
            elif streamed:
                piece = ("[" if number == 0 else ",\r\n") + piece + ("\n]\n" if last else "")
            self._send(piece)
            if fault is Fault.SILENT:
                self._fall_silent()
                return
        self.wfile.write(b"0\r\n\r\n")

    def _send_object(self, value: dict[str, Any]) -> None:
        data = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _send(self, text: str) -> None:
        data = text.encode()
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def _send_error(self, error: ErrorReply) -> None:
        streamed = ":streamGenerateContent" in self.path and "alt=sse" not in self.path
        data = body_of(error, streamed=streamed)
        page = data.lstrip().startswith(b"<")
        self.send_response(200 if error.shape in IN_200 else error.status)
        kind = "text/html; charset=UTF-8" if page else "application/json; charset=UTF-8"
        self.send_header("Content-Type", kind)
        if error.shape is Shape.PACKED:
            self.send_header("Content-Encoding", "gzip")
        if error.retry_after:
            self.send_header("Retry-After", error.retry_after)
        if error.status == 302:
            self.send_header("Location", f"{self.server.owner.url}/v1beta/models")
        cut = error.shape is Shape.CUT
        self.send_header("Content-Length", str(len(data) * 2 if cut else len(data)))
        self.end_headers()
        self.wfile.write(data)
        if cut:
            self._cut()

    def _fall_silent(self) -> None:
        self.wfile.flush()
        self.server.owner.stopping.wait()
        self.close_connection = True

    def _drip(self, begin: str) -> None:
        self._send(begin + '{"candidates": [{"content": {"parts": [{"text": "')
        while not self.server.owner.stopping.wait(DRIP):
            self._send("a")

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _reset(self) -> None:
        """Closes so that the other side gets a reset and not an end."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.rfile.close()
        self.wfile.close()
        self.connection.close()
