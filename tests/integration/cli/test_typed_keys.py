"""API keys where none belongs: refused, and repeated nowhere. No child has one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from assemblyzero_tui.runner.runs.runs import run_folders
from tests.integration.cli.canaries import CANARIES, leaking_files, leaks
from tests.integration.cli.conftest import Program

Issues = Callable[..., list[int]]
OFFLINE = ("--provider", "offline", "--plain", "--latency", "0")


FILES = [
    ("lld", "--all", *OFFLINE, "--credentials", "{}"),
    ("--debug", "lld", "--all", *OFFLINE, "--credentials={}"),
    ("lld", "--all", *OFFLINE, "--model", "{}"),
    ("pool", "status", "--credentials", "{}"),
]
NAMES_AND_NUMBERS = [("lld", "{}", *OFFLINE), ("issue", "{}", *OFFLINE), ("pool", "reset", "{}")]


@pytest.mark.parametrize(
    ("words", "key"),
    [*product(FILES, CANARIES), *product(NAMES_AND_NUMBERS, CANARIES[:2])],
)
def test_what_is_typed_where_something_else_belongs_is_repeated_nowhere(
    program: Program, issues: Issues, state_home: Path, repository: Path, words: tuple[str, ...],
    key: str,
) -> None:  # fmt: skip
    issues(1)
    done = program(*(word.format(key) for word in words))
    assert done.returncode == 2, done.stdout + done.stderr
    assert leaks(done.stdout, done.stderr) == []
    assert run_folders() == []
    assert leaking_files(state_home, repository) == []


@pytest.mark.parametrize("where", ["environment", "configuration"])
def test_neither_is_a_default_with_an_api_key(
    program: Program, issues: Issues, state_home: Path, where: str
) -> None:
    issues(1)
    more: dict[str, Any] = {}
    if where == "environment":
        more["ASSEMBLYZERO_TUI_LLD_CREDENTIALS"] = CANARIES[0]
    else:
        state_home.mkdir()
        (state_home / "tui.toml").write_text(f'[lld]\nreview-model = "{CANARIES[1]}"\n')
    done = program("lld", "--all", *OFFLINE, **more)
    assert done.returncode == 2
    assert leaks(done.stdout, done.stderr) == []
    assert "where none belongs" in done.stderr
    assert run_folders() == []


NAMES = ("GEMINI_API_KEY", "GOOGLE_API_KEY", "COPY_OF_THE_KEY")


@pytest.mark.parametrize(
    "words", [("doctor",), ("demo", "--items", "1", "--plain"), ("lld", "--all", *OFFLINE)]
)
def test_no_program_that_is_started_has_an_api_key(
    program: Program, issues: Issues, tmp_path: Path, words: tuple[str, ...]
) -> None:
    issues(1)
    seen, spies = tmp_path / "seen", tmp_path / "spies"
    spies.mkdir()
    line = f"printf '%s %s\\n' \"$0\" \"$(env | grep -cE '^({'|'.join(NAMES)})=')\" >> {seen}"
    path = program.environment["PATH"]
    for name in ("git", "gh"):
        real = shutil.which(name, path=path)
        assert real is not None
        spy = spies / name
        spy.write_text(f'#!/bin/sh\n{line}\nexec {real} "$@"\n')
        spy.chmod(0o755)
    (spies / "sitecustomize.py").write_text(
        "import os, sys\n"
        f"found = sum(name in os.environ for name in {NAMES!r})\n"
        f"with open({str(seen)!r}, 'a') as file:\n"
        "    file.write(f'python-{os.getppid()} {found}\\n')\n"
    )
    keys: dict[str, Any] = dict.fromkeys(NAMES, CANARIES[0])
    program("--version")
    done = program(*words, PATH=f"{spies}{os.pathsep}{path}", PYTHONPATH=str(spies), **keys)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    found = [line.split() for line in seen.read_text().splitlines()]
    mine = [number for name, number in found if name == f"python-{os.getpid()}"]
    assert mine == [str(len(NAMES))]
    children = [(name, number) for name, number in found if name != f"python-{os.getpid()}"]
    assert len(children) > 1
    assert {number for _, number in children} == {"0"}


def test_a_pipe_in_the_place_of_the_credentials_is_not_waited_for(
    program: Program, issues: Issues, state_home: Path, tmp_path: Path
) -> None:
    issues(1)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    state_home.mkdir()
    os.mkfifo(state_home / "gemini-credentials.json")
    done = program("lld", "--all", "--plain", "--credentials", str(pipe))
    assert done.returncode == 2
    assert "is not a file, but a pipe" in done.stderr
    done = program("lld", "--all", "--plain")
    assert done.returncode == 2
    assert "is not a file, but a pipe" in done.stderr
    assert "is not a file, but a pipe" in program("doctor").stdout
