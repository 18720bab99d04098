"""The debug logs of ``--debug``: one file for each process, in the folder of its run.

The command, the engine and every worker log with Python's :mod:`logging`. Nothing is written, and
no handler exists, until :func:`open_debug_log` is called. Only what this program logs goes into the
files: libraries may log prompts.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterable
from pathlib import Path

from assemblyzero_tui.runner.base.paths import FILE_MODE, RunFolder, make_private_directory
from assemblyzero_tui.runner.logs.redaction import Redactor

DEBUG_VARIABLE = "ASSEMBLYZERO_TUI_DEBUG"
"""Environment variable that passes ``--debug`` on to the processes of a run."""
_LOGGER = logging.getLogger("assemblyzero_tui")
"""The parent of all loggers of this program."""
_FORMATTER = logging.Formatter("%(asctime)s %(threadName)s %(name)s: %(message)s")


def request_debug_logs() -> None:
    """Makes this process and those that it starts write debug logs."""
    os.environ[DEBUG_VARIABLE] = "1"


def debug_wanted() -> bool:
    """Whether this process should write a debug log."""
    return os.environ.get(DEBUG_VARIABLE) == "1"


def debug_log_file(folder: RunFolder, process: str) -> Path:
    """The debug log of a process, such as ``engine``, in the folder of its run."""
    return folder.debug / f"{process}.log"


def open_debug_log(path: Path, secrets: Iterable[str] = ()) -> None:
    """Writes all log records of this process to a file from now on, at level ``DEBUG``.

    Args:
        path: The file; it is appended to, and only its owner can read it.
        secrets: Texts that are redacted.

    Raises:
        OSError: the file cannot be opened.
        TuiError: its folder cannot be created.
    """
    close_debug_log()
    make_private_directory(path.parent)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, FILE_MODE))
    handler = _DebugHandler(path, encoding="utf-8", errors="backslashreplace")
    handler.setFormatter(_FORMATTER)
    handler.addFilter(SecretFilter(secrets))
    _LOGGER.addHandler(handler)
    _LOGGER.setLevel(logging.DEBUG)


def redact_in_debug_log(*secrets: str) -> None:
    """Redacts these texts in the debug log of this process, if it has one."""
    for handler in _LOGGER.handlers:
        for each in handler.filters:
            if isinstance(each, SecretFilter):
                each.add_secrets(secrets)


def close_debug_log() -> None:
    """Closes the debug log of this process, if it has one."""
    for handler in [each for each in _LOGGER.handlers if isinstance(each, _DebugHandler)]:
        _LOGGER.removeHandler(handler)
        handler.close()
        _LOGGER.setLevel(logging.NOTSET)


class SecretFilter(logging.Filter):
    """Redacts secrets in the message, the traceback and the stack of a record; drops no record."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._redactor = Redactor(secrets)

    def add_secrets(self, secrets: Iterable[str]) -> None:
        """Redacts these texts as well from now on."""
        for secret in secrets:
            self._redactor.add_secret(secret)

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = self._redactor.redact(record.getMessage()), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = _FORMATTER.formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = self._redactor.redact(record.exc_text)
        if record.stack_info:
            record.stack_info = self._redactor.redact(record.stack_info)
        return True


class _DebugHandler(logging.FileHandler):
    """A log file that can become unwritable, as on a full disk; the process continues."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - overrides logging's
        """Drops the record; the default would print a traceback over the dashboard."""

    def close(self) -> None:
        with contextlib.suppress(OSError):
            super().close()
