"""The base class of the program's exceptions, and those that several rooms raise."""

from assemblyzero_tui.runner.base.exit_codes import ExitCode


class TuiError(Exception):
    """Something the user can act on.

    Its text names the problem, the place and a remedy; it is shown without a traceback.
    """

    exit_code = ExitCode.USAGE

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(f"{what}\n{hint}" if hint else what)
        self.what = what
        self.hint = hint


class WorkflowError(TuiError):
    """A workflow cannot continue with its item; the run continues without it."""

    exit_code = ExitCode.FAILED


class TransientError(TuiError):
    """A service is unavailable; the same may succeed later without any change."""

    def __init__(self, what: str, hint: str = "", until: float = 0.0) -> None:
        super().__init__(what, hint)
        self.until = until
        """When it may succeed, seconds since the epoch; 0 if unknown."""


class UnusableAnswerError(WorkflowError):
    """The model's answer is unusable: a retry calls again instead of using the stored answer."""


class StartLostError(WorkflowError):
    """The process that starts workers died before the worker started; a retry may succeed."""


class NewerVersionError(TuiError):
    """A file was written by a newer version of this program."""


class StartInterruptedError(TuiError):
    """The user interrupted the start of the engine, which was ended."""

    exit_code = ExitCode.INTERRUPTED


class EngineError(TuiError):
    """The engine did not start, or does not respond."""

    exit_code = ExitCode.FAILED
