"""Which item is the current one: only the user's own moves say so, whatever else happens."""

from __future__ import annotations

import asyncio
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from textual import events
from textual.widget import Widget

from assemblyzero_tui.app.screens.summary import SummaryScreen
from assemblyzero_tui.app.ui import item_commands
from assemblyzero_tui.runner.model.commands import AnyCommand, Cancel, Pause, Resume, Retry
from assemblyzero_tui.runner.model.events import ItemInfo, ItemsQueued, RunHeld
from assemblyzero_tui.runner.model.run_state import RunState
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.widgets.dialogs import Confirm
from assemblyzero_tui.widgets.items.layout import Layout, Mode, plan
from assemblyzero_tui.widgets.items.table import Order, sorted_items
from tests.ui.dashboards import Watched, watching

EXAMPLES = int(os.environ.get("EXAMPLES", "10"))
"""Sequences that are played; more by hand."""
SIZES = [(120, 40), (80, 24), (60, 15), (40, 10), (160, 50), (200, 60)]
STATES = [
    State.RUNNING, State.PAUSED, State.FAILED, State.DONE, State.QUEUED, State.PAUSING,
    State.ASKING, State.QUOTA, State.CANCELLED,
]  # fmt: skip
QUICK = [
    "tab", "shift+tab", "1", "2", "3", "9", "j", "k", "g", "G", "v", "z", "enter", "escape", "a",
    "s", "space", "p", "p", "r",
]  # fmt: skip
"""Keys that may come in one chunk, before anything of them is shown."""
SLOW = ["right_square_bracket", "left_square_bracket", "pagedown", "pageup"]
"""Keys whose step depends on the rows in sight."""

STEPS = st.one_of(
    st.tuples(st.just("keys"), st.lists(st.sampled_from(QUICK), min_size=1, max_size=4)),
    st.tuples(st.just("keys"), st.sampled_from(SLOW).map(lambda key: [key])),
    st.tuples(st.just("size"), st.sampled_from(SIZES)),
    st.tuples(st.just("state"), st.tuples(st.integers(0, 30), st.sampled_from(STATES))),
    st.tuples(st.just("held"), st.booleans()),
    st.tuples(st.just("added"), st.integers(1, 3)),
    st.tuples(st.just("click"), st.integers(0, 11)),
    st.tuples(st.just("away"), st.sampled_from(["S", "question_mark", "blur"])),
    st.tuples(st.just("cancel"), st.tuples(st.integers(0, 30), st.sampled_from(STATES))),
)


@dataclass
class Model:
    """What the user has been told: how each move goes, and nothing of how it is done."""

    run: RunState
    size: tuple[int, int]
    current: str = ""
    wish: Mode | None = None
    zoomed: bool = False
    in_log: bool = False
    logs: list[str] = field(default_factory=list)
    """The logs beside the table while one of them is read."""
    order: Order = Order.ATTENTION
    marks: set[str] = field(default_factory=set)
    commands: list[AnyCommand] = field(default_factory=list)

    @property
    def items(self) -> list[str]:
        return list(self.run.items)

    @property
    def layout(self) -> Layout:
        return plan(len(self.items), *self.size, self.wish)

    @property
    def mode(self) -> Mode:
        return self.layout.mode

    @property
    def rows(self) -> list[str]:
        return sorted_items(self.run, self.order, self.run.time)

    @property
    def in_order(self) -> list[str]:
        return self.rows if self.mode is Mode.LIST else self.items

    @property
    def page(self) -> list[str]:
        at = self.layout.page_of(self.items.index(self.current))
        return [self.items[n] for n in self.layout.on_page(at, len(self.items))]

    @property
    def table(self) -> bool:
        return self.mode is Mode.LIST and not self.zoomed

    def settle(self) -> None:
        """What a layout makes of the focus."""
        if self.mode is Mode.GRID:
            self.in_log = False
        if self.zoomed:
            self.logs = []
        count = 2 if self.size[0] >= 180 and len(self.items) > 1 else 1
        if self.table and not (
            self.in_log and len(self.logs) == count and self.current in self.logs
        ):
            rows, at = self.rows, self.rows.index(self.current)
            after = rows[at : at + count]
            self.logs = after + rows[:at][::-1][: count - len(after)]

    def targets(self) -> list[str]:
        return sorted(self.marks) if self.table and self.marks else [self.current]

    def go(self, item: str, *, in_log: bool = False) -> None:
        self.current = item
        if self.table:
            self.in_log = in_log

    def step(self, order: list[str], by: int) -> None:
        at = order.index(self.current) + by
        self.go(order[max(0, min(at, len(order) - 1))])

    def press(self, key: str, rows_in_sight: int) -> None:
        if self.mode is Mode.TOO_SMALL:
            return
        match key:
            case "tab" | "shift+tab":
                self.tab(1 if key == "tab" else -1)
            case "1" | "2" | "3" | "9":
                if self.mode is Mode.GRID and not self.zoomed and int(key) <= len(self.page):
                    self.go(self.page[int(key) - 1])
            case "j" | "k" | "g" | "G" | "pagedown" | "pageup":
                if self.table and not self.in_log:
                    self.scroll(key, max(1, rows_in_sight - 1))
            case "right_square_bracket" | "left_square_bracket":
                self.turn(1 if key == "right_square_bracket" else -1, max(1, rows_in_sight - 1))
            case "v":
                self.wish = Mode.GRID if self.mode is Mode.LIST else Mode.LIST
                self.zoomed = False
            case "z" | "enter":
                self.zoomed = not self.zoomed and len(self.items) > 1
            case "escape":
                self.zoomed = False
            case "a":
                self.attention()
            case "s" if self.table:
                orders = list(Order)
                self.order = orders[(orders.index(self.order) + 1) % len(orders)]
            case "space" if self.table:
                self.marks ^= {self.current}
                self.step(self.rows, 1)
            case "p" | "r":
                self.command(key)
        self.settle()

    def tab(self, by: int) -> None:
        if self.zoomed:
            self.step(self.in_order, by)
        elif self.table:
            self.settle()
            stops = ["", *self.logs]
            at = stops.index(self.current) if self.in_log else 0
            to = stops[(at + by) % len(stops)]
            self.go(to or self.current, in_log=bool(to))
        else:
            self.go(self.page[(self.page.index(self.current) + by) % len(self.page)])

    def scroll(self, key: str, screenful: int) -> None:
        far = len(self.rows)
        steps = {"j": 1, "k": -1, "g": -far, "G": far}
        by = steps.get(key, screenful if key == "pagedown" else -screenful)
        self.step(self.rows, by)

    def turn(self, by: int, screenful: int) -> None:
        if self.zoomed:
            self.step(self.in_order, by)
        elif self.table:
            self.step(self.rows, by * screenful)
        else:
            page = self.layout.page_of(self.items.index(self.current)) + by
            if 0 <= page < self.layout.pages:
                self.go(self.items[page * self.layout.per_page])

    def attention(self) -> None:
        order = self.in_order
        at = order.index(self.current) + 1
        for item in order[at:] + order[:at]:
            if self.run.items[item].state.wants_attention:
                self.go(item)
                return

    def command(self, key: str) -> None:
        items = [self.run.items[item] for item in self.targets()]
        found = item_commands.pause_or_resume(items) if key == "p" else item_commands.retry(items)
        if found is not None:
            self.commands.append(found)
            if self.table:
                self.marks.clear()


class Player:
    """Does to the dashboard what a step says, and to the model."""

    def __init__(self, seen: Watched, size: tuple[int, int]) -> None:
        self.seen = seen
        self.model = Model(seen.source.state, size)
        self.model.current = self.model.in_order[0]
        self.model.settle()

    async def do(self, step: tuple[str, Any]) -> None:
        what, how = step
        await getattr(self, what)(how)
        await self.seen.pilot.pause()
        self.model.settle()
        self.check(step)

    def check(self, step: tuple[str, Any]) -> None:
        seen, model, board = self.seen, self.model, self.seen.board
        assert board.current == model.current, step
        assert seen.source.sent == model.commands, step
        assert board.table.marks == model.marks, step
        assert board.view_state.mode is model.mode, step
        if model.mode is Mode.TOO_SMALL:
            return
        if model.zoomed:
            assert seen.items == [model.current], step
        elif model.mode is Mode.LIST:
            assert board.table.item == model.current, step
            assert seen.items == model.logs, step
        else:
            assert seen.items == model.page, step
        on_table = model.table and not model.in_log
        shows: Widget = board.table if on_table else seen.pane(model.current).log_pane
        assert board.focused is shows, step

    async def keys(self, keys: list[str]) -> None:
        for key in keys:
            self.model.press(key, self.seen.board.table.height)
            self.seen.app.simulate_key(key)

    async def size(self, size: tuple[int, int]) -> None:
        self.model.size = size
        await self.seen.pilot.resize_terminal(*size)
        await self.seen.until(lambda: self.seen.app.size == size, "new size")

    async def happens(self, change: tuple[int, State]) -> None:
        items = self.model.items
        self.seen.source.change(items[change[0] % len(items)], change[1], reason="so")
        await self.seen.until(lambda: self.seen.source.over, "news")

    async def state(self, change: tuple[int, State]) -> None:
        await self.happens(change)

    async def held(self, held: bool) -> None:
        self.seen.source.happen(RunHeld(held=held, reason="by you"))
        await self.seen.until(lambda: self.seen.source.over, "news")

    async def added(self, number: int) -> None:
        first = 900 + len(self.model.items)
        infos = [ItemInfo(id=f"LLD-{n}", key=str(n)) for n in range(first, first + number)]
        self.seen.source.happen(ItemsQueued(items=infos))
        await self.seen.until(lambda: self.seen.source.over, "news")

    async def click(self, place: int) -> None:
        if self.model.mode is Mode.TOO_SMALL:
            return
        panes = self.seen.board.shown_panes
        pane = panes[place % len(panes)]
        self.model.go(pane.item, in_log=True)
        await self.seen.pilot.click(pane.log_pane)

    async def away(self, where: str) -> None:
        if where == "blur":
            self.seen.app.post_message(events.AppBlur())
            await self.seen.pilot.pause()
            self.seen.app.post_message(events.AppFocus())
            return
        self.seen.app.simulate_key(where)
        await self.seen.until(lambda: self.seen.app.screen is not self.seen.board, where)
        self.seen.app.simulate_key("escape")
        await self.seen.until(lambda: self.seen.app.screen is self.seen.board, "dashboard")

    async def cancel(self, change: tuple[int, State]) -> None:
        """Something happens while the question is there."""
        model = self.model
        if model.mode is Mode.TOO_SMALL:
            return
        items = item_commands.cancellable([model.run.items[item] for item in model.targets()])
        await self.seen.press("x")
        assert isinstance(self.seen.app.screen, Confirm) is bool(items)
        if items:
            await self.happens(change)
            await self.seen.press("y")
            model.commands.append(Cancel(items=items))
            if model.table:
                model.marks.clear()


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],  # looking for a shorter one takes minutes, and the step is named
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    st.sampled_from([3, 7, 20]),
    st.sampled_from(SIZES[:3]),
    st.lists(STEPS, min_size=12, max_size=24),
)
def test_only_the_users_moves_change_which_item_is_current(
    n: int, size: tuple[int, int], steps: list[tuple[str, Any]]
) -> None:
    async def play() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with watching(Path(folder), n, size=size) as seen:
                player = Player(seen, size)
                for step in steps:
                    await player.do(step)

    asyncio.run(play())


async def in_one_chunk(seen: Watched, *keys: str) -> None:
    """Keys that come before anything of the first ones is shown."""
    for key in keys:
        seen.app.simulate_key(key)
    await seen.pilot.pause()


async def test_the_grid_shows_the_item_that_had_the_cursor_and_keys_act_on_it(
    tmp_path: Path,
) -> None:
    async with watching(tmp_path, 20) as seen:
        await seen.press("s", "g", *"jjjjjjjjjjjjjj")
        assert seen.board.table.item == "LLD-56"
        await seen.press("v")
        assert seen.board.current == "LLD-56"
        await seen.press("r")
        await seen.sends(Retry(items=["LLD-56"]))
        await seen.press("v", "r")
        await seen.sends(Retry(items=["LLD-56"]))


@pytest.mark.parametrize(
    ("keys", "item"), [("sjp", "LLD-43"), ("sjvp", "LLD-43"), ("vsjpv", ""), ("sjzzkp", "LLD-42")]
)
async def test_keys_of_one_chunk_act_one_after_the_other(
    tmp_path: Path, keys: str, item: str
) -> None:
    async with watching(tmp_path, 20) as seen:
        before = seen.board.current
        await seen.press("g")
        seen.board.go_to("LLD-42")
        await in_one_chunk(seen, *keys)
        await seen.until(lambda: seen.source.sent, "command")
        assert seen.source.sent == [Pause(items=[item or "LLD-42"])], before


async def test_a_digit_on_the_second_page_means_its_pane(tmp_path: Path) -> None:
    async with watching(tmp_path, 7, size=(80, 24)) as seen:
        await in_one_chunk(seen, "right_square_bracket", "3")
        assert seen.board.current == "LLD-48"
        await seen.press("z", "left_square_bracket", "escape")
        assert (seen.board.current, seen.items) == ("LLD-47", ["LLD-46", "LLD-47", "LLD-48"])


async def test_a_key_right_after_a_click_acts_on_the_pane_that_was_clicked(tmp_path: Path) -> None:
    async with watching(tmp_path, 3) as seen:
        at = seen.pane("LLD-43").log_pane.region.offset
        for kind in (events.MouseDown, events.MouseUp):
            seen.app.post_message(
                kind(None, at.x + 3, at.y + 2, 0, 0, 1, shift=False, meta=False, ctrl=False,
                     screen_x=at.x + 3, screen_y=at.y + 2)
            )  # fmt: skip
        seen.app.simulate_key("p")
        await seen.until(lambda: seen.source.sent, "command")
        await seen.sends(Pause(items=["LLD-43"]))


async def test_marks_stay_until_the_engine_has_accepted(tmp_path: Path) -> None:
    async with watching(tmp_path, 20) as seen:
        seen.source.refusal = "The engine does not answer."
        await seen.press("s", "g", "space", "space", "p")
        await seen.shows("The engine does not answer.")
        assert seen.board.table.marks == {"LLD-42", "LLD-43"}
        seen.source.refusal = ""
        await seen.press("P")
        await seen.sends(Pause())
        assert seen.board.table.marks == {"LLD-42", "LLD-43"}, "P is not about them"
        await seen.press("x", "n")
        assert seen.board.table.marks == {"LLD-42", "LLD-43"}
        await seen.press("x", "y")
        await seen.sends(Cancel(items=["LLD-42", "LLD-43"]))
        await seen.until(lambda: not seen.board.table.marks, "end of the marks")


async def test_marks_out_of_sight_are_not_meant(tmp_path: Path) -> None:
    async with watching(tmp_path, 20) as seen:
        await seen.press("s", "g", "space", "z", "p")
        await seen.sends(Pause(items=["LLD-43"]))
        assert seen.board.table.marks == {"LLD-42"}


async def test_a_question_is_about_the_items_that_it_named(tmp_path: Path) -> None:
    async with watching(tmp_path, 20) as seen:
        await seen.press("s", "g", "j", "x")
        await seen.shows("Cancel LLD-43?")
        seen.source.change("LLD-43", State.DONE)
        seen.source.change("LLD-42", State.FAILED)
        await seen.until(lambda: seen.source.over, "news")
        seen.board.go_to("LLD-45")
        await seen.press("y")
        await seen.sends(Cancel(items=["LLD-43"]))
        await seen.shows("LLD-43 (DONE) had already ended.")


async def test_a_pause_can_be_taken_back_and_asked_for_again(tmp_path: Path) -> None:
    async with watching(tmp_path, 3) as seen:
        await seen.press("p")
        await seen.sends(Pause(items=["LLD-42"]))
        seen.source.change("LLD-42", State.PAUSING)
        await seen.shows("PAUSE…", "p Resume")
        await seen.press("p")
        await seen.sends(Resume(items=["LLD-42"]))
        seen.source.change("LLD-42", State.RUNNING)
        await seen.shows("p Pause")
        await seen.press("p")
        await seen.sends(Pause(items=["LLD-42"]))


async def test_nothing_out_of_sight_is_acted_on(tmp_path: Path) -> None:
    async with watching(tmp_path, 3) as seen:
        await seen.pilot.resize_terminal(40, 10)
        await seen.shows("too small")
        await seen.press("tab", "p", "x", "v", "z")
        assert seen.board.current == "LLD-42"
        assert seen.app.screen is seen.board
        assert not seen.source.sent
        await seen.press("q")
        assert seen.app.screen is not seen.board


async def test_the_summary_moves_the_dashboard_only_where_a_log_is_opened(tmp_path: Path) -> None:
    async with watching(tmp_path, 6) as seen:
        await seen.press("2", "S")
        await seen.until(lambda: isinstance(seen.app.screen, SummaryScreen), "summary")
        await seen.press("j", "j", "escape")
        assert seen.board.current == "LLD-43"
