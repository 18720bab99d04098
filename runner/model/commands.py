"""Every command to the engine of a run, as tagged structs, and the engine's reply.

A client sends commands over the engine's socket, one JSON object per line.
"""

from __future__ import annotations

import msgspec

PROTOCOL_VERSION = 1
"""Version of the commands and replies. An engine refuses a client with another version."""


class Command(msgspec.Struct, kw_only=True, omit_defaults=True, tag_field="command"):
    """A command of a client. The reply repeats ``request``."""

    request: int = 0


class Hello(Command, tag="hello", kw_only=True, omit_defaults=True):
    """The first command on a connection."""

    protocol: int
    """The :data:`PROTOCOL_VERSION` of the sender."""


class Pause(Command, tag="pause", kw_only=True, omit_defaults=True):
    """Pause these items at their next node boundary; if empty, all of them and the queue."""

    items: list[str] = []


class Resume(Command, tag="resume", kw_only=True, omit_defaults=True):
    """Queue these paused items again; if empty, all of them, and open the queue."""

    items: list[str] = []


class Cancel(Command, tag="cancel", kw_only=True, omit_defaults=True):
    """End these items; if empty, all that are not terminal."""

    items: list[str] = []
    force: bool = False
    """Kill the process at once instead of requesting it to end first."""


class Retry(Command, tag="retry", kw_only=True, omit_defaults=True):
    """Queue these failed, lost, cancelled or skipped items again; if empty, all of them."""

    items: list[str] = []


class Stop(Command, tag="stop", kw_only=True, omit_defaults=True):
    """Save every item, then end the engine; ``resume`` continues from there."""

    interrupted: bool = False
    """The cause is a signal, not a command of the user."""
    force: bool = False


class TryNow(Command, tag="try_now", kw_only=True, omit_defaults=True):
    """Stop waiting: try all credentials again now, each with one call first."""


class SetAutoResume(Command, tag="set_auto_resume", kw_only=True, omit_defaults=True):
    """Set whether the run resumes automatically when quota is available again."""

    on: bool


class AddCredential(Command, tag="add_key", kw_only=True, omit_defaults=True):
    """Use this credential as well, until the engine ends."""

    name: str
    key: str
    project: str = ""
    rpm: int | None = None
    """Requests per minute that its quota allows; ``None`` if unknown."""
    rpd: int | None = None
    """Requests per day."""
    tpm: int | None = None
    """Tokens of prompts per minute."""

    def __repr__(self) -> str:
        """Without the API key."""
        return f"AddCredential(name={self.name!r})"


AnyCommand = Hello | Pause | Resume | Cancel | Retry | Stop | TryNow | SetAutoResume | AddCredential


class Reply(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The engine's reply to a command; ``request`` 0 announces that the journal has grown.

    With ``request`` 0, ``error`` is the reason why the journal cannot be written.
    """

    request: int = 0
    error: str = ""
    affected: list[str] = []
    """Items on which the command had an effect."""


_encoder = msgspec.json.Encoder()
_command_decoder: msgspec.json.Decoder[AnyCommand] = msgspec.json.Decoder(AnyCommand)
_reply_decoder = msgspec.json.Decoder(Reply)


def encode(message: Command | Reply) -> bytes:
    """One JSON object, without a newline."""
    return _encoder.encode(message)


def decode_command(line: bytes) -> AnyCommand:
    """Decodes a line of a client.

    Raises:
        msgspec.DecodeError: the line is not a command.
    """
    return _command_decoder.decode(line)


def decode_reply(line: bytes) -> Reply:
    """Decodes a line of the engine.

    Raises:
        msgspec.DecodeError: the line is not a reply.
    """
    return _reply_decoder.decode(line)
