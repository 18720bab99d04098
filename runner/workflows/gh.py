"""GitHub's command line tool ``gh`` as the source of issues.

``gh issue list`` shows 30 issues unless ``--limit`` says otherwise. It asks for pages of at most
100 and goes on until the limit or the end is reached, so a large limit fetches them all. That
holds for its plain listing only: with ``--search``, ``--label`` or ``--milestone`` it uses
GitHub's search, which never gives more than 1,000. So nothing but ``--state`` is asked for here.
(Source: ``pkg/cmd/issue/list/http.go`` of github.com/cli/cli.)

``gh`` exits with 4 where it needs a login, and with 1 for everything else; what else went wrong
is told apart by what it prints.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from assemblyzero_tui.runner.errors import TuiError
from assemblyzero_tui.runner.workflows.issues import Issue

TIMEOUT = 60.0
"""Seconds after which ``gh`` is given up."""
LIMIT = 1_000_000
"""More issues than any repository has open."""
LOGIN_NEEDED = 4
"""Exit code of ``gh`` where nobody is logged in."""

_WITHOUT_GH = "To work without gh, give a folder of files: --issues-dir DIR"


class _Label(msgspec.Struct):
    name: str = ""


class _Issue(msgspec.Struct):
    number: int
    title: str
    body: str | None = None
    url: str = ""
    state: str = "OPEN"
    labels: list[_Label] = []

    def issue(self) -> Issue:
        return Issue(
            number=self.number,
            title=" ".join(self.title.split()) or f"Issue {self.number}",
            body=(self.body or "").replace("\r\n", "\n"),
            url=self.url,
            labels=[label.name for label in self.labels if label.name],
            open=self.state.upper() == "OPEN",
        )


def list_open_issues(repository: Path, *, timeout: float = TIMEOUT) -> list[Issue]:
    """All open issues, lowest number first, without their text.

    Raises:
        TuiError: ``gh`` is missing, not logged in, hangs, or cannot find the repository.
    """
    output = _run(
        repository,
        ["issue", "list", "--state", "open", "--limit", str(LIMIT), "--json", "number,title,url"],
        timeout,
    )
    found: list[_Issue] = _decode(output, list[_Issue], "gh issue list")
    return sorted((one.issue() for one in found), key=lambda issue: issue.number)


def view_issue(repository: Path, number: int, *, timeout: float = TIMEOUT) -> Issue:
    """One issue with its text, open or closed.

    Raises:
        TuiError: it does not exist or is a pull request; ``gh`` is missing, not logged in, hangs,
            or cannot find the repository.
    """
    fields = "number,title,body,labels,url,state"
    output = _run(repository, ["issue", "view", str(number), "--json", fields], timeout, number)
    found: _Issue = _decode(output, _Issue, f"gh issue view {number}")
    if "/pull/" in found.url:
        raise TuiError(
            f"#{number} in {repository} is a pull request, not an issue.",
            "Give the number of an issue; they are listed by: gh issue list",
        )
    if found.number != number:
        raise TuiError(
            f"gh was asked for issue #{number} and answered with #{found.number}.",
            f"Try it yourself: cd {repository} && gh issue view {number}",
        )
    return found.issue()


def _decode(output: bytes, shape: Any, command: str) -> Any:
    try:
        return msgspec.json.decode(output, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        start = output[:80].decode(errors="replace").strip() or "nothing"
        raise TuiError(
            f"{command} did not answer with the JSON it was asked for ({error}). "
            f"It began with: {start!r}",
            "Check what `gh` is on your PATH, and update it: gh --version",
        ) from error


def _run(repository: Path, arguments: list[str], timeout: float, number: int = 0) -> bytes:
    program = shutil.which("gh")
    if program is None:
        raise TuiError(
            "The program gh (GitHub's command line tool) is not on the PATH.",
            f"Install it from https://cli.github.com and run: gh auth login\n{_WITHOUT_GH}",
        )
    command = f"gh {' '.join(arguments[:3] if number else arguments[:2])}"
    environment = os.environ | {
        "GH_PROMPT_DISABLED": "1", "NO_COLOR": "1", "GH_NO_UPDATE_NOTIFIER": "1",
    }  # fmt: skip
    environment.pop("GH_FORCE_TTY", None)
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(
                [program, *arguments], cwd=repository, env=environment,
                stdin=subprocess.DEVNULL, stdout=output, stderr=errors,
            )  # fmt: skip
        except OSError as error:
            raise TuiError(
                f"Cannot run {program} in {repository}: {error.strerror or error}.",
                f"Check that the folder exists and that gh works there.\n{_WITHOUT_GH}",
            ) from error
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired as error:
            raise TuiError(
                f"{command} in {repository} gave no answer within {timeout:.0f} s.",
                f"Check the network and try it yourself: cd {repository} && {command}",
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
    raise _failure(repository, command, code, said, number)


def _failure(repository: Path, command: str, code: int, said: str, number: int) -> TuiError:
    words = said.lower()
    if number and "could not resolve to an issue" in words:
        return TuiError(
            f"There is no issue #{number} in {repository}.",
            "List the open ones: gh issue list",
        )
    if any(sign in words for sign in ("no git remotes", "git remotes configured")):
        return TuiError(
            f"{repository} has no remote on GitHub, so gh cannot tell whose issues are meant.",
            f"Add one: git remote add origin URL   (see: git remote -v)\n{_WITHOUT_GH}",
        )
    if "not a git repository" in words:
        return TuiError(
            f"{repository} is not a git repository.",
            f"Name the right one with --repo PATH.\n{_WITHOUT_GH}",
        )
    if code == LOGIN_NEEDED or "gh auth login" in words or "http 401" in words:
        return TuiError("gh is not logged in.", f"Run: gh auth login\n{_WITHOUT_GH}")
    if "disabled issues" in words:
        return TuiError(f"The repository of {repository} has issues switched off.", _WITHOUT_GH)
    last = said.splitlines()[-1] if said else "it said nothing"
    return TuiError(
        f"{command} in {repository} failed with exit code {code}: {last}",
        f"Try it yourself: cd {repository} && {command}",
    )
