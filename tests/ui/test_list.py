"""The list: where its cursor and its rows stay while everything changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from assemblyzero_tui.runner.states import State
from tests.ui.journals import Story
from tests.ui.playing import Watched, watching


def going(n: int, at_work: int = 3) -> list[Story]:
    """``n`` items, the first ones of which are at work."""
    return [
        Story(str(42 + i), "A title", State.RUNNING if i < at_work else State.QUEUED, begins=9.0)
        for i in range(n)
    ]


def words(seen: Watched) -> list[str]:
    """The states of the rows in sight."""
    table, items = seen.board.table, seen.source.state.items
    return [items[id].state.value for id in table.rows[table.top : table.top + table.height]]


async def ends(seen: Watched, item: str, state: State = State.DONE) -> None:
    seen.source.change(item, state)
    await seen.until(lambda: seen.source.state.items[item].state is state, f"end of {item}")
    await seen.pilot.pause()


@pytest.mark.parametrize("n", [60, 3000])
async def test_the_cursor_stays_on_the_top_row_and_work_in_sight(tmp_path: Path, n: int) -> None:
    async with watching(tmp_path, going(n), size=(160, 50)) as seen:
        table = seen.board.table
        assert (table.item, seen.items) == ("LLD-42", ["LLD-42"])
        await ends(seen, "LLD-42")
        assert (table.item, table.cursor, table.top) == ("LLD-43", 0, 0)
        await seen.until(lambda: seen.items == ["LLD-43"], "log of the top row")
        assert words(seen).count("running") == 2
        await ends(seen, "LLD-44", State.FAILED)
        assert table.item == "LLD-44"
        await seen.until(lambda: seen.items == ["LLD-44"], "log of the top row")


async def test_a_chosen_item_keeps_the_cursor_and_leaves_the_view_alone(tmp_path: Path) -> None:
    async with watching(tmp_path, going(60), size=(160, 50)) as seen:
        table = seen.board.table
        await seen.press("j")
        await ends(seen, "LLD-43")
        assert (table.item, table.cursor, table.top) == ("LLD-43", 59, 0)
        assert seen.items == ["LLD-43"]
        assert "running" in words(seen)
        await seen.press("k")
        assert table.item == "LLD-101"
        assert table.top > 0, "the next key goes on from the item"


async def test_others_that_change_places_do_not_push_the_cursor_out_of_sight(
    tmp_path: Path,
) -> None:
    async with watching(tmp_path, going(60), size=(160, 50)) as seen:
        table = seen.board.table
        await seen.press("G", "home", "pagedown")
        item = table.item
        row = table.cursor
        for number in range(row + 1, row + 6):
            await ends(seen, f"LLD-{42 + number}", State.FAILED)
        assert table.item == item
        assert table.cursor == row + 5
        assert table.top <= table.cursor < table.top + table.height


async def test_home_stays_on_the_top_row_again(tmp_path: Path) -> None:
    async with watching(tmp_path, going(60), size=(160, 50)) as seen:
        await seen.press("j", "j", "g")
        await ends(seen, "LLD-42")
        assert seen.board.table.item == "LLD-43"


async def test_a_command_and_the_focus_of_the_log_choose_the_item(tmp_path: Path) -> None:
    for key in ("p", "tab", "asterisk"):
        async with watching(tmp_path / key, going(20)) as seen:
            await seen.press(key)
            await ends(seen, "LLD-44", State.FAILED)
            chosen = "LLD-44" if key == "asterisk" else "LLD-42"
            assert seen.board.table.item == chosen
            assert seen.items == [chosen]


async def test_the_second_log_is_the_one_of_the_row_before_the_last(tmp_path: Path) -> None:
    async with watching(tmp_path, going(20), size=(200, 60)) as seen:
        rows = seen.board.table.rows
        await seen.press("G")
        assert seen.items == [rows[-1], rows[-2]]
        await seen.press("k")
        assert seen.items == [rows[-2], rows[-1]]


async def test_the_list_is_right_from_its_first_picture_on(tmp_path: Path) -> None:
    async with watching(tmp_path, 6) as seen:
        table = seen.board.table
        painted: list[tuple[int, int]] = []
        paint = table.render_line

        def noted(y: int) -> object:
            strip = paint(y)
            painted.append((table.top, table._columns.title + table._columns.note))
            return strip

        table.render_line = noted  # type: ignore[method-assign, assignment]
        await seen.press("4", "v")
        assert {top for top, _ in painted} == {0}
        assert 0 not in {columns for _, columns in painted}
