"""The command line as its users have it: a process, a repository, a tracker."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assemblyzero_tui.runner.runs.runs import ReadableRun, readable_runs
from tests import stand_ins
from tests.gemini_server import GeminiServer, Project
from tests.integration.cli.canaries import CANARIES

DEADLINE = 90.0
"""Seconds a command may take on a slow machine."""


class Program:
    """Runs ``assemblyzero-tui`` in a repository, as a process of its own."""

    def __init__(self, repository: Path, environment: dict[str, str]) -> None:
        self.repository = repository
        self.environment = environment
        self.prefix: tuple[str, ...] = ()
        """What to put before the command, such as ``setpriv``."""
        self.started: list[subprocess.Popen[bytes]] = []

    def command(self, *arguments: str) -> list[str]:
        """The whole command line."""
        return [*self.prefix, sys.executable, "-m", "assemblyzero_tui.app", *arguments]

    def __call__(
        self, *arguments: str, typed: str = "", patience: float = DEADLINE, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Runs it to its end, with a text on its standard input."""
        return subprocess.run(
            self.command(*arguments),
            cwd=self.repository,
            env=os.environ | self.environment | environment,
            input=typed,
            capture_output=True,
            text=True,
            timeout=patience,
        )

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        """Starts it and returns at once; stdout and stderr are pipes."""
        process = subprocess.Popen(
            self.command(*arguments),
            cwd=self.repository,
            env=os.environ | self.environment | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.started.append(process)
        return process

    def the_run(self) -> ReadableRun:
        """The only run there is."""
        (run,) = readable_runs()
        return run


def make_repository(path: Path) -> Path:
    """An empty git repository."""
    subprocess.run(["git", "init", "--quiet", str(path)], check=True)
    return path.resolve()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """An empty git repository."""
    return make_repository(tmp_path / "repository")


@pytest.fixture
def program(repository: Path, tmp_path: Path) -> Iterator[Program]:
    """The program, with a stand-in for gh that has no issues yet."""
    issues = tmp_path / "issues"
    issues.mkdir()
    program = Program(
        repository,
        {"PATH": stand_ins.install(tmp_path / "bin"), "GH_STAND_IN_DIR": str(issues)},
    )
    yield program
    for process in program.started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def issues(tmp_path: Path) -> Callable[..., list[int]]:
    """Makes issues on the tracker: ``issues(12)``."""

    def make(count: int, *, first: int = 1) -> list[int]:
        return stand_ins.make_issues(tmp_path / "issues", count, first=first)

    return make


@pytest.fixture
def path_with_only(tmp_path: Path) -> Callable[..., str]:
    """A PATH on which only these programs are found."""

    def make(*names: str) -> str:
        folder = tmp_path / "only"
        folder.mkdir()
        for name in names:
            found = shutil.which(name)
            assert found is not None
            (folder / name).symlink_to(found)
        return str(folder)

    return make


@pytest.fixture
def server() -> Iterator[GeminiServer]:
    """A Gemini server that knows each canary by a project of its own."""
    projects = [Project(f"project-{number}", [key]) for number, key in enumerate(CANARIES, 1)]
    with GeminiServer(projects) as server:
        yield server
