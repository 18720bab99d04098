"""Reading logs in the dashboard: scrolling, following, wrapping, copying, repainting."""

from __future__ import annotations

import time
from pathlib import Path

from assemblyzero_tui.runner.logs.store import LogWriter
from assemblyzero_tui.widgets.logs.pane import LogPane
from assemblyzero_tui.widgets.logs.view import LogView
from tests.ui.dashboards import Watched, watching
from tests.ui.example_runs import Story

LINES = 1000


def printed(seen: Watched, item: str, count: int, text: str = "line {}") -> None:
    """Lets a workflow print so many lines."""
    writer = LogWriter(seen.source.folder.log(item))
    first = writer.lines
    for number in range(first, first + count):
        writer.write(f"{text.format(number)}\n".encode(), seen.source.now())
    writer.close()
    seen.source.time += 1
    seen.source.poll()


def log(seen: Watched, item: str = "LLD-42") -> tuple[LogPane, LogView]:
    pane = seen.pane(item).log_pane
    assert pane.view is not None
    return pane, pane.view


async def test_keys_scroll_and_the_end_is_followed_again(tmp_path: Path) -> None:
    async with watching(tmp_path, 1) as seen:
        printed(seen, "LLD-42", LINES)
        _, view = log(seen)
        await seen.until(lambda: view.top + view.height > LINES, "lines")
        end = view.top
        await seen.press("k", "up")
        assert (view.top, view.following) == (end - 2, False)
        await seen.press("pageup")
        assert view.top < end - 20
        await seen.press("g")
        assert view.top == 0
        await seen.shows(">>> Executing: N0_fetch_issue")
        await seen.press("j", "down", "pagedown")
        assert view.top > 20
        await seen.press("home", "G")
        assert (view.top, view.following) == (end, True)
        await seen.press("f", "end")
        assert view.following


async def test_new_lines_never_move_a_reader(tmp_path: Path) -> None:
    async with watching(tmp_path, 1) as seen:
        printed(seen, "LLD-42", LINES)
        _, view = log(seen)
        await seen.until(lambda: view.top + view.height > LINES, "lines")
        await seen.press("pageup")
        top = view.top
        printed(seen, "LLD-42", 12)
        await seen.shows("↓ 12 new lines")
        assert view.top == top
        await seen.press("f")
        await seen.until(lambda: "new lines" not in seen.text(), "end of the mark")
        assert view.following
        printed(seen, "LLD-42", 1, "the very last {}")
        await seen.shows("the very last")


async def test_a_click_on_the_mark_goes_to_the_end(tmp_path: Path) -> None:
    async with watching(tmp_path, 1) as seen:
        printed(seen, "LLD-42", LINES)
        pane, view = log(seen)
        await seen.until(lambda: view.top + view.height > LINES, "lines")
        await seen.press("g")
        printed(seen, "LLD-42", 3)
        await seen.shows("3 new lines")
        await seen.pilot.click(pane, offset=(pane.size.width - 8, pane.size.height - 1))
        await seen.until(lambda: view.following, "the end")


async def test_the_scrollbar_can_be_dragged(tmp_path: Path) -> None:
    async with watching(tmp_path, 1) as seen:
        printed(seen, "LLD-42", LINES)
        pane, view = log(seen)
        await seen.until(lambda: view.top + view.height > LINES, "lines")
        edge = pane.region.width - 1
        await seen.pilot.mouse_down(pane, offset=(edge, 0))
        assert view.top == 0
        await seen.pilot.hover(pane, offset=(edge, pane.size.height // 2))
        await seen.pilot.mouse_up(pane, offset=(edge, pane.size.height // 2))
        assert LINES // 3 < view.top < LINES * 2 // 3


async def test_long_lines_can_be_shifted_and_wrapped(tmp_path: Path) -> None:
    async with watching(tmp_path, 1) as seen:
        printed(seen, "LLD-42", 1, "begin " + "x" * 300 + " finish {}")
        _, view = log(seen)
        await seen.until(lambda: "xxx" in seen.text(), "the line")
        assert "finish" not in seen.text()
        for _ in range(40):
            await seen.press("right")
        assert "finish" in seen.text()
        assert "begin" not in seen.text()
        await seen.press("left", "h")
        assert view.left > 0
        await seen.press("w")
        assert view.left == 0
        await seen.shows("begin", "finish", "wrapped")
        await seen.press("w")
        assert "finish" not in seen.text()


async def test_t_shows_when_each_line_was_printed(tmp_path: Path) -> None:
    async with watching(tmp_path, 1) as seen:
        await seen.press("g", "t")
        _, view = log(seen)
        (moment,) = view.reader.times(0, 1)
        stamp = time.strftime("%H:%M:%S", time.localtime(moment))
        await seen.shows(f"{stamp} >>> Executing: N0_fetch_issue")
        await seen.press("t")
        assert f"{stamp} >>>" not in seen.text()


async def test_the_place_is_kept_while_another_log_is_looked_at(tmp_path: Path) -> None:
    stories = [Story("42", "One"), Story("43", "Two")]
    async with watching(tmp_path, stories) as seen:
        printed(seen, "LLD-42", LINES)
        _, view = log(seen)
        await seen.until(lambda: view.top + view.height > LINES, "lines")
        await seen.press("z", "g", "right_square_bracket", "left_square_bracket")
        assert log(seen)[1] is view
        assert (view.top, view.following) == (0, False)


async def test_y_copies_what_is_in_sight(tmp_path: Path) -> None:
    async with watching(tmp_path, 1) as seen:
        await seen.press("g", "y")
        await seen.shows("Copied")
        assert ">>> Executing: N0_fetch_issue" in seen.app.clipboard
        assert "\x1b" not in seen.app.clipboard


async def test_y_and_ctrl_c_copy_the_selection(tmp_path: Path) -> None:
    async with watching(tmp_path, 1) as seen:
        await seen.press("g")
        pane, _ = log(seen)
        for key in ("y", "ctrl+c"):
            await seen.pilot.mouse_down(pane, offset=(5, 1))
            await seen.pilot.hover(pane, offset=(8, 2))
            await seen.pilot.mouse_up(pane, offset=(8, 2))
            await seen.press(key)
            first, second = seen.app.clipboard.split("\n")
            assert first in "issue #42: Retry uploads after a lost connection"
            assert len(second) <= 9
            assert seen.app.screen is seen.board


async def test_only_logs_in_sight_are_read(tmp_path: Path) -> None:
    async with watching(tmp_path, 6, size=(80, 24)) as seen:
        assert set(seen.board.placement.views) == set(seen.items)
    async with watching(tmp_path / "list", 100) as seen:
        assert set(seen.board.placement.views) == set(seen.items)


async def test_an_idle_dashboard_paints_nothing(tmp_path: Path) -> None:
    async with watching(tmp_path, 6) as seen:
        await seen.press("tab")
        painted: list[object] = []
        for pane in seen.board.shown_panes:
            pane.log_pane.refresh = lambda *a, **k: painted.append(a)  # type: ignore[assignment]
            pane.status.refresh = lambda *a, **k: painted.append(a)  # type: ignore[assignment]
        seen.board.log_polling.poll()
        seen.board.update_widgets()
        assert not painted
