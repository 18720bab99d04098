"""The states of a workflow: what each is called, how it looks, what may follow it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Where a workflow is in its life."""

    QUEUED = "queued"
    """Waits for a free slot."""
    STARTING = "starting"
    """Its process has been asked for and has not reached a node."""
    RUNNING = "running"
    """A node is at work."""
    PAUSING = "pausing"
    """Asked to pause; goes on to the next node border."""
    PAUSED = "paused"
    """Has no process; its checkpoint waits for the user."""
    QUOTA = "quota"
    """Has no process; its checkpoint waits for a credential."""
    RETRYING = "retrying"
    """Its process was lost; another one takes over after a short wait."""
    ASKING = "asking"
    """Has no process; its checkpoint waits for an answer of a human."""
    CANCELLING = "cancelling"
    """Asked to end; its process has not gone yet."""
    DONE = "done"
    """Finished and succeeded."""
    FAILED = "failed"
    """Finished and did not succeed."""
    CANCELLED = "cancelled"
    """Ended at the user's wish; its checkpoint is kept for a retry."""
    LOST = "lost"
    """Its processes died again and again without a result."""
    SKIPPED = "skipped"
    """Never started."""

    @property
    def look(self) -> Look:
        """How the state is shown."""
        return LOOKS[self]

    @property
    def terminal(self) -> bool:
        """Nothing follows without a retry."""
        return self in TERMINAL

    @property
    def at_work(self) -> bool:
        """A process of the workflow exists, or is about to."""
        return self in AT_WORK

    @property
    def succeeded(self) -> bool:
        """Nothing is left to do: it is done, here or by another run."""
        return self in SUCCESSES

    @property
    def pausable(self) -> bool:
        """``pause`` has an effect."""
        return self in PAUSABLE

    @property
    def resumable(self) -> bool:
        """``resume`` has an effect, whatever the pool's state."""
        return self in RESUMABLE

    @property
    def cancellable(self) -> bool:
        """``cancel`` has an effect."""
        return self in CANCELLABLE

    @property
    def retriable(self) -> bool:
        """``retry`` has an effect."""
        return self in RETRIABLE

    @property
    def wants_attention(self) -> bool:
        """A human should look."""
        return self in ATTENTION


@dataclass(frozen=True, slots=True)
class Look:
    """How a state is shown; every part alone is enough to tell it."""

    word: str
    """The word on the screen, at most seven cells."""
    glyph: str
    """One cell, and no codepoint with the Emoji property."""
    ascii: str
    """The glyph of terminals without Unicode."""
    border: str
    """The kind of border its pane gets: ``dim``, ``round``, ``dashed`` or ``heavy``."""
    order: int
    """Place in a list that is sorted by attention, smallest first."""


LOOKS: dict[State, Look] = {
    State.ASKING: Look("ASK", "?", "?", "heavy", 0),
    State.FAILED: Look("FAIL", "✗", "x", "heavy", 1),
    State.LOST: Look("LOST", "!", "!", "heavy", 2),
    State.QUOTA: Look("QUOTA", "◷", "%", "heavy", 3),
    State.RETRYING: Look("RETRY", "↻", "~", "round", 4),
    State.CANCELLING: Look("STOP…", "⊘", "/", "dashed", 5),
    State.PAUSING: Look("PAUSE…", "‖", "=", "dashed", 6),
    State.RUNNING: Look("RUN", "▸", ">", "round", 7),
    State.STARTING: Look("START", "◌", "o", "round", 8),
    State.PAUSED: Look("PAUSE", "‖", "=", "dashed", 9),
    State.QUEUED: Look("WAIT", "·", ".", "dim", 10),
    State.CANCELLED: Look("CANC", "⊘", "/", "dim", 11),
    State.SKIPPED: Look("SKIP", "–", "-", "dim", 12),
    State.DONE: Look("DONE", "✓", "+", "dim", 13),
}

TERMINAL = frozenset({State.DONE, State.FAILED, State.CANCELLED, State.LOST, State.SKIPPED})
AT_WORK = frozenset({State.STARTING, State.RUNNING, State.PAUSING, State.CANCELLING})
RESTING = frozenset({State.PAUSED, State.QUOTA, State.ASKING})
SUCCESSES = frozenset({State.DONE, State.SKIPPED})
ATTENTION = frozenset({State.ASKING, State.FAILED, State.LOST})

PAUSABLE = frozenset(
    {State.QUEUED, State.STARTING, State.RUNNING, State.QUOTA, State.RETRYING, State.ASKING}
)
RESUMABLE = frozenset({State.PAUSED, State.PAUSING})
CANCELLABLE = frozenset(State) - TERMINAL
RETRIABLE = frozenset({State.FAILED, State.LOST, State.CANCELLED, State.SKIPPED})
"""The states on which a command has an effect: engine, dashboard and summary go by these four."""

_ENDS = frozenset({State.DONE, State.FAILED, State.CANCELLED, State.LOST})
_INTERRUPTIONS = frozenset(
    {State.PAUSED, State.QUOTA, State.ASKING, State.RETRYING, State.CANCELLING}
)
_FROM_REST = frozenset({State.QUEUED, State.CANCELLED, State.SKIPPED, State.FAILED})

TRANSITIONS: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.STARTING, State.PAUSED, State.CANCELLED, State.SKIPPED}),
    State.STARTING: _ENDS | _INTERRUPTIONS | {State.RUNNING, State.PAUSING},
    State.RUNNING: _ENDS | _INTERRUPTIONS | {State.PAUSING},
    State.PAUSING: _ENDS | _INTERRUPTIONS | {State.RUNNING, State.QUEUED},
    State.PAUSED: _FROM_REST,
    State.QUOTA: _FROM_REST | {State.PAUSED},
    State.ASKING: _FROM_REST | {State.PAUSED},
    State.RETRYING: _FROM_REST | {State.PAUSED, State.LOST},
    State.CANCELLING: _ENDS,
    State.DONE: frozenset(),
    State.FAILED: frozenset({State.QUEUED}),
    State.CANCELLED: frozenset({State.QUEUED}),
    State.LOST: frozenset({State.QUEUED}),
    State.SKIPPED: frozenset({State.QUEUED}),
}
"""What may follow a state. A start of the engine, which finds no process at work, may put every
state that is not terminal back to ``QUEUED`` besides."""
