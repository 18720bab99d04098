"""A terminal that does not say how large it is, as a pseudo-terminal begins.

``docker -t`` and others leave it so (containers/libpod#351, cachix/devenv#3158).
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.terminal.screen import program
from tests.terminal.test_dashboard import DRAFTING, SLOW, run, stop

ENOUGH = 400_000
"""Bytes that a dashboard at rest needs by no means in a few frames; without end it is megabytes."""


def _seconds_of_processor(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_it_paints_at_80x24_until_there_is_a_size_and_then_at_that() -> None:
    with program(*SLOW, columns=80, lines=24, said=(0, 0)) as terminal:
        terminal.wait_for(DRAFTING)
        terminal.press("2")
        terminal.wait_until(lambda: terminal.lines[-1].rstrip().endswith("q Quit"), "footer at 24")
        assert len(terminal.raw) < ENOUGH
        terminal.resize(100, 30)
        terminal.wait_until(lambda: terminal.lines[29].rstrip().endswith("q Quit"), "footer at 30")
        terminal.say_size(0, 0)
        terminal.press("v")
        terminal.wait_for("3 items")
        assert terminal.lines[29].rstrip().endswith("q Quit"), "the size it had last"
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.wait(10) == 143
    stop()


@pytest.mark.parametrize(
    ("said", "variables", "painted"),
    [
        ((0, 0), {"COLUMNS": "100", "LINES": "30"}, (100, 30)),
        ((0, 0), {"COLUMNS": "wide", "LINES": "-3"}, (80, 24)),
        ((0, 30), {}, (80, 30)),
        ((100, 0), {}, (100, 24)),
        ((100, 30), {"COLUMNS": "80", "LINES": "24"}, (100, 30)),
    ],
)
def test_what_is_not_said_comes_from_the_variables(
    said: tuple[int, int], variables: dict[str, str], painted: tuple[int, int]
) -> None:
    columns, lines = painted
    with program(*SLOW, columns=columns, lines=lines, said=said, environment=variables) as terminal:
        terminal.wait_for(DRAFTING)
        terminal.wait_until(
            lambda: (
                terminal.lines[-1].endswith("q Quit") and len(terminal.lines[-1]) >= columns - 2
            ),
            "footer",
        )
        assert len(terminal.raw) < ENOUGH
        terminal.press("d")
        assert terminal.wait() == 0
    stop()


def test_one_cell_is_a_size() -> None:
    with program(*SLOW, columns=1, lines=1) as terminal:
        terminal.wait_until(lambda: b"\x1b[?1049h" in terminal.raw, "dashboard")
        terminal.resize(120, 40)
        terminal.wait_for(DRAFTING)
        assert _seconds_of_processor(terminal.process.pid) < 20
        terminal.press("d")
        assert terminal.wait() == 0
    stop()


@pytest.mark.parametrize("said", [(0, 0), (1, 1)])
def test_everything_without_a_screen_works_there(said: tuple[int, int]) -> None:
    quick = ("demo", "--items", "2", "--latency", "0", "--plain")
    with program(*quick, said=said) as terminal:
        assert terminal.wait(60) == 0
        assert b"All 2 items are done" in terminal.raw
    for command in (("runs",), ("report",), ("--help",), ("doctor",), ("pool", "--help")):
        with program(*command, said=said) as terminal:
            assert terminal.wait(60) in (0, 1)
            assert b"Traceback" not in terminal.raw
            assert terminal.raw


def test_the_start_screen_paints_there(tmp_path: Path) -> None:
    run("demo", "--items", "1", "--latency", "0", "--plain")
    with program(columns=80, lines=24, said=(0, 0), cwd=tmp_path) as terminal:
        terminal.wait_until(lambda: "AssemblyZero" in terminal.text or terminal.raw, "screen")
        terminal.press("q")
        terminal.press("ctrl+c")
        assert terminal.wait(30) in (0, 2)
        assert len(terminal.raw) < ENOUGH
