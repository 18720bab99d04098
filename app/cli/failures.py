"""Turns every error of a command into a short message on stderr and an exit code."""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial

import click

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.base.exit_codes import ExitCode


def guarded(main: Callable[[], object], arguments: Sequence[str] = ()) -> int:
    """Runs a command line and turns any exception into a message and an exit code.

    No message repeats what may be an API key.

    Args:
        main: Runs it, as click does without its standalone mode; its result is the exit code.
        arguments: The words of the command line.
    """
    clean = partial(_without_secrets, arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        result = main()
        sys.stdout.flush()
        return result if isinstance(result, int) else ExitCode.OK
    except TuiError as error:
        print_error(clean(error.what), clean(error.hint))
        return error.exit_code
    except click.ClickException as error:
        shown = io.StringIO()
        error.show(shown)
        click.echo(clean(shown.getvalue()), nl=False, err=True)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        print_error("Interrupted.")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        mute_stdout()
        return ExitCode.PIPE_CLOSED
    except Exception as error:
        if isinstance(error, OSError) and (explained := _explain(error)) is not None:
            print_error(clean(explained.what), clean(explained.hint))
            return explained.exit_code
        print_error(*_unexpected(error, arguments, clean))
        return ExitCode.FAILED


def _without_secrets(arguments: Sequence[str], text: str) -> str:
    from assemblyzero_tui.app.cli.typed_keys import possible_secrets
    from assemblyzero_tui.runner.logs.redaction import Redactor

    return Redactor(possible_secrets(arguments, os.environ)).redact(text)


def print_error(what: str, hint: str = "") -> None:
    """Writes an error to stderr; ignores that the terminal may be gone."""
    try:
        click.secho("Error: ", fg="red", nl=False, err=True)
        click.echo(what, err=True)
        if hint:
            click.echo(hint, err=True)
    except OSError:
        return


def mute_stdout() -> None:
    """Redirects stdout to the null device, so that flushing it at exit raises nothing."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)


def _explain(error: OSError) -> TuiError | None:
    from assemblyzero_tui.runner.base.system_errors import explain_os_error

    return explain_os_error(error)


def _unexpected(
    error: Exception, arguments: Sequence[str], clean: Callable[[str], str]
) -> tuple[str, str]:
    """The message and the hint for an unexpected error; its traceback goes into a file."""
    import traceback

    from assemblyzero_tui.runner.base.paths import make_private_directory, state_home

    text = clean("".join(traceback.format_exception(error)))
    what = clean(f"Unexpected error: {type(error).__name__}: {error}")
    try:
        folder = make_private_directory(state_home() / "crashes")
        path = folder / time.strftime(f"%Y%m%d-%H%M%S-{os.getpid()}.txt")
        with path.open("x") as file:
            file.write(f"assemblyzero-tui {clean(' '.join(arguments))}\n\n{text}")
    except (OSError, TuiError):
        return what, text.rstrip()
    return what, f"Details are in {path}. Live runs are not affected."
