"""The exit codes of the command."""

from enum import IntEnum


class ExitCode(IntEnum):
    """How the command ended."""

    OK = 0
    """Every item succeeded, or there was nothing to do."""
    FAILED = 1
    """At least one item failed or was lost, or no item can continue."""
    USAGE = 2
    """The command line or the setup is invalid; nothing was started."""
    CANCELLED = 3
    """Nothing failed, but at least one item was cancelled or left unfinished on request."""
    EXHAUSTED = 75
    """Every credential was exhausted, or lacks billing or credit; the same command resumes."""
    INTERRUPTED = 130
    """Ended by SIGINT."""
    PIPE_CLOSED = 141
    """The reader of the output is gone, as with ``| head``."""
    TERMINATED = 143
    """Ended by SIGTERM."""
