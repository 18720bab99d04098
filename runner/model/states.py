"""The states of a workflow: their names, their looks, and the transitions between them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """The state of a workflow."""

    QUEUED = "queued"
    """It waits for a free slot."""
    STARTING = "starting"
    """Its process was requested and has not reached a node."""
    RUNNING = "running"
    """A node is at work."""
    PAUSING = "pausing"
    """It was asked to pause, and continues to the next node boundary."""
    PAUSED = "paused"
    """It has no process; its checkpoint waits for the user."""
    QUOTA = "quota"
    """It has no process; its checkpoint waits for quota."""
    RETRYING = "retrying"
    """Its process was lost, or a service is unavailable; another one starts after a wait."""
    ASKING = "asking"
    """It has no process; its checkpoint waits for an answer of a human."""
    CANCELLING = "cancelling"
    """It was asked to end; its process has not ended yet."""
    DONE = "done"
    """It finished and succeeded."""
    FAILED = "failed"
    """It finished and did not succeed."""
    CANCELLED = "cancelled"
    """The user ended it; its checkpoint is kept for a retry."""
    LOST = "lost"
    """Its processes died repeatedly without a result."""
    SKIPPED = "skipped"
    """It was never started."""

    @property
    def look(self) -> Look:
        """How the state is shown."""
        return LOOKS[self]

    @property
    def terminal(self) -> bool:
        """It ends only with a retry."""
        return self in TERMINAL

    @property
    def at_work(self) -> bool:
        """A process of the workflow exists or is being started."""
        return self in AT_WORK

    @property
    def succeeded(self) -> bool:
        """Nothing is left to do: it is done, here or by another run."""
        return self in SUCCESSES

    @property
    def unsuccessful(self) -> bool:
        """It ended without success: what ``resume --failed`` retries."""
        return self in UNSUCCESSFUL

    @property
    def pausable(self) -> bool:
        """``pause`` has an effect."""
        return self in PAUSABLE

    @property
    def resumable(self) -> bool:
        """``resume`` has an effect, regardless of the pool's state."""
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
    """How a state is shown; each part alone identifies it."""

    word: str
    """The word on the screen, at most seven cells wide."""
    glyph: str
    """One cell, and no codepoint with the Emoji property."""
    ascii: str
    """The glyph for terminals without Unicode."""
    border: str
    """The kind of border of its pane: ``dim``, ``round``, ``dashed`` or ``heavy``."""
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
WITHOUT_PROCESS = frozenset({State.PAUSED, State.QUOTA, State.ASKING})
SUCCESSES = frozenset({State.DONE, State.SKIPPED})
ATTENTION = frozenset({State.ASKING, State.FAILED, State.LOST})

PAUSABLE = frozenset(
    {State.QUEUED, State.STARTING, State.RUNNING, State.QUOTA, State.RETRYING, State.ASKING}
)
RESUMABLE = frozenset({State.PAUSED, State.PAUSING})
CANCELLABLE = frozenset(State) - TERMINAL
RETRIABLE = frozenset({State.FAILED, State.LOST, State.CANCELLED, State.SKIPPED})
"""The states in which a command has an effect; engine, dashboard and summary use these four."""
UNSUCCESSFUL = RETRIABLE - SUCCESSES

_ENDS = frozenset({State.DONE, State.FAILED, State.CANCELLED, State.LOST})
_INTERRUPTIONS = frozenset(
    {State.PAUSED, State.QUOTA, State.ASKING, State.RETRYING, State.CANCELLING}
)
_AFTER_A_WAIT = frozenset({State.QUEUED, State.CANCELLED, State.SKIPPED, State.FAILED})

TRANSITIONS: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.STARTING, State.PAUSED, State.CANCELLED, State.SKIPPED}),
    State.STARTING: _ENDS | _INTERRUPTIONS | {State.RUNNING, State.PAUSING},
    State.RUNNING: _ENDS | _INTERRUPTIONS | {State.PAUSING},
    State.PAUSING: _ENDS | _INTERRUPTIONS | {State.RUNNING, State.QUEUED},
    State.PAUSED: _AFTER_A_WAIT,
    State.QUOTA: _AFTER_A_WAIT | {State.PAUSED},
    State.ASKING: _AFTER_A_WAIT | {State.PAUSED},
    State.RETRYING: _AFTER_A_WAIT | {State.PAUSED, State.LOST},
    State.CANCELLING: _ENDS,
    State.DONE: frozenset(),
    State.FAILED: frozenset({State.QUEUED}),
    State.CANCELLED: frozenset({State.QUEUED}),
    State.LOST: frozenset({State.QUEUED}),
    State.SKIPPED: frozenset({State.QUEUED}),
}
"""The states that can follow a state. In addition, a starting engine, which finds no process at
work, can set every state that is not terminal back to ``QUEUED``."""
