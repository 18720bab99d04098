"""The log pane alone: long logs, colours, wide characters, selection."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult

from assemblyzero_tui.runner.logs.reader import LogReader
from assemblyzero_tui.runner.logs.store import LogWriter
from assemblyzero_tui.widgets.logs.pane import LogPane
from assemblyzero_tui.widgets.logs.view import LogView

NOON = 1_700_000_000.0


class PaneApp(App[None]):
    """A log and nothing else."""

    def __init__(self, log: Path) -> None:
        super().__init__()
        self.view = LogView(LogReader(log))
        self.pane = LogPane()

    def compose(self) -> ComposeResult:
        yield self.pane

    def on_mount(self) -> None:
        self.pane.read(self.view)

    def rows(self) -> list[str]:
        """What the pane paints."""
        return [
            "".join(segment.text for segment in self.pane.render_line(y))
            for y in range(self.pane.size.height)
        ]


def written(path: Path, data: bytes) -> Path:
    writer = LogWriter(path)
    writer.write(data, 1000.0)
    writer.close()
    return path


@asynccontextmanager
async def shown(
    path: Path, data: bytes, size: tuple[int, int] = (40, 10)
) -> AsyncIterator[PaneApp]:
    app = PaneApp(written(path / "a.log", data))
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield app


LINES = 1_000_000


async def test_back_to_the_first_line_of_a_million(tmp_path: Path) -> None:
    async with shown(tmp_path, b"") as app:
        log = tmp_path / "long.log"
        written(log, b"".join(b"line %d\n" % number for number in range(LINES)))
        with peak_of_memory() as peak:
            app.pane.read(LogView(LogReader(log)))
            assert app.rows()[-1].startswith(f"line {LINES - 1}")
            app.pane.go_home()
            assert [row.split(" ▐")[0].strip() for row in app.rows()][:2] == ["line 0", "line 1"]
            app.pane.move(499_999)
            assert app.rows()[0].startswith("line 499999")
            app.pane.move_pages(1)
            assert app.rows()[0].startswith("line 500008")
            app.pane.go_end()
            assert app.rows()[-1].startswith(f"line {LINES - 1}")
        assert peak() < log.stat().st_size / 10, "reading must not load the log"


@contextmanager
def peak_of_memory() -> Iterator[Callable[[], int]]:
    """Gives the bytes that Python allocated at most, beyond what there was at the beginning."""
    peak = 0
    tracemalloc.start()
    try:
        yield lambda: peak
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


async def test_a_line_that_grows_is_painted_again(tmp_path: Path) -> None:
    async with shown(tmp_path, b"one\ntw") as app:
        assert app.rows()[1].startswith("tw ")
        with (tmp_path / "a.log").open("ab") as file:
            file.write(b"o\nthree")
        assert app.pane.grow()
        assert [row.strip() for row in app.rows()[:3]] == ["one", "two", "three"]
        assert not app.pane.grow()


async def test_a_log_that_begins_anew_is_shown_anew(tmp_path: Path) -> None:
    async with shown(tmp_path, b"old\n" * 30) as app:
        assert app.rows()[0].startswith("old")
        for name in ("a.log", "a.idx"):
            (tmp_path / name).unlink()
        written(tmp_path / "a.log", b"new\n")
        app.pane.grow()
        assert app.rows()[0].startswith("new")
        assert app.view.top == 0


async def test_colours_are_kept_and_everything_else_is_harmless(tmp_path: Path) -> None:
    data = b"\x1b[31mred\x1b[0m \x1b[2J\x1b]0;title\x07plain \x1b[1mbold\n"
    async with shown(tmp_path, data) as app:
        strip = app.pane.render_line(0)
        assert strip.text.rstrip() == "red plain bold"
        styles = {segment.text: segment.style for segment in strip}
        assert styles["red"] is not None
        assert styles["red"].color is not None
        assert styles["red"].color.number == 1
        bold = next(style for text, style in styles.items() if text.startswith("bold"))
        assert bold is not None
        assert bold.bold


async def test_the_beginning_of_a_node_stands_out(tmp_path: Path) -> None:
    async with shown(tmp_path, b">>> Executing: N1_design\nother\n") as app:
        first, second = (next(iter(app.pane.render_line(y))).style for y in (0, 1))
        assert first is not None
        assert second is not None
        assert first.bgcolor != second.bgcolor


async def test_wrapped_text_fills_from_the_end(tmp_path: Path) -> None:
    data = b"".join(b"%d:" % n + b"abcdefghi " * 8 + b"\n" for n in range(20))
    async with shown(tmp_path, data) as app:
        app.pane.toggle_wrap()
        rows = app.rows()
        assert len(rows) == 10
        text = "".join(row[:-1] for row in rows).replace(" ", "")
        assert text.endswith("19:" + "abcdefghi" * 8)
        app.pane.go_home()
        assert app.rows()[0].startswith("0:abc")


async def test_each_line_begins_with_its_time_on_request(tmp_path: Path) -> None:
    async with shown(tmp_path, b"") as app:
        path = app.view.reader.path
        writer = LogWriter(path)
        for number in range(3):
            writer.write(b"%d " % number + b"word " * 12 + b"\n", NOON + number)
        writer.close()
        app.pane.grow()
        app.pane.toggle_times()
        times = [time.strftime("%H:%M:%S", time.localtime(NOON + number)) for number in range(3)]
        assert [row[:11] for row in app.rows()[:3]] == [f"{t} {n} " for n, t in enumerate(times)]
        width = app.pane.size.width
        assert {len(row) for row in app.rows()} == {width}
        app.pane.toggle_wrap()
        stamps = [row[:8].strip() for row in app.rows()]
        assert [stamp for stamp in stamps if stamp] == times
        assert len(stamps) > stamps.index(times[1]) > 1
        app.pane.toggle_times()
        assert app.rows()[0].startswith("0 word")


async def test_selected_text_is_extracted_by_lines(tmp_path: Path) -> None:
    from textual.geometry import Offset
    from textual.selection import SELECT_ALL, Selection

    data = b"".join(b"line %d\n" % number for number in range(100))
    async with shown(tmp_path, data) as app:
        some = Selection(Offset(5, 10), Offset(4, 12))
        assert app.pane.get_selection(some) == ("10\nline 11\nline", "\n")
        everything = app.pane.get_selection(SELECT_ALL)
        assert everything is not None
        assert everything[0].splitlines()[::99] == ["line 0", "line 99"]


async def test_an_empty_log_says_so(tmp_path: Path) -> None:
    app = PaneApp(tmp_path / "missing.log")
    async with app.run_test(size=(40, 10)) as pilot:
        app.pane.read(app.view, "no output yet")
        await pilot.pause()
        assert app.rows()[0].startswith("no output yet")
        assert not app.rows()[1].strip()


pieces = st.one_of(
    st.text(max_size=60).map(str.encode),
    st.binary(max_size=60),
    st.sampled_from([
        b"\n", b"\x1b[31m", b"\x1b[0m", b"\x1b[", "漢字".encode(), b"\t", b"\r", "👩‍👩‍👧".encode(),
        "🇩🇪👍🏽❤️☎".encode(), b"x" * 300, b">>> Executing: N1\n", "é".encode(), b"\x1b]8;;x\x07",
    ]),
)  # fmt: skip


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.lists(pieces, max_size=40).map(b"".join), width=st.integers(3, 60))
async def test_every_row_is_exactly_as_wide_as_the_pane(
    tmp_path: Path, data: bytes, width: int
) -> None:
    path = tmp_path / "any.log"
    for old in (path, path.with_suffix(".idx")):
        old.unlink(missing_ok=True)
    app = PaneApp(written(path, data))
    async with app.run_test(size=(width, 8)) as pilot:
        await pilot.pause()
        turns: tuple[Callable[[], object] | None, ...] = (
            None, app.pane.go_home, app.pane.toggle_wrap, app.pane.go_end,
        )  # fmt: skip
        for turn in turns:
            if turn is not None:
                turn()
            for y in range(app.pane.size.height):
                strip = app.pane.render_line(y)
                assert strip.cell_length == app.pane.size.width
                assert sum(cell_len(segment.text) for segment in strip) == app.pane.size.width
                assert "\x1b" not in strip.text


async def test_a_pane_that_knew_no_size_when_it_was_resized_shows_its_lines(
    tmp_path: Path,
) -> None:
    async with shown(tmp_path, b"one\ntwo\nthree\n") as app:
        app.view.resize(0)
        app.pane.repaint()
        assert [row.strip() for row in app.rows()[:4]] == ["one", "two", "three", ""]
