"""Runs GitHub's command line tool ``gh``: without prompts, with a timeout, again if it may help.

A transient failure (see `~assemblyzero_tui.runner.workflows.tracker.gh_failures.Cause`) is retried
for a minute. With a used-up rate limit the call is repeated when the limit is renewed, if that is
within the minute. Longer waits are up to the caller.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.credentials.api_key_variables import environment_without_api_keys
from assemblyzero_tui.runner.locks.file_locks import shared_with_children
from assemblyzero_tui.runner.workflows.tracker.gh_failures import (
    LOGIN_NEEDED,
    Cause,
    GhTimeoutError,
    GhTransientError,
    cause_of,
    failure,
    hint,
    shown,
    uncoloured,
    without_tokens,
)

TIMEOUT = 60.0
"""Seconds after which ``gh`` is killed."""
RATE_WINDOW = 3600.0
"""Seconds after which the calls of an hour are renewed at the latest."""
_SET = {
    "GH_PROMPT_DISABLED": "1", "NO_COLOR": "1", "GH_NO_UPDATE_NOTIFIER": "1",
    "CLICOLOR_FORCE": "0",  # outranks NO_COLOR, even for JSON: github.com/max-sixty/tend/pull/220
}  # fmt: skip
_UNSET = ("GH_FORCE_TTY", "GH_DEBUG", "DEBUG")
"""Variables that change what ``gh`` prints, or are not for it."""


def _print(text: str) -> None:
    print(f"Note: {text}", file=sys.stderr, flush=True)


@dataclass(slots=True)
class Waiting:
    """How long transient failures are retried; each process has one."""

    patience: float = 60.0
    """Seconds from the first failure to the last attempt."""
    delays: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0, 15.0)
    """Seconds before each attempt; the last one is repeated."""
    secondary: float = 60.0
    """Seconds before an attempt after GitHub's secondary rate limit: at least a minute, according
    to its documentation (docs.github.com, "Best practices for using the REST API")."""
    notify: Callable[[str], None] = field(default=_print)
    """Called with the reason for a wait, whenever it changes."""
    sleep: Callable[[float], None] = time.sleep

    def spell(self, error: GhTransientError, tries: int) -> float:
        """Seconds to wait after this number of failures."""
        if error.until:
            return max(1.0, error.until - time.time())
        if error.cause is Cause.SECONDARY:
            return self.secondary
        return self.delays[min(tries, len(self.delays)) - 1]


WAITING = Waiting()


def run_gh(
    repository: Path,
    arguments: Sequence[str],
    *,
    timeout: float | None = None,
    alternative: str = "",
    number: int = 0,
    stdin: bytes = b"",
    manual_command: str = "",
    retry: bool = True,
) -> bytes:
    """Runs ``gh`` and returns its stdout, without colours.

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
        retry: Whether the call is repeated after transient failures.

    Raises:
        GhTransientError: a transient failure lasted longer than a minute.
        TuiError: ``gh`` is missing, not logged in, or fails.
    """
    call = _Call(
        repository, arguments, TIMEOUT if timeout is None else timeout, alternative, number, stdin,
        manual_command,
    )  # fmt: skip
    return call.run_patiently() if retry else call.run()


@dataclass(frozen=True, slots=True)
class _Call:
    """One call of ``gh``, which can be repeated."""

    repository: Path
    arguments: Sequence[str]
    seconds: float
    alternative: str
    number: int
    stdin: bytes
    manual_command: str

    @property
    def command(self) -> str:
        """For messages."""
        return f"gh {' '.join(self.arguments[: 3 if self.number else 2])}"

    @property
    def tracker(self) -> str:
        """The value of ``--repo``, or an empty string."""
        return next((b for a, b in pairwise(self.arguments) if a == "--repo"), "")

    @property
    def try_it(self) -> str:
        """The command that the user can run to see the failure."""
        repo = f" --repo {self.tracker}" if self.tracker else ""
        return f"cd {self.repository} && {self.manual_command or self.command + repo}"

    def run_patiently(self) -> bytes:
        """Runs it, and retries transient failures for a minute."""
        waited, tries, reported = 0.0, 0, ""
        while True:
            try:
                return self.run()
            except GhTimeoutError:
                raise
            except GhTransientError as error:
                tries += 1
                spell = WAITING.spell(error, tries)
                if waited + spell > WAITING.patience:
                    raise
                if error.what != reported:
                    WAITING.notify(f"{error.what} Trying again for a minute")
                    reported = error.what
                WAITING.sleep(spell)
                waited += spell

    def run(self) -> bytes:
        """Runs it once."""
        program = shutil.which("gh")
        if program is None:
            raise TuiError(
                "The program gh (GitHub's command line tool) is not on the PATH.",
                hint(
                    "Install it from https://cli.github.com and run: gh auth login",
                    self.alternative,
                ),
            )
        try:
            code, stdout, stderr = _run(
                program, self.repository, self.arguments, self.stdin, self.seconds
            )
        except OSError as error:
            raise TuiError(
                f"Cannot run {program} in {self.repository}: {error.strerror or error}.",
                hint("Check that the folder exists and that gh works there.", self.alternative),
            ) from error
        except subprocess.TimeoutExpired as error:
            raise GhTimeoutError(
                f"{self.command} in {self.repository} did not answer within {self.seconds:.0f} s.",
                f"Check the network and try it yourself: {self.try_it}",
            ) from error
        if code == 0:
            return uncoloured(stdout)
        raise self._failure(code, uncoloured(stderr).decode(errors="replace").strip())

    def _failure(self, code: int, stderr: str) -> TuiError:
        words = stderr.lower()
        cause = None if code == LOGIN_NEEDED else cause_of(words)
        if cause is None:
            known = failure(
                self.repository, self.tracker, code, without_tokens(stderr), self.number,
                self.alternative,
            )  # fmt: skip
            what = f"{self.command} in {self.repository} failed with exit code {code}: "
            return known or TuiError(what + shown(stderr), f"Try it yourself: {self.try_it}")
        if cause is Cause.NETWORK:
            return GhTransientError(
                f"{self.command} failed: {cause.value}: {shown(stderr).rstrip('.')}.",
                f"Check your network and https://githubstatus.com. Try it yourself: {self.try_it}",
            )
        until = self._renewed() if cause is Cause.RATE else 0.0
        when = f" until {time.strftime('%H:%M', time.localtime(until))}" if until else ""
        return GhTransientError(
            f"{cause.value}{when}: {shown(stderr).rstrip('.')}.",
            "Run the same command again later; nothing is lost.",
            until,
            cause,
        )

    def _renewed(self) -> float:
        """When GitHub renews the rate limit; this question does not count against it."""
        host = self.tracker.partition("/")[0]
        where = ["--hostname", host] if host and host != "github.com" else []
        program = shutil.which("gh")
        try:
            assert program is not None
            arguments = ["api", "rate_limit", *where]
            _, stdout, _ = _run(program, self.repository, arguments, b"", self.seconds)
            said = msgspec.json.decode(uncoloured(stdout), type=_RateLimits)
        except (OSError, subprocess.TimeoutExpired, msgspec.DecodeError, UnicodeDecodeError):
            return time.time() + RATE_WINDOW / 4
        used_up = [r.reset for r in said.resources.values() if r.remaining <= 0]
        soonest = min(max(used_up, default=0.0), time.time() + RATE_WINDOW)
        return max(soonest, time.time()) + 5.0


class _Resource(msgspec.Struct):
    remaining: int = 1
    reset: float = 0.0


class _RateLimits(msgspec.Struct):
    """The answer of ``GET /rate_limit``: the rest of each quota and when it is renewed."""

    resources: dict[str, _Resource] = {}


def _run(
    program: str, folder: Path, arguments: Sequence[str], stdin: bytes, timeout: float
) -> tuple[int, bytes, bytes]:
    """Runs ``gh``; returns its exit code, stdout and stderr.

    Raises:
        OSError: it cannot be run.
        subprocess.TimeoutExpired: it took too long and was killed.
    """
    environment = environment_without_api_keys() | _SET
    for name in _UNSET:
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
