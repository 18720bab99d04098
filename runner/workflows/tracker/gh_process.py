"""Runs GitHub's command line tool ``gh``, without prompts and with a timeout.

``gh`` exits with 4 if it needs a login, and with 1 for nearly all other errors; those are told
apart by what it prints.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.credentials.api_key_variables import API_KEY_VARIABLES
from assemblyzero_tui.runner.locks.file_locks import shared_with_children

TIMEOUT = 60.0
"""Seconds after which ``gh`` is killed."""
STDERR_LIMIT = 300
"""Characters of ``gh``'s stderr that are shown."""
LOGIN_NEEDED = 4
"""Exit code of ``gh`` without a login."""
_QUIET = {"GH_PROMPT_DISABLED": "1", "NO_COLOR": "1", "GH_NO_UPDATE_NOTIFIER": "1"}


class GhTimeoutError(TuiError):
    """``gh`` was killed because it took too long; it may have done its work all the same."""


def run_gh(
    repository: Path,
    arguments: Sequence[str],
    *,
    timeout: float | None = None,
    otherwise: str = "",
    number: int = 0,
    stdin: bytes = b"",
    trial: str = "",
) -> bytes:
    """Runs ``gh`` and returns its stdout.

    If a worker runs it, ``gh`` holds the worker's lock as well: no other process replaces the
    worker while ``gh`` is alive.

    Args:
        repository: Where it is run.
        arguments: What follows ``gh``.
        timeout: Seconds; ``None`` means `TIMEOUT`.
        otherwise: How to do without ``gh``, for messages.
        number: The issue that is requested, if it is one.
        stdin: What it reads from its standard input.
        trial: The command a user may run to try it, if it is another one.

    Raises:
        TuiError: ``gh`` is missing, not logged in, hangs, or fails.
    """
    seconds = TIMEOUT if timeout is None else timeout
    program = shutil.which("gh")
    if program is None:
        raise TuiError(
            "The program gh (GitHub's command line tool) is not on the PATH.",
            _hint("Install it from https://cli.github.com and run: gh auth login", otherwise),
        )
    command = f"gh {' '.join(arguments[:3] if number else arguments[:2])}"
    tracker = _tracker_in(arguments)
    trial = trial or (f"{command} --repo {tracker}" if tracker else command)
    try:
        code, stdout, stderr = _run(program, repository, arguments, stdin, seconds)
    except OSError as error:
        raise TuiError(
            f"Cannot run {program} in {repository}: {error.strerror or error}.",
            _hint("Check that the folder exists and that gh works there.", otherwise),
        ) from error
    except subprocess.TimeoutExpired as error:
        raise GhTimeoutError(
            f"{command} in {repository} did not answer within {seconds:.0f} s.",
            f"Check the network and try it yourself: cd {repository} && {trial}",
        ) from error
    if code == 0:
        return stdout
    text = stderr.decode(errors="replace").strip()
    raise _failure(repository, tracker, code, text, number, otherwise) or TuiError(
        f"{command} in {repository} failed with exit code {code}: "
        f"{' '.join(text.split())[:STDERR_LIMIT] or 'no message'}",
        f"Try it yourself: cd {repository} && {trial}",
    )


def _run(
    program: str, folder: Path, arguments: Sequence[str], stdin: bytes, seconds: float
) -> tuple[int, bytes, bytes]:
    """Runs ``gh``; returns its exit code, stdout and stderr.

    Raises:
        OSError: it cannot be run.
        subprocess.TimeoutExpired: it took too long and was killed.
    """
    environment = os.environ | _QUIET
    for name in ("GH_FORCE_TTY", *API_KEY_VARIABLES):
        environment.pop(name, None)
    with (
        tempfile.TemporaryFile() as source,
        tempfile.TemporaryFile() as output,
        tempfile.TemporaryFile() as errors,
    ):
        source.write(stdin)
        source.seek(0)
        process = subprocess.Popen(
            [program, *arguments], cwd=folder, env=environment,
            stdin=source if stdin else subprocess.DEVNULL, stdout=output, stderr=errors,
            pass_fds=shared_with_children(),
        )  # fmt: skip
        try:
            code = process.wait(seconds)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        output.seek(0)
        errors.seek(0)
        return code, output.read(), errors.read()


def decode(output: bytes, shape: Any, command: str) -> Any:
    """The JSON that ``gh`` printed.

    Raises:
        TuiError: it is not such JSON.
    """
    try:
        return msgspec.json.decode(output, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise TuiError(
            f"{command} did not print the expected JSON ({error}). "
            f"It began with: {beginning(output)!r}",
            "Check which gh is on your PATH, and update it: gh --version",
        ) from error


def beginning(output: bytes) -> str:
    """The first characters of what was printed, for a message."""
    return output[:80].decode(errors="replace").strip() or "nothing"


def _tracker_in(arguments: Sequence[str]) -> str:
    """The value of ``--repo``, or an empty string."""
    return next((b for a, b in pairwise(arguments) if a == "--repo"), "")


def _failure(
    repository: Path, tracker: str, code: int, stderr: str, number: int, otherwise: str
) -> TuiError | None:
    """An error for a known failure of ``gh``, with what to do about it."""
    words = stderr.lower()
    if number and "could not resolve to an issue" in words:
        return TuiError(
            f"There is no issue #{number} in {tracker or repository}.",
            f"List the open ones: gh issue list --repo {tracker or 'OWNER/NAME'}",
        )
    if any(sign in words for sign in ("no git remotes", "git remotes configured")):
        return TuiError(
            f"{repository} has no remote on GitHub, so gh cannot tell which issues to use.",
            _hint("Add one: git remote add origin URL   (see: git remote -v)", otherwise),
        )
    if "not a git repository" in words:
        return TuiError(
            f"{repository} is not a git repository.",
            _hint("Specify the right one with --repo PATH.", otherwise),
        )
    if code == LOGIN_NEEDED or "gh auth login" in words or "http 401" in words:
        return TuiError("gh is not logged in.", _hint("Run: gh auth login", otherwise))
    if "disabled issues" in words:
        return TuiError(f"{tracker or repository} has issues disabled.", otherwise)
    return None


def _hint(step: str, otherwise: str) -> str:
    return f"{step}\n{otherwise}" if otherwise else step
