"""The messages between engine and worker on the worker's channel.

A frame is four bytes of length, big-endian, and one msgpack object, on any byte stream. Messages of
a worker carry ``seq``, counted from 1 for each attempt, and the time at which they were sent.
"""

from __future__ import annotations

import struct
from typing import Literal

import msgspec

from assemblyzero_tui.runner.model.events import Result

MAX_FRAME = 16 << 20
"""The most bytes of a frame; a longer one is an error of the peer."""

LENGTH = struct.Struct(">I")


class FromWorker(msgspec.Struct, kw_only=True, omit_defaults=True, tag_field="m"):
    """The fields of every message of a worker."""

    seq: int = 0
    time: float = 0.0


class Ready(FromWorker, tag="ready", kw_only=True, omit_defaults=True):
    """The process has started; ``preloaded`` is whether its libraries were already loaded."""

    pid: int
    preloaded: bool


class NodeBegan(FromWorker, tag="node_began", kw_only=True, omit_defaults=True):
    """A node began."""

    node: str
    task: str


class NodeDone(FromWorker, tag="node_done", kw_only=True, omit_defaults=True):
    """A node ended."""

    node: str
    task: str
    error: str = ""


class Progress(FromWorker, tag="progress", kw_only=True, omit_defaults=True):
    """The progress of the workflow."""

    iteration: int
    limit: int
    note: str = ""


class WorkerNotice(FromWorker, tag="remark", kw_only=True, omit_defaults=True):
    """A message for the user."""

    text: str
    level: Literal["info", "warning", "error"] = "info"


class Acquire(FromWorker, tag="acquire", kw_only=True, omit_defaults=True):
    """Requests a lease for one HTTP attempt."""

    request: int
    model: str
    tokens: int = 0
    """Estimated number of tokens of the prompt."""
    counted: bool = False
    """The service has counted them."""
    deadline: float = 0.0
    """Seconds from now after which a lease is useless; 0 means no limit."""
    node: str = ""


class Withdraw(FromWorker, tag="withdraw", kw_only=True, omit_defaults=True):
    """Withdraws a request for a lease."""

    request: int


class Counted(FromWorker, tag="counted", kw_only=True, omit_defaults=True):
    """The service has counted the tokens of a request that waits for a lease."""

    request: int
    tokens: int


class Release(FromWorker, tag="release", kw_only=True, omit_defaults=True):
    """Returns a lease: the HTTP attempt has ended."""

    lease: int
    outcome: str
    """An :class:`~assemblyzero_tui.runner.model.call_outcomes.Outcome`."""
    model: str = ""
    """The model that answered."""
    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0
    sent: bool = True
    """Whether the request left this machine."""
    http_status: int = 0
    reason: str = ""
    """The service's code for a refusal."""
    detail: str = ""
    """For humans; contains no secret."""
    words: str = ""
    """The service's own message; empty without one. Contains no secret."""
    retry_after: float = 0.0
    """Seconds that the service asks to wait."""
    quotas: dict[str, int | None] = {}
    """The exceeded quotas by the service's names, each with its limit if that is known."""


class AnswerReused(FromWorker, tag="answer_reused", kw_only=True, omit_defaults=True):
    """A stored answer was used instead of a call."""

    model: str = ""
    node: str = ""


class Ended(FromWorker, tag="ended", kw_only=True, omit_defaults=True):
    """The last message: the attempt has ended."""

    outcome: Literal["finished", "paused", "exhausted", "waiting", "failed", "refused"]
    """``exhausted``: paused for lack of quota. ``waiting``: another service is unavailable.
    ``refused``: the checkpoint does not match the request; nothing ran."""
    reason: str = ""
    until: float = 0.0
    """With ``exhausted`` and ``waiting``: when it may continue, seconds since the epoch; 0 if
    unknown."""
    result: Result | None = None


class ToWorker(msgspec.Struct, kw_only=True, omit_defaults=True, tag_field="m"):
    """The base of every message of the engine."""


class Grant(ToWorker, tag="grant", kw_only=True, omit_defaults=True):
    """A lease was granted: one HTTP attempt may be made now."""

    request: int
    lease: int
    name: str = ""
    """The name of the credential."""
    secret: str = ""
    call_timeout: float = 600.0
    """Seconds that the call may take."""

    def __repr__(self) -> str:
        """Without the secret."""
        return f"Grant(request={self.request}, lease={self.lease}, name={self.name!r})"


class Deny(ToWorker, tag="deny", kw_only=True, omit_defaults=True):
    """No lease will be granted."""

    request: int
    why: str
    until: float = 0.0
    """When a lease is expected to be available, seconds since the epoch; 0 if unknown."""
    park: bool = False
    """The worker has to save and end; the work can continue later or with other credentials."""
    too_large: bool = False
    """The request has more tokens than any credential may send in a minute."""


class CountTokens(ToWorker, tag="count_tokens", kw_only=True, omit_defaults=True):
    """Asks to have the service count the tokens of a request that waits anyway."""

    request: int
    secret: str

    def __repr__(self) -> str:
        """Without the secret."""
        return f"CountTokens(request={self.request})"


class Drain(ToWorker, tag="drain", kw_only=True, omit_defaults=True):
    """Stop at the next node boundary."""

    why: str = ""


class Halt(ToWorker, tag="halt", kw_only=True, omit_defaults=True):
    """End at once; the last checkpoint is kept, and a call in flight is abandoned."""


AnyFromWorker = (
    Ready
    | NodeBegan
    | NodeDone
    | Progress
    | WorkerNotice
    | Acquire
    | Withdraw
    | Counted
    | Release
    | AnswerReused
    | Ended
)
AnyToWorker = Grant | Deny | CountTokens | Drain | Halt

_encoder = msgspec.msgpack.Encoder()
_from_worker: msgspec.msgpack.Decoder[AnyFromWorker] = msgspec.msgpack.Decoder(AnyFromWorker)
_to_worker: msgspec.msgpack.Decoder[AnyToWorker] = msgspec.msgpack.Decoder(AnyToWorker)


def decode_from_worker(body: bytes) -> AnyFromWorker:
    """Decodes a message of a worker.

    Raises:
        msgspec.DecodeError: the bytes are not such a message.
    """
    return _from_worker.decode(body)


def decode_to_worker(body: bytes) -> AnyToWorker:
    """Decodes a message of the engine.

    Raises:
        msgspec.DecodeError: the bytes are not such a message.
    """
    return _to_worker.decode(body)


def frame(message: FromWorker | ToWorker) -> bytes:
    """Encodes one message as a frame."""
    body = _encoder.encode(message)
    return LENGTH.pack(len(body)) + body
