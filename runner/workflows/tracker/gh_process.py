"""Running GitHub's command line tool ``gh``: never with a prompt, never without an end.

``gh`` exits with 4 where it needs a login, and with 1 for nearly everything else; what else went
wrong is told apart by what it prints.
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
"""Seconds after which ``gh`` is given up."""
SAID_LIMIT = 300
"""Characters of what ``gh`` said that are shown."""
LOGIN_NEEDED = 4
"""Exit code of ``gh`` where nobody is logged in."""
_QUIET = {"GH_PROMPT_DISABLED": "1", "NO_COLOR": "1", "GH_NO_UPDATE_NOTIFIER": "1"}


class GhTimeoutError(TuiError):
    """``gh`` was ended because it took too long; what it was asked for may have been done."""


def run_gh(
    repository: Path,
    arguments: Sequence[str],
    *,
    timeout: float | None = None,
    otherwise: str = "",
    number: int = 0,
    given: bytes = b"",
    trial: str = "",
) -> bytes:
    """What ``gh`` prints.

    Where a worker runs it, ``gh`` holds the worker's lock as well: as long as it lives, no other
    process takes the worker's place.

    Args:
        repository: Where it is run.
        arguments: What follows ``gh``.
        timeout: Seconds; ``None`` means `TIMEOUT`.
        otherwise: How to do without ``gh``, for messages.
        number: Of the issue that is asked for, if it is one.
        given: What it reads from its standard input.
        trial: What a user may run to see whether it works, where that is another command.

    Raises:
        TuiError: it is missing, not logged in, hangs, or fails.
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
    environment = os.environ | _QUIET
    for name in ("GH_FORCE_TTY", *API_KEY_VARIABLES):
        environment.pop(name, None)
    with (
        tempfile.TemporaryFile() as source,
        tempfile.TemporaryFile() as output,
        tempfile.TemporaryFile() as errors,
    ):
        source.write(given)
        source.seek(0)
        try:
            process = subprocess.Popen(
                [program, *arguments], cwd=repository, env=environment,
                stdin=source if given else subprocess.DEVNULL, stdout=output, stderr=errors,
                pass_fds=shared_with_children(),
            )  # fmt: skip
        except OSError as error:
            raise TuiError(
                f"Cannot run {program} in {repository}: {error.strerror or error}.",
                _hint("Check that the folder exists and that gh works there.", otherwise),
            ) from error
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired as error:
            raise GhTimeoutError(
                f"{command} in {repository} gave no answer within {seconds:.0f} s.",
                f"Check the network and try it yourself: cd {repository} && {trial}",
            ) from error
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        output.seek(0)
        errors.seek(0)
        if code == 0:
            return output.read()
        said = errors.read().decode(errors="replace").strip()
    failure = _failure(repository, tracker, code, said, number, otherwise)
    raise failure or TuiError(
        f"{command} in {repository} failed with exit code {code}: "
        f"{' '.join(said.split())[:SAID_LIMIT] or 'it said nothing'}",
        f"Try it yourself: cd {repository} && {trial}",
    )


def decode(output: bytes, shape: Any, command: str) -> Any:
    """The JSON that ``gh`` printed.

    Raises:
        TuiError: it is something else.
    """
    try:
        return msgspec.json.decode(output, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise TuiError(
            f"{command} did not answer with the JSON it was asked for ({error}). "
            f"It began with: {beginning(output)!r}",
            "Check what `gh` is on your PATH, and update it: gh --version",
        ) from error


def beginning(output: bytes) -> str:
    """The first characters of what was printed, for a message."""
    return output[:80].decode(errors="replace").strip() or "nothing"


def _tracker_in(arguments: Sequence[str]) -> str:
    """Whose issues were asked for; empty where that was not said."""
    return next((b for a, b in pairwise(arguments) if a == "--repo"), "")


def _failure(
    repository: Path, tracker: str, code: int, said: str, number: int, otherwise: str
) -> TuiError | None:
    """The known reasons for which ``gh`` fails, and what to do about each."""
    words = said.lower()
    if number and "could not resolve to an issue" in words:
        return TuiError(
            f"There is no issue #{number} in {tracker or repository}.",
            f"List the open ones: gh issue list --repo {tracker or 'OWNER/NAME'}",
        )
    if any(sign in words for sign in ("no git remotes", "git remotes configured")):
        return TuiError(
            f"{repository} has no remote on GitHub, so gh cannot tell whose issues are meant.",
            _hint("Add one: git remote add origin URL   (see: git remote -v)", otherwise),
        )
    if "not a git repository" in words:
        return TuiError(
            f"{repository} is not a git repository.",
            _hint("Name the right one with --repo PATH.", otherwise),
        )
    if code == LOGIN_NEEDED or "gh auth login" in words or "http 401" in words:
        return TuiError("gh is not logged in.", _hint("Run: gh auth login", otherwise))
    if "disabled issues" in words:
        return TuiError(f"{tracker or repository} has issues switched off.", otherwise)
    return None


def _hint(step: str, otherwise: str) -> str:
    return f"{step}\n{otherwise}" if otherwise else step
