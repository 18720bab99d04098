"""Runs the dashboard on a run whose engine is played by the test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget

from assemblyzero_tui.app.dashboard.app import DashboardApp
from assemblyzero_tui.app.dashboard.screen import DashboardScreen
from assemblyzero_tui.runner.base.errors import EngineError
from assemblyzero_tui.runner.model.commands import AnyCommand, Reply, Retry
from assemblyzero_tui.runner.model.events import Event, ItemChanged
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.runs.replay import Replay
from assemblyzero_tui.widgets.items.layout import Mode
from assemblyzero_tui.widgets.items.table import Order
from assemblyzero_tui.widgets.items.workflow_pane import WorkflowPane
from tests.ui.example_runs import BuiltRun, Story, build, mixed

DEADLINE = 20.0


class Standing(Replay):
    """A replay that stands at the end of its journal, as if an engine served it."""

    def __init__(self, run: BuiltRun, *, live: bool = True) -> None:
        super().__init__(run.folder, clock=lambda: 0.0)
        self.jump(run.now)
        self.live = live


class PlayedRun(Replay):
    """A run at the end of its journal, with an engine that answers as the test says."""

    def __init__(self, run: BuiltRun, *, live: bool = True) -> None:
        self.time = run.now
        super().__init__(run.folder, clock=lambda: self.time - run.now)
        self.jump(run.now)
        self.live = live
        self.sent: list[AnyCommand] = []
        """The commands that came in."""
        self.refusal = ""
        self._woken = asyncio.Event()

    @property
    def end(self) -> float:
        return float("inf")

    def happen(self, *events: Event) -> None:
        """Lets these events happen now."""
        for event in events:
            event.time = self.now()
            event.seq = len(self._events) + 1
            self._events.append(event)  # type: ignore[arg-type]
        self._woken.set()

    def change(self, item: str, state: State, **more: Any) -> None:
        """Puts an item into a state."""
        attempt = self.state.items[item].attempt
        self.happen(ItemChanged(item=item, attempt=attempt, state=state, **more))

    def engine_goes(self) -> None:
        """From now on no engine serves the run."""
        self.live = False
        self._woken.set()

    async def send(self, command: AnyCommand) -> Reply:
        if self.refusal:
            raise EngineError(self.refusal)
        self.sent.append(command)
        return Reply(affected=self._affected(command))

    def _affected(self, command: AnyCommand) -> list[str]:
        """As the engine has it: nothing but a retry has an effect on what has ended."""
        meant = getattr(command, "items", [])
        again = isinstance(command, Retry)
        return [item for item in meant if self.state.items[item].state.terminal is again]

    async def wait_for_change(self, timeout: float) -> None:
        try:
            await asyncio.wait_for(self._woken.wait(), timeout)
        except TimeoutError:
            return
        self._woken.clear()


class Watched:
    """A dashboard under test."""

    def __init__(self, app: DashboardApp, source: PlayedRun, pilot: Pilot[Any]) -> None:
        self.app = app
        self.source = source
        self.pilot = pilot

    @property
    def board(self) -> DashboardScreen:
        return self.app.dashboard

    @property
    def items(self) -> list[str]:
        """The items whose logs are in sight."""
        return [pane.item for pane in self.board.shown_panes]

    # Methods, not properties: mypy takes what it was told of a property to hold after any call.

    def screen(self) -> Screen[Any]:
        return self.app.screen

    def focused(self) -> Widget | None:
        return self.app.focused

    def mode(self) -> Mode:
        """How the items are laid out."""
        return self.board.view_state.mode

    def order(self) -> Order:
        """How the list is sorted."""
        return self.board.table.order

    def pane(self, item: str) -> WorkflowPane:
        """The pane of an item."""
        return next(pane for pane in self.board.shown_panes if pane.item == item)

    async def press(self, *keys: str) -> None:
        """Presses keys one after the other and lets everything settle."""
        for key in keys:
            await self.pilot.press(key)
            await self.pilot.pause()

    async def until(self, condition: Callable[[], Any], what: str) -> None:
        """Returns as soon as a condition holds."""
        loop = asyncio.get_running_loop()
        end = loop.time() + DEADLINE
        while not condition():
            assert loop.time() < end, f"still no {what}\n{self.text()}"
            await self.pilot.pause(0.01)

    def text(self) -> str:
        """The screen as text."""
        strips = self.app.screen._compositor.render_strips(self.app.size)
        return "\n".join("".join(segment.text for segment in strip) for strip in strips)

    async def shows(self, *texts: str) -> None:
        """Waits until all these texts are on the screen."""
        for text in texts:
            await self.until(partial(self._has, text), f"{text!r} on the screen")

    def _has(self, text: str) -> bool:
        return text in self.text()

    async def sends(self, command: AnyCommand) -> None:
        """Waits until exactly this command has been sent, and forgets it."""
        await self.until(lambda: self.source.sent, f"{command}")
        assert self.source.sent == [command]
        self.source.sent.clear()


@asynccontextmanager
async def watching(
    path: Path,
    stories: Sequence[Story] | int = 3,
    *,
    size: tuple[int, int] = (120, 40),
    live: bool = True,
    built: dict[str, Any] | None = None,
    **options: Any,
) -> AsyncIterator[Watched]:
    """The dashboard on a run that these stories tell, or on so many items in mixed states."""
    told = mixed(stories) if isinstance(stories, int) else stories
    source = PlayedRun(build(path / "20260921-142000-lld", told, **(built or {})), live=live)
    app = DashboardApp(source, **options)
    async with app.run_test(size=size, notifications=True) as pilot:
        watched = Watched(app, source, pilot)
        await watched.until(lambda: source.state.started is not None, "run")
        await pilot.pause()
        yield watched
    await source.close()
