"""What is said in a silence, and when logs are printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from assemblyzero_tui.app.headless.plain_lines import PlainLines
from assemblyzero_tui.app.headless.printers import BATCH, ELSEWHERE, LIVENESS, PlainPrinter
from assemblyzero_tui.runner.base.paths import RunFolder
from assemblyzero_tui.runner.model.events import AnyEvent, ItemChanged
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.runs.live_run import LiveRun
from tests.unit.app.headless.test_plain_lines import began, changed, elsewhere


class Lines:
    """Keeps what is written."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self.full = self.closed = False
        self.empty = True

    def line(self, text: str) -> None:
        self.written.append(text)

    def taken(self) -> list[str]:
        taken, self.written = self.written, []
        return taken


class Told:
    """A printer, its output, and a clock that stands still."""

    def __init__(self, path: Path) -> None:
        self.now = 0.0
        self.out = Lines()
        self.source = LiveRun(RunFolder(path))
        self.printer = PlainPrinter(
            self.source,
            self.out,  # type: ignore[arg-type]
            PlainLines(),
            clock=lambda: self.now,
        )
        (path / "logs").mkdir()

    def happen(self, *events: AnyEvent) -> list[str]:
        for event in events:
            self.source.state.apply(event)
        self.printer.events(list(events))
        return self.out.taken()

    def print_to(self, item: str, text: bytes) -> None:
        with self.source.folder.log(item).open("ab") as file:
            file.write(text)

    def look(self) -> list[str]:
        self.printer.logs()
        return self.out.taken()


@pytest.fixture
def told(tmp_path: Path) -> Told:
    return Told(tmp_path)


def test_a_line_without_its_end_waits_until_it_is_whole(told: Told) -> None:
    told.happen(*began(), changed("LLD-1", State.STARTING, 2))
    told.print_to("LLD-1", b"one\ntw")
    assert told.look() == ["[LLD-1] one"]
    told.print_to("LLD-1", b"o\n")
    assert told.look() == ["[LLD-1] two"]


def test_the_last_words_come_before_the_end(told: Told) -> None:
    told.happen(*began(), changed("LLD-1", State.STARTING, 2))
    told.print_to("LLD-1", b"last words")
    written = told.happen(changed("LLD-1", State.DONE, 3))
    assert written[0] == "[LLD-1] last words"
    assert written[1].startswith("[COORDINATOR] LLD-1 START -> DONE")
    assert written[2].startswith("[COORDINATOR] 1 of 2 done")


def test_what_is_written_after_the_end_is_printed_as_well(told: Told) -> None:
    told.happen(*began(), changed("LLD-1", State.STARTING, 2))
    told.happen(changed("LLD-1", State.DONE, 3))
    told.print_to("LLD-1", b"late\n")
    assert told.look() == ["[LLD-1] late"]


def test_nobody_has_to_wait_for_one_that_prints_without_end(told: Told) -> None:
    told.happen(*began(), changed("LLD-1", State.STARTING, 2), changed("LLD-2", State.STARTING, 2))
    told.print_to("LLD-1", b"x\n" * (BATCH + 1))
    told.print_to("LLD-2", b"y\n")
    assert told.printer.logs() is False
    assert told.out.taken()[-1] == "[LLD-2] y"
    assert told.look() == ["[LLD-1] x"]


def test_what_happened_before_is_left_out(told: Told) -> None:
    told.print_to("LLD-1", b"old\n")
    for event in [
        *began(),
        changed("LLD-1", State.STARTING, 2),
        changed("LLD-1", State.RUNNING, 3),
    ]:
        told.source.state.apply(event)
    told.printer.prime()
    told.print_to("LLD-1", b"new\n")
    assert told.look() == ["[LLD-1] new"]
    event = ItemChanged(item="LLD-1", attempt=1, state=State.PAUSED, time=4)
    assert told.happen(event) == ["[COORDINATOR] LLD-1 RUN -> PAUSE"]


def test_a_long_silence_is_broken_by_a_sign_of_life(told: Told) -> None:
    told.happen(*began(), changed("LLD-1", State.STARTING, 2))
    told.now = LIVENESS - 1
    told.printer.idle()
    assert told.out.taken() == []
    told.now = LIVENESS
    told.printer.idle()
    told.printer.idle()
    (line,) = told.out.taken()
    assert line.startswith("[COORDINATOR] 0 of 2 done, 1 at work")


def test_waiting_for_a_credential_is_never_silent_for_more_than_five_seconds(told: Told) -> None:
    told.happen(*began(1), changed("LLD-1", State.STARTING, 2), changed("LLD-1", State.QUOTA, 3))
    told.now = 4.75
    told.printer.idle()
    (line,) = told.out.taken()
    assert line == "[COORDINATOR] 1 item waits for quota"


def test_a_run_that_waits_for_another_one_is_never_silent_for_long(told: Told) -> None:
    told.happen(*began(), elsewhere("LLD-1", "a", 2))
    said = []
    for told.now in (ELSEWHERE - 1, ELSEWHERE, ELSEWHERE + 5):
        told.printer.idle()
        said += told.out.taken()
    assert said == ["[COORDINATOR] 1 item waits: at work in run a"]
