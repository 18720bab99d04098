"""The dashboard in every size, in ASCII, without colour, with thousands of items, when closed."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest
from textual.color import Color

from assemblyzero_tui.app.dashboard.app import Ending
from assemblyzero_tui.app.ui.keymap import COMMANDS
from assemblyzero_tui.app.ui.themes import DARK, LIGHT
from assemblyzero_tui.runner.model.events import ItemInfo, ItemsQueued
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.widgets.items.layout import MOST_PANES, Mode
from tests.ui.dashboards import watching
from tests.ui.example_runs import Story, mixed

SIZES = [(20, 5), (1, 1), (60, 15), (80, 24), (100, 30), (120, 40), (200, 60), (300, 100)]


@pytest.mark.parametrize("n", [0, 1, 3, 6, 12, 13])
async def test_every_size_shows_something_sensible(tmp_path: Path, n: int) -> None:
    async with watching(tmp_path, n) as seen:
        for width, height in [*SIZES, *reversed(SIZES)]:
            await seen.pilot.resize_terminal(width, height)
            await seen.pilot.pause()
            text = seen.text()
            if width < 60:
                assert seen.board.view_state.mode is Mode.TOO_SMALL
                told = f"{width}×{height} is too small; 60×15 will do"
                assert (
                    text.strip() == (told if len(told) <= width else "small: needs 60×15")[:width]
                )
                continue
            assert "q Quit" in text.splitlines()[-1]
            assert len(seen.board.placement.panes) <= MOST_PANES
            for region in (pane.region for pane in seen.board.shown_panes):
                assert region.bottom < height
                assert region.right <= width


async def test_the_body_is_filled_to_the_last_row(tmp_path: Path) -> None:
    async with watching(tmp_path, 6) as seen:
        *_, last, footer = seen.text().splitlines()
        assert last.startswith(("╰", "┗"))
        assert "? Help" in footer


async def test_ascii_draws_nothing_else(tmp_path: Path) -> None:
    stories = mixed(6)
    async with watching(tmp_path, stories, ascii=True) as seen:
        assert seen.text().isascii()
        await seen.press("v")
        assert seen.text().isascii()
        await seen.press("z")
        assert seen.text().isascii()
        await seen.press("question_mark")
        assert {character for character in seen.text() if not character.isascii()} == set()


async def test_states_are_reported_in_words_and_glyphs(tmp_path: Path) -> None:
    stories = [
        Story(str(number), "A title", state)
        for number, state in enumerate(State, 1)
        if state is not State.ASKING
    ]
    async with watching(tmp_path, stories, size=(200, 60)) as seen:
        text = seen.text()
        for state in (story.ends for story in stories):
            assert f"{state.look.glyph} {state.look.word}" in text


async def test_themes(tmp_path: Path) -> None:
    async with watching(tmp_path, 3) as seen:
        assert seen.app.theme == DARK.name
        seen.app.action_toggle_theme()
        await seen.pilot.pause()
        assert seen.app.theme == LIGHT.name
        assert "LLD-42" in seen.text()
    async with watching(tmp_path / "light", 3, light=True) as seen:
        assert seen.app.theme == LIGHT.name


async def test_foreign_themes_do_not_break_it(tmp_path: Path) -> None:
    async with watching(tmp_path, 3) as seen:
        for theme in ("textual-light", "nord", "gruvbox"):
            seen.app.theme = theme
            await seen.pilot.pause()
            assert "LLD-42" in seen.text()


@pytest.mark.parametrize("value", ["1", ""])
async def test_no_color_leaves_no_hue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("NO_COLOR", value)
    async with watching(tmp_path, 6) as seen:
        assert seen.app.no_color
        assert "✗ 1 FAIL" in seen.text()
        styles = {
            segment.style
            for strip in seen.app.screen._compositor.render_strips(seen.app.size)
            for segment in strip.apply_filter(seen.app._filters[-1], Color.parse("#000000"))
            if segment.style is not None and segment.style.color is not None
        }
        shades = [style.color.get_truecolor() for style in styles if style.color is not None]
        assert all(max(shade) - min(shade) <= 2 for shade in shades)


async def test_thousands_of_items(tmp_path: Path) -> None:
    async with watching(tmp_path, 3000) as seen:
        assert seen.board.view_state.mode is Mode.LIST
        assert len(seen.board.placement.panes) == 1
        await seen.shows("3 000 items")
        await seen.press("G")
        assert seen.board.table.cursor == 2999
        await seen.shows("3 000 of 3 000", seen.board.table.rows[-1])


async def test_items_that_come_later_find_their_place(tmp_path: Path) -> None:
    async with watching(tmp_path, 3) as seen:
        seen.source.happen(ItemsQueued(items=[ItemInfo(id="LLD-99", key="99", title="Late")]))
        await seen.shows("LLD-99")
        assert len(seen.items) == 4


async def test_hostile_text_stays_text(tmp_path: Path) -> None:
    title = "[red]x[/] \x1b]0;owned\x07 \u202e$(reboot) [@click=app.exit]y"
    async with watching(tmp_path, [Story("42", title, State.RUNNING)]) as seen:
        seen.source.change("LLD-42", State.FAILED, reason="\x1b[2J[bold]no[/bold]\n\nmore")
        await seen.shows("[red]x[/]", "[bold]no[/bold]")
        for key in ("v", "z", "escape"):
            await seen.press(key)
            assert "\x1b" not in seen.text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
async def test_signals_close_the_dashboard_and_nothing_else(tmp_path: Path, number: int) -> None:
    async with watching(tmp_path, 3) as seen:
        os.kill(os.getpid(), number)
        await seen.until(lambda: seen.app.return_value is not None, "end")
        assert not seen.source.sent
    asyncio.get_running_loop().remove_signal_handler(number)
    assert seen.app.return_value is Ending.DETACHED


async def test_every_command_has_an_action_on_the_screen(tmp_path: Path) -> None:
    async with watching(tmp_path, 3) as seen:
        for command in COMMANDS:
            assert command.handler in seen.board.handlers, command.id


async def test_what_needs_attention_rings_only_when_nobody_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with watching(tmp_path, 6) as seen:
        rung: list[bool] = []
        monkeypatch.setattr(seen.app, "bell", lambda: rung.append(True))
        seen.source.change("LLD-42", State.FAILED)
        await seen.shows("LLD-42 failed")
        assert not rung
        seen.app.app_focus = False
        seen.source.change("LLD-43", State.LOST)
        await seen.until(lambda: rung, "bell")
        assert len(rung) == 1
