"""The list: where its cursor and its rows stay while everything changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from assemblyzero_tui.runner.model.commands import Retry
from assemblyzero_tui.runner.model.states import State
from tests.ui.dashboards import Watched, watching
from tests.ui.example_runs import Story


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
async def test_the_first_item_keeps_the_cursor_and_work_stays_in_sight(
    tmp_path: Path, n: int
) -> None:
    async with watching(tmp_path, going(n), size=(160, 50)) as seen:
        table = seen.board.table
        assert (table.item, seen.items) == ("LLD-42", ["LLD-42"])
        await ends(seen, "LLD-44", State.FAILED)
        assert (table.item, table.cursor, table.top) == ("LLD-42", 1, 0)
        await ends(seen, "LLD-42")
        assert (table.item, table.cursor, table.top) == ("LLD-42", n - 1, 0)
        assert seen.items == ["LLD-42"]
        assert words(seen)[:2] == ["failed", "running"]


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


async def test_a_command_brings_an_item_that_has_left_into_sight(tmp_path: Path) -> None:
    async with watching(tmp_path, going(60), size=(160, 50)) as seen:
        table = seen.board.table
        await ends(seen, "LLD-42", State.CANCELLED)
        assert (table.item, table.top) == ("LLD-42", 0)
        await seen.press("r")
        await seen.sends(Retry(items=["LLD-42"]))
        assert table.top <= table.cursor < table.top + table.height


@pytest.mark.parametrize("change", ["vv", "zz", (160, 50), (80, 24), (200, 60)])
async def test_another_size_or_view_brings_the_cursor_into_sight(
    tmp_path: Path, change: str | tuple[int, int]
) -> None:
    async with watching(tmp_path, going(90), size=(120, 40)) as seen:
        table = seen.board.table
        await ends(seen, "LLD-42")
        assert table.top == 0
        if isinstance(change, str):
            await seen.press(*change)
        else:
            await seen.pilot.resize_terminal(*change)
            await seen.pilot.pause()
        assert table.item == "LLD-42"
        assert table.top <= table.cursor < table.top + table.height


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
