"""The summary: what it shows, and what its keys do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from textual.app import App
from textual.content import Content
from textual.widgets import Static

from assemblyzero_tui.app.screens.summary import SummaryScreen
from assemblyzero_tui.app.ui.themes import DARK, LIGHT
from assemblyzero_tui.runner.model.events import AnyEvent, EngineStarted, RunBlocked, RunEnded
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.runs import report
from assemblyzero_tui.runner.runs.journal import JournalWriter
from assemblyzero_tui.runner.runs.replay import Replay
from assemblyzero_tui.widgets.glyphs import ASCII, UNICODE, Glyphs
from assemblyzero_tui.widgets.row_list import RowList
from tests.ui.rounding import ROUNDED
from tests.unit.run_examples import (
    RUN,
    START,
    change,
    example_folder,
    mixed_run,
    numbered,
    started,
    worked,
)


class Ticking:
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def replayed(path: Path, events: Sequence[AnyEvent]) -> Replay:
    """The source of a run that ended, its journal and logs in files."""
    folder = example_folder(path)
    journal = JournalWriter(folder.journal)
    for event in events:
        journal.append(event)
    journal.close()
    source = Replay(folder, clock=Ticking())
    source.jump(START + 1e6)
    source.poll()
    return source


class Showing(App[None]):
    """Shows a summary and keeps what it asks for."""

    def __init__(self, source: Replay, *, glyphs: Glyphs = UNICODE, theme: str = DARK.name) -> None:
        super().__init__()
        self.source = source
        self.glyphs = glyphs
        self.asked: list[object] = []
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = theme

    def on_mount(self) -> None:
        self.push_screen(SummaryScreen(self.source, glyphs=self.glyphs))

    def on_summary_screen_open_log(self, message: SummaryScreen.OpenLog) -> None:
        self.asked.append(("log", message.item))

    def on_summary_screen_retry_failed(self, message: SummaryScreen.RetryFailed) -> None:
        self.asked.append(("retry", message.items))

    def on_summary_screen_quit(self) -> None:
        self.asked.append("leave")


def shown(app: App[None], selector: str) -> str:
    """The text of a widget."""
    return str(app.screen.query_one(selector, Static).visual)


@pytest.fixture
def mixed(tmp_path: Path) -> Replay:
    return replayed(tmp_path, mixed_run())


@pytest.fixture
def at_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Replay:
    """The same in a folder that has the same name on every machine."""
    monkeypatch.chdir(tmp_path)
    return replayed(Path("runs"), mixed_run())


async def test_the_first_failure_is_in_front_with_the_end_of_its_log(mixed: Replay) -> None:
    app = Showing(mixed)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert "1 failed, 1 cancelled, of 4" in shown(app, "#summary-headline")
        assert "LLD-63" in shown(app, "#summary-item")
        lines = shown(app, "#summary-lines").splitlines()
        assert lines[-1] == "no JSON"
        assert len(lines) == report.LAST_LINES


async def test_the_details_follow_the_cursor(mixed: Replay) -> None:
    app = Showing(mixed)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await pilot.press("g")
        await pilot.pause()
        assert "Log in with a passkey" in shown(app, "#summary-item")
        assert not app.screen.query_one("#summary-log").display
        await pilot.press("G", "k")
        await pilot.pause()
        assert app.screen.query_one("#summary-log").display


@pytest.mark.parametrize(
    ("keys", "asked"),
    [
        ("enter", ("log", "LLD-63")),
        ("k enter", ("log", "LLD-57")),
        ("r", ("retry", ["LLD-63", "LLD-71"])),
        ("q", "leave"),
    ],
)
async def test_keys_ask_the_app(mixed: Replay, keys: str, asked: object) -> None:
    app = Showing(mixed)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        await pilot.press(*keys.split())
        await pilot.pause()
        assert app.asked == [asked]


async def test_a_double_click_opens_the_log(mixed: Replay) -> None:
    app = Showing(mixed)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        await pilot.click("#summary-rows", offset=(20, 0), times=2)
        await pilot.pause()
        assert app.asked == [("log", "LLD-42")]


async def test_escape_goes_back(mixed: Replay) -> None:
    app = Showing(mixed)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        await pilot.press("escape")
        await pilot.pause()
        assert not isinstance(app.screen, SummaryScreen)


async def test_export_writes_the_report_where_the_user_is(
    mixed: Replay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    app = Showing(mixed)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        await pilot.press("E")
        await pilot.pause()
        path = here / f"assemblyzero-summary-{RUN}.md"
        assert [notice.message for notice in app._notifications] == [str(path)]
        summary = app.screen.summary  # type: ignore[attr-defined]
        assert path.read_text() == report.to_markdown(summary)
        assert list(here.iterdir()) == [path]


async def test_an_export_that_fails_says_where_the_report_is(
    mixed: Replay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    monkeypatch.setattr(Path, "cwd", lambda: gone)
    gone.rmdir()
    app = Showing(mixed)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        await pilot.press("E")
        await pilot.pause()
        (notice,) = app._notifications
        assert notice.severity == "error"
        assert str(mixed.folder.summary_markdown) in notice.message


async def test_a_run_without_failures_offers_no_retry(tmp_path: Path) -> None:
    events = [
        *started(numbered(1, "a"), numbered(2, "b")),
        *worked("LLD-1", 1, 20),
        *worked("LLD-2", 21, 40),
        RunEnded(time=START + 41, exit_code=0),
    ]
    app = Showing(replayed(tmp_path, events))
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        await pilot.press("r")
        await pilot.pause()
        assert app.asked == []
        assert "All 2 items are done" in shown(app, "#summary-headline")
        assert "Retry" not in app.export_screenshot()


async def test_what_was_cancelled_can_be_tried_again(tmp_path: Path) -> None:
    events = [
        *started(numbered(1, "a"), numbered(2, "b")),
        *worked("LLD-1", 1, 20),
        change("LLD-2", State.CANCELLED, 30, reason="by you"),
        RunEnded(time=START + 41, exit_code=3),
    ]
    app = Showing(replayed(tmp_path, events))
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        await pilot.press("r")
        await pilot.pause()
        assert app.asked == [("retry", ["LLD-2"])]


async def test_a_summary_follows_a_run_that_is_resumed(mixed: Replay) -> None:
    app = Showing(mixed)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        seq = mixed.state.seq
        later: list[AnyEvent] = [
            EngineStarted(seq=seq + 1, time=START + 200, pid=9, resumed=True),
            change("LLD-63", State.QUEUED, 200),
        ]
        later[1].seq = seq + 2
        for event in later:
            mixed.state.apply(event)
        screen = app.screen
        assert isinstance(screen, SummaryScreen)
        screen.update_view()
        await pilot.pause()
        assert "1 cancelled, 1 unfinished, of 4" in shown(app, "#summary-headline")


async def test_a_run_without_items_has_a_summary(tmp_path: Path) -> None:
    app = Showing(replayed(tmp_path, [*started(), RunEnded(time=START + 1, exit_code=0)]))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("enter", "j", "G")
        assert "Nothing to do" in shown(app, "#summary-headline")
        assert app.asked == []


async def test_a_thousand_items_are_drawn_only_where_they_are_seen(tmp_path: Path) -> None:
    events = started(*(numbered(n, f"Title {n}") for n in range(1000)))
    events += [change(f"LLD-{n}", State.DONE, 5) for n in range(1000)]
    app = Showing(replayed(tmp_path, events))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        rows = app.screen.query_one(RowList)
        drawn: list[int] = []
        draw = rows._draw

        def recorded(index: int, width: int) -> Content:
            drawn.append(index)
            return draw(index, width)

        rows._draw = recorded
        await pilot.press("G")
        await pilot.pause()
        assert rows.cursor == 999
        assert "LLD-999" in shown(app, "#summary-item")
        assert set(drawn) <= set(range(960, 1000))


@pytest.mark.parametrize("size", [pytest.param((80, 24), marks=ROUNDED), (120, 40), (160, 50)])
def test_it_looks_like_this(
    at_runs: Replay, size: tuple[int, int], snap_compare: Callable[..., bool]
) -> None:
    assert snap_compare(Showing(at_runs), terminal_size=size)


def test_it_looks_like_this_in_ascii_on_a_small_terminal(
    at_runs: Replay, snap_compare: Callable[..., bool]
) -> None:
    assert snap_compare(Showing(at_runs, glyphs=ASCII), terminal_size=(60, 15))


def test_it_looks_like_this_in_light(at_runs: Replay, snap_compare: Callable[..., bool]) -> None:
    assert snap_compare(Showing(at_runs, theme=LIGHT.name), terminal_size=(120, 40))


async def test_why_no_item_could_go_on_is_said_once_in_the_service_s_words(tmp_path: Path) -> None:
    blocked = RunBlocked(
        what="No model", words="It is not found", hint="Choose another", time=START + 60
    )
    app = Showing(replayed(tmp_path, [*started(numbered(42, "a")), blocked]))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        facts = shown(app, "#summary-facts")
        assert facts.count("No model: It is not found") == 1
        assert "Choose another" in facts
