"""The exit codes of the command, all in one place."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes."""

    OK = 0
    """Every item succeeded, or there was nothing to do."""
    FAILED = 1
    """At least one item failed or was lost."""
    USAGE = 2
    """The request could not be carried out as it was put; nothing was started."""
    CANCELLED = 3
    """Nothing failed, but at least one item was cancelled or left unfinished on request."""
    EXHAUSTED = 75
    """Stopped because every credential was exhausted; the same command resumes later."""
    INTERRUPTED = 130
    """Ended by SIGINT."""
    PIPE_CLOSED = 141
    """Whoever read the output has gone, as in ``| head``."""
    TERMINATED = 143
    """Ended by SIGTERM."""
