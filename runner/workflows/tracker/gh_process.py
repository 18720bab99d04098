"""Runs GitHub's command line tool ``gh``, without prompts and with a timeout.

``gh`` exits with 4 if it needs a login, and with 1 for nearly all other errors, which are
distinguished by what it prints.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.credentials.api_key_variables import environment_without_api_keys
from assemblyzero_tui.runner.locks.file_locks import shared_with_children

TIMEOUT = 60.0
"""Seconds after which ``gh`` is killed."""
STDERR_LIMIT = 300
"""Characters of ``gh``'s stderr that are shown."""
LOGIN_NEEDED = 4
"""Exit code of ``gh`` without a login."""
_QUIET = {"GH_PROMPT_DISABLED": "1", "NO_COLOR": "1", "GH_NO_UPDATE_NOTIFIER": "1"}


class GhTimeoutError(TuiError):
    """``gh`` was killed because it took too long; it may have done its work nevertheless."""


class _Call(NamedTuple):
    """One call of ``gh``, as messages describe it."""

    repository: Path
    command: str
    """The command without its options: ``gh issue list``."""
    manual_command: str
    """The command that the user can run to see the failure."""
    tracker: str
    """The value of ``--repo``, or an empty string."""
    number: int
    """The requested issue; 0 if the call is not about one."""
    alternative: str
    """How to proceed without ``gh``."""


def run_gh(
    repository: Path,
    arguments: Sequence[str],
    *,
    timeout: float | None = None,
    alternative: str = "",
    number: int = 0,
    stdin: bytes = b"",
    manual_command: str = "",
) -> bytes:
    """Runs ``gh`` and returns its stdout.

    If a worker runs it, ``gh`` holds the worker's lock as well: no other process replaces the
    worker while ``gh`` is alive.

    Args:
        repository: The folder in which it runs.
        arguments: The arguments of ``gh``.
        timeout: Seconds; ``None`` means `TIMEOUT`.
        alternative: How to proceed without ``gh``, for hints.
        number: The requested issue, if the call is about one.
        stdin: The bytes of its standard input.
        manual_command: The command that hints suggest, if it is a different one.

    Raises:
        TuiError: ``gh`` is missing, not logged in, hangs, or fails.
    """
    program = shutil.which("gh")
    if program is None:
        raise TuiError(
            "The program gh (GitHub's command line tool) is not on the PATH.",
            _hint("Install it from https://cli.github.com and run: gh auth login", alternative),
        )
    command = f"gh {' '.join(arguments[:3] if number else arguments[:2])}"
    tracker = _tracker_in(arguments)
    manual_command = manual_command or (f"{command} --repo {tracker}" if tracker else command)
    call = _Call(repository, command, manual_command, tracker, number, alternative)
    code, stdout, stderr = _run(
        program, call, arguments, stdin, TIMEOUT if timeout is None else timeout
    )
    if code == 0:
        return stdout
    raise _failure(call, code, stderr.decode(errors="replace").strip())


def _run(
    program: str, call: _Call, arguments: Sequence[str], stdin: bytes, timeout: float
) -> tuple[int, bytes, bytes]:
    """Runs ``gh``; returns its exit code, stdout and stderr.

    Raises:
        TuiError: it cannot be run, or took too long and was killed.
    """
    folder = call.repository
    try:
        return _run_process(program, folder, arguments, stdin, timeout)
    except OSError as error:
        raise TuiError(
            f"Cannot run {program} in {folder}: {error.strerror or error}.",
            _hint("Check that the folder exists and that gh works there.", call.alternative),
        ) from error
    except subprocess.TimeoutExpired as error:
        raise GhTimeoutError(
            f"{call.command} in {folder} did not answer within {timeout:.0f} s.",
            f"Check the network and try it yourself: cd {folder} && {call.manual_command}",
        ) from error


def _run_process(
    program: str, folder: Path, arguments: Sequence[str], stdin: bytes, timeout: float
) -> tuple[int, bytes, bytes]:
    """Runs ``gh``; returns its exit code, stdout and stderr.

    Raises:
        OSError: it cannot be run.
        subprocess.TimeoutExpired: it took too long and was killed.
    """
    environment = environment_without_api_keys() | _QUIET
    environment.pop("GH_FORCE_TTY", None)
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
            code = process.wait(timeout)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        output.seek(0)
        errors.seek(0)
        return code, output.read(), errors.read()


def decode(output: bytes, shape: Any, command: str) -> Any:
    """Decodes the JSON that ``gh`` printed.

    Raises:
        TuiError: it is not JSON of this shape.
    """
    try:
        return msgspec.json.decode(output, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise TuiError(
            f"{command} did not print the expected JSON ({error}). "
            f"It began with: {excerpt(output)!r}",
            "Check which gh is on your PATH, and update it: gh --version",
        ) from error


def excerpt(output: bytes) -> str:
    """The first characters of an output, for a message."""
    return output[:80].decode(errors="replace").strip() or "nothing"


def _tracker_in(arguments: Sequence[str]) -> str:
    """The value of ``--repo``, or an empty string."""
    return next((b for a, b in pairwise(arguments) if a == "--repo"), "")


def _failure(call: _Call, code: int, stderr: str) -> TuiError:
    """The error for a failure of ``gh``, with a hint for the known ones."""
    repository, tracker, words = call.repository, call.tracker, stderr.lower()
    if call.number and "could not resolve to an issue" in words:
        return TuiError(
            f"There is no issue #{call.number} in {tracker or repository}.",
            f"List the open ones: gh issue list --repo {tracker or 'OWNER/NAME'}",
        )
    if any(sign in words for sign in ("no git remotes", "git remotes configured")):
        return TuiError(
            f"{repository} has no remote on GitHub, so gh cannot tell which issues to use.",
            _hint("Add one: git remote add origin URL   (see: git remote -v)", call.alternative),
        )
    if "not a git repository" in words:
        return TuiError(
            f"{repository} is not a git repository.",
            _hint("Specify the right one with --repo PATH.", call.alternative),
        )
    if code == LOGIN_NEEDED or "gh auth login" in words or "http 401" in words:
        return TuiError("gh is not logged in.", _hint("Run: gh auth login", call.alternative))
    if "disabled issues" in words:
        return TuiError(f"{tracker or repository} has issues disabled.", call.alternative)
    return TuiError(
        f"{call.command} in {repository} failed with exit code {code}: "
        f"{' '.join(stderr.split())[:STDERR_LIMIT] or 'no message'}",
        f"Try it yourself: cd {repository} && {call.manual_command}",
    )


def _hint(step: str, alternative: str) -> str:
    return f"{step}\n{alternative}" if alternative else step
