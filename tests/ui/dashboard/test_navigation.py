"""Keys that move about: panes, pages, zoom, list, attention."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.events import MouseScrollDown, MouseScrollUp
from textual.widgets import Input

from assemblyzero_tui.app.screens.help import HelpScreen
from assemblyzero_tui.app.screens.summary import SummaryScreen
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.widgets.items.layout import Mode
from assemblyzero_tui.widgets.items.table import Order
from tests.ui.dashboards import watching

SMALL = (80, 24)


@pytest.mark.parametrize("n", [3, 6, 10])
async def test_the_first_pane_has_the_focus_at_once(tmp_path: Path, n: int) -> None:
    async with watching(tmp_path, n) as seen:
        first = seen.board.shown_panes[0].log_pane
        await seen.until(lambda: first.has_focus, "focus")
        await seen.press("v")
        await seen.until(lambda: seen.board.table.has_focus, "focus in the list")
        await seen.press("z")
        await seen.until(lambda: seen.board.shown_panes[0].log_pane.has_focus, "focus in front")


async def test_tab_goes_from_pane_to_pane_and_around(tmp_path: Path) -> None:
    async with watching(tmp_path, 3) as seen:
        assert seen.board.current == "LLD-42"
        await seen.press("tab")
        assert seen.board.current == "LLD-43"
        await seen.press("tab", "tab")
        assert seen.board.current == "LLD-42"
        await seen.press("shift+tab")
        assert seen.board.current == "LLD-44"


async def test_digits_focus_the_pane_with_that_number(tmp_path: Path) -> None:
    async with watching(tmp_path, 10, size=(200, 60)) as seen:
        await seen.press("5")
        assert seen.board.current == "LLD-46"
        await seen.press("0")
        assert seen.board.current == "LLD-51"
        await seen.press("1")
        assert seen.board.current == "LLD-42"


async def test_a_digit_without_a_pane_does_nothing(tmp_path: Path) -> None:
    async with watching(tmp_path, 3) as seen:
        await seen.press("7")
        assert seen.board.current == "LLD-42"


async def test_brackets_turn_the_pages(tmp_path: Path) -> None:
    async with watching(tmp_path, 6, size=SMALL) as seen:
        assert seen.items == ["LLD-42", "LLD-43", "LLD-44", "LLD-45"]
        assert "page 1/2" in seen.text()
        assert "off page: 1 FAIL" in seen.text()
        await seen.press("right_square_bracket")
        assert seen.items == ["LLD-46", "LLD-47"]
        assert seen.board.current == "LLD-46"
        await seen.shows("page 2/2")
        assert "off page" not in seen.text()
        await seen.press("right_square_bracket")
        assert seen.items == ["LLD-46", "LLD-47"]
        await seen.press("left_square_bracket")
        assert seen.items[0] == "LLD-42"


async def test_zoom_and_back(tmp_path: Path) -> None:
    async with watching(tmp_path, 3) as seen:
        await seen.press("2", "z")
        assert seen.items == ["LLD-43"]
        await seen.press("z")
        assert len(seen.items) == 3
        assert seen.board.current == "LLD-43"
        await seen.press("enter")
        assert seen.items == ["LLD-43"]
        await seen.press("escape")
        assert len(seen.items) == 3
        assert seen.board.current == "LLD-43"


async def test_in_front_brackets_and_tab_go_to_the_next_item(tmp_path: Path) -> None:
    async with watching(tmp_path, 6, size=SMALL) as seen:
        await seen.press("z", "right_square_bracket")
        assert seen.items == ["LLD-43"]
        await seen.press("tab", "tab", "tab")
        assert seen.items == ["LLD-46"]
        await seen.press("left_square_bracket")
        assert seen.items == ["LLD-45"]
        await seen.press("tab", "escape")
        assert seen.items == ["LLD-46", "LLD-47"], "back on the page of the item"


async def test_a_log_in_front_shows_the_steps(tmp_path: Path) -> None:
    async with watching(tmp_path, 3, size=(120, 40)) as seen:
        await seen.press("z")
        await seen.shows("✓ N1 design ── ✓ N2 human edit ── ▸ N3 review")
    async with watching(tmp_path / "wide", 3, size=(200, 60)) as seen:
        await seen.press("z")
        await seen.shows("waited for quota", "▸ N3 review")


async def test_v_changes_to_the_list_and_back_and_sticks(tmp_path: Path) -> None:
    async with watching(tmp_path, 3) as seen:
        await seen.press("2", "v")
        assert seen.mode() is Mode.LIST
        assert seen.board.table.item == "LLD-43"
        assert seen.items == ["LLD-43"]
        await seen.pilot.resize_terminal(200, 60)
        await seen.pilot.pause()
        assert seen.mode() is Mode.LIST
        await seen.press("v")
        assert seen.mode() is Mode.GRID
        assert seen.board.current == "LLD-43"


async def test_many_items_can_be_a_grid_on_request(tmp_path: Path) -> None:
    async with watching(tmp_path, 100) as seen:
        assert seen.mode() is Mode.LIST
        await seen.press("v")
        assert seen.mode() is Mode.GRID
        assert 1 <= len(seen.items) <= 12
        assert "LLD-46" in seen.items, "the page of the item that had the cursor"


async def test_a_goes_to_what_needs_attention(tmp_path: Path) -> None:
    async with watching(tmp_path, 24, size=(160, 50)) as seen:
        await seen.press("v", "a")
        assert seen.board.current == "LLD-64", "the next one after the cursor"
        await seen.press("a")
        assert seen.board.current == "LLD-46", "and around"
        await seen.press("z", "a")
        assert seen.items == ["LLD-64"]


async def test_a_says_if_nothing_needs_attention(tmp_path: Path) -> None:
    async with watching(tmp_path, 3) as seen:
        await seen.press("a")
        await seen.shows("Nothing needs attention.")


async def test_panes_never_reorder_by_themselves(tmp_path: Path) -> None:
    async with watching(tmp_path, 6) as seen:
        before = seen.items
        seen.source.change("LLD-43", State.FAILED, reason="it broke")
        await seen.shows("it broke")
        assert seen.items == before


async def test_the_list_sorts_by_attention_and_keeps_its_cursor(tmp_path: Path) -> None:
    async with watching(tmp_path, 20) as seen:
        table = seen.board.table
        states = [seen.source.state.items[item].state.look.order for item in table.rows]
        assert states == sorted(states)
        await seen.press("j", "j")
        item = table.item
        seen.source.change("LLD-42", State.FAILED, reason="it broke")
        await seen.until(lambda: table.rows[0] == "LLD-42", "new order")
        assert table.item == item
        await seen.press("s")
        assert seen.order() is Order.QUEUE
        assert table.rows == list(seen.source.state.items)
        assert table.item == item
        await seen.press("s", "s")
        assert seen.order() is Order.ATTENTION


async def test_the_log_beside_the_list_follows_the_cursor(tmp_path: Path) -> None:
    async with watching(tmp_path, 20) as seen:
        for key in ("j", "down", "down", "k", "pagedown", "pageup", "G", "g", "end", "home"):
            await seen.press(key)
            assert seen.items == [seen.board.table.item]


async def test_tab_goes_from_the_list_to_the_log_and_back(tmp_path: Path) -> None:
    async with watching(tmp_path, 20) as seen:
        assert seen.focused() is seen.board.table
        await seen.press("tab")
        assert seen.focused() is seen.board.shown_panes[0].log_pane
        await seen.press("tab")
        assert seen.focused() is seen.board.table


async def test_a_large_list_has_two_logs(tmp_path: Path) -> None:
    async with watching(tmp_path, 20, size=(200, 60)) as seen:
        assert seen.items == seen.board.table.rows[:2]


async def test_a_click_focuses_and_the_wheel_scrolls(tmp_path: Path) -> None:
    async with watching(tmp_path, 3) as seen:
        pane = seen.pane("LLD-44")
        await seen.pilot.click(pane.log_pane)
        assert seen.board.current == "LLD-44"
        view = pane.log_pane.view
        assert view is not None
        top = view.top
        await seen.pilot._post_mouse_events([MouseScrollUp], pane.log_pane)
        await seen.pilot.pause()
        assert view.top == top - 3
        await seen.pilot._post_mouse_events([MouseScrollDown], pane.log_pane)
        await seen.pilot.pause()
        assert view.following


async def test_a_click_on_a_row_moves_the_cursor_and_two_open_its_log(tmp_path: Path) -> None:
    async with watching(tmp_path, 20) as seen:
        await seen.pilot.click(seen.board.table, offset=(5, 5))
        assert seen.board.table.cursor == 3
        await seen.pilot.click(seen.board.table, offset=(5, 6), times=2)
        await seen.pilot.pause()
        assert seen.items == [seen.board.table.rows[4]] == [seen.board.current]
        assert seen.board.view_state.zoomed


async def test_help_lists_every_key_and_state(tmp_path: Path) -> None:
    async with watching(tmp_path, 3, size=(120, 90)) as seen:
        await seen.press("question_mark")
        assert isinstance(seen.app.screen, HelpScreen)
        text = seen.text()
        for word in ("shift+tab", "1-9 0", "QUOTA", "resumes automatically", "Pause all items"):
            assert word in text
        await seen.press("j", "k", "escape")
        assert seen.screen() is seen.board


async def test_the_palette_finds_and_runs_a_command(tmp_path: Path) -> None:
    async with watching(tmp_path, 3) as seen:
        for key in ("colon", "ctrl+p"):
            await seen.press(key)
            seen.app.screen.query_one(Input).value = "zoom"
            await seen.shows("Zoom (z enter)")
            await seen.until(lambda: "Zoom (z enter)" in seen.text(), "the command in the palette")
            await seen.press("escape")
            if seen.app.screen is not seen.board:
                await seen.press("escape")
            await seen.until(lambda: seen.app.screen is seen.board, "dashboard")


async def test_the_palette_shows_no_emoji(tmp_path: Path) -> None:
    async with watching(tmp_path, 3) as seen:
        await seen.press("colon")
        await seen.shows("Follow (f)", " > ")
        assert not [character for character in seen.text() if ord(character) >= 0x1F000]
        await seen.press("ctrl+p")
        assert len(seen.app.screen_stack) == 2, "it is open once"


async def test_summary_can_be_looked_at_in_between(tmp_path: Path) -> None:
    async with watching(tmp_path, 6) as seen:
        await seen.press("S")
        await seen.until(lambda: isinstance(seen.app.screen, SummaryScreen), "summary")
        await seen.press("escape")
        assert seen.screen() is seen.board


async def test_a_log_chosen_in_the_summary_comes_to_the_front(tmp_path: Path) -> None:
    async with watching(tmp_path, 6) as seen:
        await seen.press("S")
        await seen.until(lambda: isinstance(seen.app.screen, SummaryScreen), "summary")
        await seen.press("enter")
        await seen.until(lambda: seen.app.screen is seen.board, "dashboard")
        assert seen.board.view_state.zoomed
        assert seen.items == ["LLD-46"], "the one that failed"
