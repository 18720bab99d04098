"""Stopping what does not answer: nobody waits for it without a limit, and it is named."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from assemblyzero_tui.runner.base.paths import RunFolder
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.runs.runs import is_alive, open_run, run_folders
from tests.conftest import marked
from tests.integration.cli.conftest import Program
from tests.integration.cli.runs.test_detach_and_attach import slow_demo
from tests.waiting import wait_for

ENGINE = "assemblyzero_tui.runner.engine"
SLOW_TO_LOAD = """
import sys, time
if "assemblyzero_tui.runner.engine" in sys.orig_argv:
    time.sleep(600)
"""
"""A ``sitecustomize`` with which an engine is loading for ever, as from a disk that hangs."""
IMPATIENT = """
from assemblyzero_tui.app import headless, __main__
headless.SAVING = 600
__main__.main()
"""
"""The program, but for a first signal with which it waits for ever."""


def engine(folder: RunFolder) -> psutil.Process:
    return psutil.Process(int(folder.engine_lock.read_text()))


def is_loading(mark: str) -> bool:
    """Whether an engine was started."""
    for process in marked(mark):
        with contextlib.suppress(psutil.NoSuchProcess):
            if ENGINE in process.cmdline():
                return True
    return False


@pytest.fixture(autouse=True)
def nothing_stays_suspended(isolated: str) -> Iterator[None]:
    yield
    for process in marked(isolated):
        with contextlib.suppress(psutil.Error):
            if process.status() == psutil.STATUS_STOPPED:
                process.kill()


def test_an_engine_that_is_suspended_is_left_behind_and_stops_once_it_is_woken(
    program: Program,
) -> None:
    process, folder = slow_demo(program)
    served = engine(folder)
    served.suspend()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Stopping" in out
    assert f"process {served.pid}, with 2 running" in err.decode()
    assert f"kill -CONT {served.pid}" in err.decode()
    assert f"assemblyzero-tui attach {folder.path.name}" in err.decode()
    assert f"assemblyzero-tui stop {folder.path.name} --force" in err.decode()
    served.resume()
    wait_for(lambda: not is_alive(folder), "end of the engine")
    assert open_run(folder).state.counts[State.PAUSED] == 2


def test_a_second_signal_leaves_although_the_engine_does_not_answer(program: Program) -> None:
    command = [sys.executable, "-c", IMPATIENT, "demo", "--plain", "--latency", "60"]
    process = subprocess.Popen(
        command, cwd=program.repository, env=os.environ | program.environment,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    program.started.append(process)
    folder = wait_for(lambda: next(iter(run_folders()), None), "run")
    wait_for(lambda: is_alive(folder) and folder.engine_lock.read_text(), "engine")
    assert process.stdout is not None
    process.stdout.readline()
    served = engine(folder)
    served.suspend()
    process.send_signal(signal.SIGINT)
    while b"Stopping" not in process.stdout.readline():
        pass
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert f"is still alive: process {served.pid}" in err.decode()


def test_stop_reaches_a_suspended_engine_only_with_force(program: Program) -> None:
    process, folder = slow_demo(program)
    served = engine(folder)
    family = [served, *served.children(recursive=True)]
    process.kill()
    served.suspend()
    forced = program("stop", "--force")
    assert forced.returncode == 0, forced.stderr
    assert not is_alive(folder)
    _, alive = psutil.wait_procs(family, timeout=20)
    assert not alive
    assert f"assemblyzero-tui resume {folder.path.name}" in forced.stdout


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("output", ["--plain", "--json"])
def test_a_signal_while_the_engine_loads_leaves_nothing(
    program: Program, tmp_path: Path, isolated: str, number: signal.Signals, code: int, output: str
) -> None:
    (tmp_path / "slow").mkdir()
    (tmp_path / "slow" / "sitecustomize.py").write_text(SLOW_TO_LOAD)
    process = program.start("demo", output, PYTHONPATH=str(tmp_path / "slow"))
    wait_for(lambda: is_loading(isolated), "engine")
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert b"Interrupted while the engine was starting; nothing was begun." in err
    assert b"Traceback" not in err
    assert marked(isolated) == []
