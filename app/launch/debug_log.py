"""The debug log of a command, with ``--debug``."""

from __future__ import annotations

import logging
import os

import click

from assemblyzero_tui.runner.base.paths import RunFolder
from assemblyzero_tui.runner.logs.debug_log import (
    close_debug_log,
    debug_log_file,
    debug_wanted,
    open_debug_log,
)

_log = logging.getLogger(__name__)


def start_debug_log(folder: RunFolder) -> None:
    """Starts the debug log of this command if ``--debug`` was given.

    The command's last line on stderr shows its path.

    Raises:
        OSError, TuiError: the log cannot be written.
    """
    if not debug_wanted():
        return
    path = debug_log_file(folder, f"command-{os.getpid()}")
    open_debug_log(path)
    context = click.get_current_context(silent=True)
    if context is not None:
        context.find_root().call_on_close(lambda: _end(folder))
        _log.debug("%s begins for %s", context.command_path, folder.path.name)


def _end(folder: RunFolder) -> None:
    close_debug_log()
    try:
        click.echo(f"Debug logs: {folder.debug}", err=True)
    except OSError:
        return  # the terminal has gone
