"""A state folder that cannot be used, and a folder of the command that has gone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import powerless
from tests.integration.cli.conftest import Program
from tests.integration.cli.runs.test_detach_and_attach import slow_demo

KEY = "AIza" + "SyD3mo-0123456789_abcdefghijklmnopq"
SEALED = 0o500


@pytest.fixture
def broken_off(program: Program, state_home: Path) -> Iterator[str]:
    """The name of a run that can be resumed, in a state folder that can only be read."""
    process, folder = slow_demo(program)
    process.terminate()
    process.communicate(timeout=30)
    folders = [path for path in (state_home, *state_home.rglob("*")) if path.is_dir()]
    program.prefix = powerless.prefix()
    files = [path for path in folder.path.iterdir() if path.is_file()]
    for path in folders + files:
        path.chmod(SEALED if path.is_dir() else 0o400)
    yield folder.path.name
    for path in folders + files:
        path.chmod(0o700)


def test_what_only_reads_works_in_a_state_folder_that_can_only_be_read(
    program: Program, broken_off: str
) -> None:
    for command in (
        ("runs",),
        ("report", broken_off),
        ("replay", broken_off, "--plain", "--speed", "1000"),
        ("attach", "--plain"),
        ("pool", "status"),
    ):
        done = program(*command, GEMINI_API_KEY=KEY)
        assert "Traceback" not in done.stdout + done.stderr, command
        assert "Error" not in done.stderr, command
        assert done.returncode in (0, 3, 143), (command, done.stderr)
    checked = program("doctor")
    assert "Cannot write in the folder" in checked.stdout


def test_what_starts_something_says_what_is_wrong_with_the_state_folder(
    program: Program, broken_off: str, state_home: Path
) -> None:
    for command in (("resume", broken_off, "--plain"), ("demo", "--plain")):
        done = program(*command)
        assert done.returncode == 2
        assert str(state_home) in done.stderr
        assert "set ASSEMBLYZERO_HOME to another folder" in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("what", ["file", "unreadable"])
def test_a_state_folder_that_is_none_is_named_by_every_command(
    program: Program, tmp_path: Path, what: str
) -> None:
    home = tmp_path / "no-home"
    home.touch() if what == "file" else home.mkdir(mode=0)
    program.prefix = powerless.prefix()
    for command in (("runs",), ("report",), ("stop",), ("attach",), ("resume",), ("demo",)):
        done = program(*command, ASSEMBLYZERO_HOME=str(home))
        assert done.returncode == 2, command
        assert str(home) in done.stderr
        assert "Traceback" not in done.stderr
    home.chmod(0o700)


def test_one_run_that_cannot_be_looked_at_breaks_no_command(
    program: Program, state_home: Path
) -> None:
    assert program("demo", "--items", "1", "--latency", "0").returncode == 0
    for name in ("20300101-000000-loop", "20300101-000000-pipe", "20300101-000000-closed"):
        (state_home / "runs" / name).mkdir()
    loop = state_home / "runs/20300101-000000-loop/run.json"
    loop.symlink_to(loop)
    os.mkfifo(state_home / "runs/20300101-000000-pipe/run.json")
    closed = state_home / "runs/20300101-000000-closed"
    closed.chmod(0)
    program.prefix = powerless.prefix()
    try:
        listed = program("runs")
        assert listed.returncode == 0, listed.stderr
        assert listed.stdout.count("unreadable") == 3
        assert "finished" in listed.stdout
        assert program("stop").returncode == 2
        assert program("resume").returncode == 2
        again = program("demo", "--items", "1", "--latency", "0")
        assert again.returncode == 0, again.stderr
    finally:
        closed.chmod(0o700)


def test_a_folder_that_has_gone_is_named_where_it_is_needed(
    program: Program, tmp_path: Path
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    script = 'rmdir "$PWD"; exec "$@"'
    program.repository, program.prefix = gone, ("sh", "-c", script, "sh")
    done = program("lld", "1", "--plain")
    assert done.returncode == 2
    assert "The folder you are in has been removed." in done.stderr
    gone.mkdir()
    assert program("runs").returncode == 0


def test_the_folder_of_the_command_may_be_removed_while_it_works(
    program: Program, tmp_path: Path
) -> None:
    typed = tmp_path / "typed"
    typed.mkdir()
    program.repository = typed
    process = program.start(
        "demo", "--items", "3", "--parallel", "1", "--latency", "0.2", "--plain"
    )
    assert process.stdout is not None
    process.stdout.readline()
    shutil.rmtree(typed)
    out, err = process.communicate(timeout=90)
    assert process.returncode == 0, err
    assert b"All 3 items are done" in out
