"""The checks of ``assemblyzero-tui doctor``."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import click
import msgspec

from assemblyzero_tui.app.launch.terminal_size import terminal_size
from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.credentials.api_key_variables import environment_without_api_keys

NEEDED = (
    "textual", "rich", "click", "msgspec", "langgraph", "langgraph-checkpoint-sqlite",
)  # fmt: skip
"""Packages that every run needs."""
OLDEST_PYTHON = (3, 11)
SMALLEST = (60, 15)
"""Columns and lines of the smallest terminal with a full dashboard."""
PATIENCE = 60.0
"""Seconds another program may take to answer."""

_FORKSERVER = """
import multiprocessing, os
context = multiprocessing.get_context("forkserver")
context.set_forkserver_preload(["langgraph.graph", "langgraph.checkpoint.sqlite"])
process = context.Process(target=os.getpid)
process.start()
process.join(40)
raise SystemExit(process.exitcode is None or process.exitcode)
"""


_CREDENTIALS = "keys"
"""The name of the check of the credentials in JSON; people read :attr:`Check.label`."""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one check."""

    name: str
    """The name in JSON."""
    verdict: Literal["ok", "warning", "broken"]
    found: str
    mend: str = ""
    """The command or the step that fixes it."""

    @property
    def label(self) -> str:
        """The name for people."""
        return "credentials" if self.name == _CREDENTIALS else self.name


def all_checks(context: click.Context | None = None) -> Iterator[Check]:
    """Runs every check in turn; ``context`` is the command's, for the configuration."""
    checks: list[Callable[[], Check]] = [
        _python, _packages, _forkserver, _terminal, _encoding, _git, _gh, _tracker,
        _state_folder, _runtime_folder, _gemini, _credentials,
    ]  # fmt: skip
    for check in checks:
        yield check()
    if context is not None and context.parent is not None:
        yield _configuration(context.parent)


def _ok(name: str, found: str) -> Check:
    return Check(name=name, verdict="ok", found=found)


def _python() -> Check:
    found = f"{platform.python_version()} ({sys.executable})"
    if sys.version_info >= OLDEST_PYTHON:
        return _ok("python", found)
    return Check(
        name="python", verdict="broken", found=found,
        mend="Install Python 3.11 or newer, and assemblyzero-tui with it.",
    )  # fmt: skip


def _packages() -> Check:
    from importlib import metadata

    found, missing = [], []
    for package in NEEDED:
        try:
            found.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            missing.append(package)
    if not missing:
        return _ok("packages", ", ".join(found))
    return Check(
        name="packages", verdict="broken", found=f"missing: {', '.join(missing)}",
        mend=f"Run: {sys.executable} -m pip install --force-reinstall assemblyzero-tui",
    )  # fmt: skip


def _forkserver() -> Check:
    try:
        done = subprocess.run(
            [sys.executable, "-c", _FORKSERVER], stdin=subprocess.DEVNULL, capture_output=True,
            timeout=PATIENCE, check=False, env=environment_without_api_keys(),
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        output = str(error)
    else:
        if done.returncode == 0:
            return _ok("workers", "worker processes can be started (forkserver)")
        output = (done.stderr.decode(errors="replace").strip().splitlines() or ["no message"])[-1]
    return Check(
        name="workers", verdict="broken", found=f"cannot start a worker process: {output}",
        mend="Check the process limit (ulimit -u), free space in the temporary folder, and memory.",
    )  # fmt: skip


def _terminal() -> Check:
    from assemblyzero_tui.app.cli.output_mode import why_no_dashboard

    if (why := why_no_dashboard()) is not None:
        return Check(
            name="terminal", verdict="warning", found=f"no dashboard here: {why}",
            mend="Use --plain, or a terminal with TERM set, for example: TERM=xterm-256color",
        )  # fmt: skip
    columns, lines = terminal_size()
    found = f"TERM={os.environ['TERM']}, {_colours()} colours, {columns}x{lines}"
    if columns < SMALLEST[0] or lines < SMALLEST[1]:
        return Check(
            name="terminal", verdict="warning", found=found,
            mend=f"Enlarge the window to {SMALLEST[0]}x{SMALLEST[1]} or more, or use --plain.",
        )  # fmt: skip
    return _ok("terminal", found)


def _colours() -> str:
    if "NO_COLOR" in os.environ:
        return "no (NO_COLOR)"
    if os.environ.get("COLORTERM") in ("truecolor", "24bit"):
        return "16 million"
    import curses

    try:
        curses.setupterm()
        return str(max(0, curses.tigetnum("colors")))
    except curses.error:
        return "an unknown number of"


def _encoding() -> Check:
    import locale

    encoding = locale.getencoding()
    if encoding.replace("-", "").lower() == "utf8":
        return _ok("encoding", encoding)
    return Check(
        name="encoding", verdict="warning", found=f"{encoding}, not UTF-8",
        mend="Run: export LC_ALL=C.UTF-8   (or use --ascii)",
    )  # fmt: skip


def _run(*command: str, whole: bool = False) -> tuple[int, str]:
    """The exit code of a program and its first line of output, or the error if it cannot run.

    With ``whole``, its whole output.
    """
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, check=False,
            env=environment_without_api_keys(),
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        return 1, str(error)
    output = (done.stdout + b"\n" + done.stderr).decode(errors="replace").strip()
    return done.returncode, output if whole else output.partition("\n")[0]


def _git() -> Check:
    if shutil.which("git") is None:
        return Check(
            name="git", verdict="broken", found="not on the PATH",
            mend="Install git: https://git-scm.com/downloads",
        )  # fmt: skip
    code, output = _run("git", "--version")
    if code == 0:
        return _ok("git", output)
    return Check(name="git", verdict="broken", found=output, mend="Reinstall git.")


_WITHOUT_GH = "Without gh, use issues from files: --issues-dir DIR"


def _gh() -> Check:
    from assemblyzero_tui.runner.workflows.tracker.gh_version import (
        OLDEST,
        OLDEST_TO_FILE,
        is_too_old,
        needed,
    )

    if shutil.which("gh") is None:
        return Check(
            name="gh", verdict="warning", found="not on the PATH",
            mend=f"Install it: https://cli.github.com   {_WITHOUT_GH}",
        )  # fmt: skip
    version = _run("gh", "--version")[1]
    if is_too_old(version, OLDEST_TO_FILE):
        what = "it cannot be used" if is_too_old(version, OLDEST) else "issues cannot be filed"
        return Check(
            name="gh", verdict="warning", found=f"{version}: too old, {what}",
            mend=f"{needed(OLDEST_TO_FILE)}   {_WITHOUT_GH}",
        )  # fmt: skip
    return _gh_login(version)


def _gh_login(version: str) -> Check:
    """Whether ``gh`` can use GitHub, and if not, why."""
    from assemblyzero_tui.runner.workflows.tracker.gh_failures import (
        away_by_status,
        default_host,
        replace_token,
        token_variable,
    )

    code, output = _run("gh", "auth", "status", whole=True)
    if code == 0:
        return _ok("gh", f"{version}, logged in")
    variable = token_variable(default_host())
    if away_by_status(output):
        found = f"{version}: GitHub cannot be reached"
        mend = "Check your network and https://githubstatus.com"
    elif variable:
        found = f"the token in {variable} is refused"
        mend = replace_token(variable)
    else:
        first, _, _ = output.partition("\n")
        found, mend = f"not logged in: {first}", "Run: gh auth login"
    return Check(name="gh", verdict="warning", found=found, mend=f"{mend}   {_WITHOUT_GH}")


def _tracker() -> Check:
    from assemblyzero_tui.app.cli.repository import find_repository
    from assemblyzero_tui.runner.workflows.tracker.tracker_name import find_tracker

    try:
        repository = find_repository(Path.cwd())
    except (TuiError, OSError):
        return _ok("issues", "not checked: this is not a git repository")
    try:
        tracker = find_tracker(repository)
    except TuiError as error:
        return Check(name="issues", verdict="warning", found=error.what, mend=error.hint)
    if tracker.notes:
        return Check(
            name="issues", verdict="warning", found=tracker.name,
            mend=" ".join(tracker.notes),
        )  # fmt: skip
    return _ok("issues", tracker.name)


def _state_folder() -> Check:
    from assemblyzero_tui.runner.base.paths import make_private_directory, state_home

    home = state_home()
    try:
        make_private_directory(home)
        with tempfile.TemporaryFile(dir=home) as file:
            file.write(b"x" * 4096)
    except TuiError as error:
        return Check(name="state folder", verdict="broken", found=error.what, mend=error.hint)
    except OSError as error:
        return Check(
            name="state folder", verdict="broken", found=f"{home}: {error.strerror or error}",
            mend="Make it writable, or set ASSEMBLYZERO_HOME to a writable folder.",
        )  # fmt: skip
    free = shutil.disk_usage(home).free
    found = f"{home}, {free / 1e9:.1f} GB free"
    if free < 100_000_000:
        return Check(
            name="state folder", verdict="warning", found=found,
            mend="Free disk space, or set ASSEMBLYZERO_HOME to a folder with more space.",
        )  # fmt: skip
    return _ok("state folder", found)


def _runtime_folder() -> Check:
    from assemblyzero_tui.runner.base.paths import runtime_directory

    try:
        return _ok("sockets", str(runtime_directory()))
    except TuiError as error:
        return Check(name="sockets", verdict="broken", found=error.what, mend=error.hint)


def _gemini() -> Check:
    """Imports the package in a separate process: it is slow, and prints warnings."""
    from importlib import metadata

    from assemblyzero_tui.runner.model.provider_catalog import DEFAULT_PROVIDER, PROVIDERS

    provider = PROVIDERS[DEFAULT_PROVIDER]
    package = provider.distribution
    try:
        version = metadata.version(package)
    except metadata.PackageNotFoundError:
        version = "not installed"
    code, output = _run(sys.executable, "-c", f"import {provider.module}")
    if code == 0:
        return _ok(provider.name, f"{package} {version} can be imported")
    return Check(
        name=provider.name, verdict="warning",
        found=f"{package} {version} cannot be imported: {output}",
        mend=f"Run: {sys.executable} -m pip install --force-reinstall {package}",
    )  # fmt: skip


def _credentials() -> Check:
    from assemblyzero_tui.runner.credentials.sources import find

    try:
        found = find()
    except TuiError as error:
        return Check(
            name=_CREDENTIALS,
            verdict="warning",
            found=error.what,
            mend=error.hint.replace("\n", "  "),
        )
    parts = [", ".join(f"{c.name} ({c.secret.fingerprint})" for c in found.credentials)]
    parts += [f"disabled: {', '.join(found.disabled)}"] if found.disabled else []
    return _ok(_CREDENTIALS, "; ".join([f"{parts[0]} in {found.source}", *parts[1:], *found.notes]))


def _configuration(group: click.Context) -> Check:
    from assemblyzero_tui.app.cli.configuration import configuration_file, read_configuration

    try:
        tables = read_configuration(group)
    except TuiError as error:
        return Check(name="configuration", verdict="broken", found=error.what, mend=error.hint)
    path = configuration_file()
    if not path.exists():
        return _ok("configuration", f"none ({path})")
    return _ok("configuration", f"{path}: {', '.join(tables) or 'empty'}")
