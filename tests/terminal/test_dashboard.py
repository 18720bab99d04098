"""The dashboard as its users have it: on a terminal, from the command to the last line."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest

from assemblyzero_tui.runner.base.paths import RunFolder
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.runs.runs import is_alive, open_run, run_folders
from tests.powerless import prefix
from tests.terminal.screen import PROGRAM, Terminal, program
from tests.waiting import wait_for

SLOW = ("demo", "--latency", "60", "--items", "3", "--parallel", "2")
DRAFTING = "N1_design"


def the_run() -> RunFolder:
    (folder,) = run_folders()
    return folder


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60
    )


def stop() -> None:
    assert run("stop").returncode == 0
    assert not is_alive(the_run())


def test_the_demo_runs_to_its_summary_and_names_its_report() -> None:
    with program("demo", "--items", "3", "--latency", "0.05") as terminal:
        terminal.wait_for("All 3 items are done", 60)
        terminal.press("q")
        assert terminal.wait() == 0
        folder = the_run()
        wait_for(lambda: not is_alive(folder), "end of the engine")
        assert f"Report: {folder.summary_markdown}" in terminal.parting
        assert f"The designs: {folder.path.resolve()}/repository/docs/lld/active" in (
            terminal.parting
        )
    assert open_run(folder).state.counts[State.DONE] == 3


def test_the_run_continues_after_detaching_and_attach_finds_it() -> None:
    with program(*SLOW) as terminal:
        terminal.wait_for(DRAFTING)
        terminal.press("q")
        terminal.wait_for("Detach")
        terminal.press("l")
        assert terminal.wait() == 0
        folder = the_run()
        assert f"assemblyzero-tui attach {folder.path.name}" in terminal.parting
    assert is_alive(folder)
    with program("attach") as terminal:
        terminal.wait_for(DRAFTING)
        terminal.press("d")
        assert terminal.wait() == 0
    assert is_alive(folder)
    stop()


def test_stopping_saves_every_item_and_resume_continues() -> None:
    with program(*SLOW) as terminal:
        terminal.wait_for(DRAFTING)
        terminal.press("q")
        terminal.wait_for("Stop")
        terminal.press("s")
        assert terminal.wait() == 3
        folder = the_run()
        assert f"assemblyzero-tui resume {folder.path.name}" in terminal.parting
    assert not is_alive(folder)
    assert open_run(folder).state.counts[State.PAUSED] == 2
    folder.spec.write_text(folder.spec.read_text().replace("60.0", "0.05"))
    with program("resume") as terminal:
        terminal.wait_for("All 3 items are done", 60)
        terminal.press("q")
        assert terminal.wait() == 0


def test_a_closed_window_leaves_the_work_running() -> None:
    with program(*SLOW) as terminal:
        terminal.wait_for(DRAFTING)
        folder = the_run()
        terminal.hang_up()
        assert terminal.process.wait(30) == 129
    assert is_alive(folder)
    assert not list(folder.path.parent.parent.glob("crashes/*"))
    with program("attach", folder.path.name) as terminal:
        terminal.wait_for(DRAFTING)
        terminal.press("d")
        assert terminal.wait() == 0
    stop()


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGHUP, 129), (signal.SIGTERM, 143), (signal.SIGINT, 130)]
)
def test_a_signal_gives_the_terminal_back_and_leaves_the_work(
    number: signal.Signals, code: int
) -> None:
    with program(*SLOW) as terminal:
        terminal.wait_for(DRAFTING)
        terminal.process.send_signal(number)
        assert terminal.wait() == code
        assert b"\x1b[?1049l" in terminal.raw
        assert b"\x1b[?25h" in terminal.raw
        assert "The run continues" in terminal.parting
    assert is_alive(the_run())
    stop()


def test_a_killed_dashboard_leaves_the_work() -> None:
    with program(*SLOW) as terminal:
        terminal.wait_for(DRAFTING)
        terminal.process.send_signal(signal.SIGKILL)
        assert terminal.wait() == -signal.SIGKILL
    assert is_alive(the_run())
    stop()


def test_a_killed_engine_is_reported_and_quitting_is_no_success() -> None:
    with program(*SLOW) as terminal:
        terminal.wait_for(DRAFTING)
        os.kill(open_run(the_run()).state.engine_pid, signal.SIGKILL)
        terminal.wait_for("The engine is gone")
        terminal.press("q")
        assert terminal.wait() == 1
        said = terminal.parting
    assert "its engine has died; last state: " in said
    assert f"assemblyzero-tui resume {the_run().path.name}" in said


def test_two_dashboards_may_watch_one_run() -> None:
    with program(*SLOW) as one:
        one.wait_for(DRAFTING)
        with program("attach", columns=80, lines=24) as other:
            other.wait_for("LLD-101")
            other.press("d")
            assert other.wait() == 0
        one.press("d")
        assert one.wait() == 0
    stop()


def test_a_terminal_of_20x5_says_so_and_recovers_when_it_grows() -> None:
    with program(*SLOW, columns=20, lines=5) as terminal:
        terminal.wait_until(lambda: "needs 60×15" in terminal.text, "word on the size")
        terminal.resize(120, 40)
        terminal.wait_for(DRAFTING)
        terminal.press("d")
        assert terminal.wait() == 0
    stop()


@pytest.fixture
def ended() -> str:
    """The name of a run that has ended."""
    assert run("demo", "--items", "2", "--latency", "0", "--plain").returncode == 0
    return the_run().path.name


def test_an_ended_run_and_its_replay_are_shown_on_the_dashboard(ended: str) -> None:
    with program("attach") as terminal:
        terminal.wait_for("DONE")
        terminal.press("q")
        assert terminal.wait() == 0
    with program("replay", ended, "--speed", "100") as terminal:
        terminal.wait_for("LLD-102")
        terminal.wait_for("DONE")
        terminal.press("d")
        assert terminal.wait() == 0


def test_a_terminal_that_cannot_move_its_cursor_gets_plain_lines(ended: str) -> None:
    with program("replay", ended, "--speed", "1000", environment={"TERM": "dumb"}) as terminal:
        assert terminal.wait() == 0
        said = terminal.raw.decode()
    assert "No dashboard: TERM is 'dumb'" in said
    assert "LLD-101 RUN -> DONE" in said
    assert "\x1b" not in said

    command = " ".join([*PROGRAM, "replay", ended, "--speed", "1000", "<&-"])
    terminal = Terminal(["sh", "-c", command])
    try:
        assert terminal.wait() == 0
        said = terminal.raw.decode()
    finally:
        terminal.close()
    assert "stdin is not a terminal" in said
    assert "LLD-101 RUN -> DONE" in said


def test_plain_lines_have_colours_on_a_terminal_unless_no_color(ended: str) -> None:
    again = ("replay", ended, "--speed", "1000", "--plain")
    with program(*again) as terminal:
        assert terminal.wait() == 0
        assert b"\x1b[32m" in terminal.raw
    with program(*again, environment={"NO_COLOR": ""}) as terminal:
        assert terminal.wait() == 0
        assert b"\x1b" not in terminal.raw


def test_ctrl_c_on_plain_lines_stops_and_everything_is_saved() -> None:
    with program(*SLOW, "--plain") as terminal:
        terminal.wait_for(DRAFTING)
        terminal.press("ctrl+c")
        assert terminal.wait() == 130
        assert b"Stopping: everything will be saved" in terminal.raw
    assert not is_alive(the_run())


def test_a_terminal_that_cannot_be_opened_gets_plain_lines() -> None:
    quick = ("demo", "--items", "3", "--latency", "0")
    with program(*quick, prefix=prefix(), sealed=True, environment={"NO_COLOR": "1"}) as seen:
        assert seen.wait(90) == 0
        assert b"Cannot open the terminal (Permission denied). Using plain lines" in seen.raw
        assert b"[LLD-101] >>> Executing: N1_design" in seen.raw
        assert b"All 3 items are done" in seen.raw


def test_the_start_screen_on_a_terminal_that_cannot_be_opened_says_so() -> None:
    with program(prefix=prefix(), sealed=True) as seen:
        assert seen.wait(60) == 2
        assert b"Cannot open the terminal: Permission denied." in seen.raw
        assert b"assemblyzero-tui --help" in seen.raw
