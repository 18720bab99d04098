"""The start screen: what it offers, what its keys do, what comes out of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static

from assemblyzero_tui.app.screens.start.choice import (
    AttachRun,
    Listing,
    ResumeRun,
    RunOffer,
    StartChoice,
    StartNew,
    check_ready,
    list_pending,
)
from assemblyzero_tui.app.screens.start.screen import StartApp
from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.model.events import ItemInfo
from assemblyzero_tui.widgets.picker import Picker

DEADLINE = 20.0
SHOP = Path("/srv/shop")
TITLES = [
    "Retry uploads after a lost connection",
    "Show the remaining quota before a batch starts",
    "Keep the draft when the reviewer rejects it",
    "Search stops at the first page of results",
    "Import calendars with recurring events",
]
ITEMS = [
    ItemInfo(id=f"LLD-{number}", key=str(number), title=title)
    for number, title in zip((7, 42, 57, 63, 101), TITLES, strict=True)
]
LISTING = Listing(SHOP, ITEMS, ["#12 left out: the design is approved."])
OFFERS = [
    RunOffer("20260921-141320-lld", True, 4, 12, 1, "/srv/shop", 1.79e9),
    RunOffer("20260920-091100-lld", False, 8, 12, 0, "/srv/shop", 1.789e9),
]
LOGGED_OUT = TuiError("gh is not logged in.", "Run: gh auth login")


def start_app(
    outcome: Listing | TuiError = LISTING,
    offers: Sequence[RunOffer] = (),
    start: Path = SHOP,
    **more: Any,
) -> StartApp:
    """A start screen whose items and runs are these."""

    def items(start: Path, folder: Path | None, workflow: str) -> Listing:
        if isinstance(outcome, TuiError):
            raise outcome
        return outcome

    more.setdefault("check", lambda provider: None)
    return StartApp(start, list_runs=lambda: offers, list_items=items, **more)


async def settled(pilot: Pilot[StartChoice], app: StartApp, offers: int = 0) -> None:
    """Returns when everything has been listed."""
    deadline = time.monotonic() + DEADLINE
    while app.chooser.waiting or len(app.offers) < offers:
        assert time.monotonic() < deadline
        await pilot.pause(0.01)
    await pilot.pause()


async def chosen_with(app: StartApp, keys: str, offers: int = 0) -> StartChoice | None:
    """What the start screen returns after these keys."""
    async with app.run_test(size=(100, 36)) as pilot:
        await settled(pilot, app, offers)
        await pilot.press(*keys.split())
        await pilot.pause()
    return app.return_value


async def test_without_a_key_it_says_so_and_stays() -> None:
    app = start_app(check=check_ready)
    async with app.run_test(size=(100, 36)) as pilot:
        await settled(pilot, app)
        await pilot.press("asterisk", "enter")
        await pilot.pause()
        (note,) = app._notifications
        assert "There is no Gemini credential." in note.message
        assert "export GEMINI_API_KEY" in note.message
        assert app.is_running
    assert app.return_value is None


def picked(*numbers: int, parallel: int = 3) -> StartNew:
    items = [item for item in ITEMS if int(item.key) in numbers]
    return StartNew(SHOP, None, items, parallel, "gemini")


@pytest.mark.parametrize(
    ("keys", "choice"),
    [
        ("space enter", picked(7)),
        ("space j space enter", picked(7, 42)),
        ("asterisk enter", picked(7, 42, 57, 63, 101)),
        ("asterisk G space enter", picked(7, 42, 57, 63)),
        ("slash s e a r c h enter space enter", picked(63)),
        ("slash 4 2 enter asterisk enter", picked(42)),
        ("slash s t a r t enter asterisk escape enter", picked(42)),
        ("space plus plus enter", picked(7, parallel=5)),
        ("space minus minus minus minus enter", picked(7, parallel=1)),
        ("q", None),
        ("escape", None),
        ("ctrl+c", None),
    ],
)
async def test_keys_lead_to(keys: str, choice: StartChoice | None) -> None:
    assert await chosen_with(start_app(), keys) == choice


@pytest.mark.parametrize(
    ("keys", "choice"),
    [
        ("enter", AttachRun("20260921-141320-lld")),
        ("down enter", ResumeRun("20260920-091100-lld")),
    ],
)
async def test_unfinished_runs_come_first(keys: str, choice: StartChoice) -> None:
    assert await chosen_with(start_app(offers=OFFERS), keys, offers=2) == choice


async def test_a_click_on_a_run_resumes_it() -> None:
    app = start_app(offers=OFFERS)
    async with app.run_test(size=(100, 36)) as pilot:
        await settled(pilot, app, 2)
        await pilot.click("#start-runs", offset=(10, 1))
        await pilot.pause()
    assert app.return_value == ResumeRun("20260920-091100-lld")


async def test_clicks_choose_items_and_start() -> None:
    app = start_app()
    async with app.run_test(size=(100, 36)) as pilot:
        await settled(pilot, app)
        await pilot.click("#chooser-rows", offset=(10, 1))
        await pilot.click("#chooser-rows", offset=(10, 3))
        await pilot.pause()
        assert app.chooser.chosen == {"LLD-42", "LLD-63"}
        await pilot.click("#start-line", offset=(5, 0))
        await pilot.pause()
    assert app.return_value == picked(42, 63)


async def test_nothing_chosen_starts_nothing() -> None:
    app = start_app()
    async with app.run_test(size=(100, 36)) as pilot:
        await settled(pilot, app)
        await pilot.press("enter")
        await pilot.pause()
        assert [notice.title for notice in app._notifications] == ["Nothing chosen"]
        assert app.return_value is None


async def test_what_was_left_out_is_said() -> None:
    app = start_app()
    async with app.run_test(size=(100, 36)) as pilot:
        await settled(pilot, app)
        assert "#12 left out" in str(app.query_one("#chooser-notes", Static).visual)
        assert app.chooser.border_subtitle == "0 of 5 chosen"


async def test_an_error_stays_in_place_and_can_be_tried_again() -> None:
    outcomes: list[Listing | TuiError] = [LISTING, LOGGED_OUT]

    def items(start: Path, folder: Path | None, workflow: str) -> Listing:
        outcome = outcomes.pop()
        if isinstance(outcome, TuiError):
            raise outcome
        return outcome

    app = StartApp(SHOP, list_runs=tuple, list_items=items)
    async with app.run_test(size=(100, 36)) as pilot:
        await settled(pilot, app)
        text = str(app.query_one("#chooser-status", Static).visual)
        assert "gh is not logged in." in text
        assert "Run: gh auth login" in text
        await pilot.press("asterisk", "enter")
        await pilot.pause()
        assert app.is_running
        await pilot.press("R")
        await settled(pilot, app)
        assert len(app.chooser.shown) == 5


async def test_an_older_answer_does_not_cover_a_newer_one() -> None:
    gate = threading.Event()

    def items(start: Path, folder: Path | None, workflow: str) -> Listing:
        if start.name == "slow":
            gate.wait(DEADLINE)
            return Listing(start, ITEMS, [])
        return Listing(start, ITEMS[:2], [])

    app = StartApp(Path("/srv/slow"), list_runs=tuple, list_items=items)
    async with app.run_test(size=(100, 36)) as pilot:
        await pilot.pause()
        app.query_one("#start-repository", Input).value = "/srv/fast"
        app.reload()
        await settled(pilot, app)
        gate.set()
        await pilot.pause(0.05)
        assert app.settings.repository == Path("/srv/fast")
        assert len(app.chooser.items) == 2


async def test_leaving_does_not_wait_for_a_slow_listing() -> None:
    gate = threading.Event()

    def items(start: Path, folder: Path | None, workflow: str) -> Listing:
        gate.wait(DEADLINE)
        return LISTING

    app = StartApp(SHOP, list_runs=tuple, list_items=items)
    try:
        async with app.run_test(size=(100, 36)) as pilot:
            await pilot.pause()
            assert "Asking gh" in str(app.query_one("#chooser-status", Static).visual)
            await pilot.press("q")
            await pilot.pause()
        assert app.return_value is None
        assert not gate.is_set()
    finally:
        gate.set()


async def test_issues_can_come_from_a_folder_of_files(tmp_path: Path) -> None:
    repository = tmp_path / "shop"
    (repository / ".git").mkdir(parents=True)
    folder = tmp_path / "issues"
    folder.mkdir()
    (folder / "9-nine.md").write_text("# Nine lives\n\nText.\n")
    (folder / "10-ten.md").write_text("# Ten \x1b[31mgreen bottles\n")
    app = StartApp(
        repository, list_runs=tuple, list_items=list_pending, check=lambda provider: None
    )
    async with app.run_test(size=(100, 36)) as pilot:
        app.query_one("#start-source", Picker).index = 1
        await pilot.pause()
        app.query_one("#start-folder", Input).value = str(folder)
        app.query_one("#start-folder").focus()
        await pilot.press("enter")
        await settled(pilot, app)
        assert [item.id for item in app.chooser.shown] == ["LLD-9", "LLD-10"]
        await pilot.press("asterisk", "enter")
        await pilot.pause()
    choice = app.return_value
    assert isinstance(choice, StartNew)
    assert (choice.repository, choice.issues_dir) == (repository, folder)
    assert [item.source for item in choice.items] == [
        str(folder / "9-nine.md"), str(folder / "10-ten.md"),
    ]  # fmt: skip


async def test_ideas_can_become_issues(tmp_path: Path) -> None:
    folder = tmp_path / "shop/ideas/active"
    folder.mkdir(parents=True)
    (tmp_path / "shop/.git").mkdir()
    (folder / "b-second.md").write_text("# Second\n\nText.\n")
    (folder / "a-first.md").write_text("# First \x1b[31midea\n")
    app = StartApp(tmp_path / "shop", list_runs=tuple, list_items=list_pending, provider="offline")
    async with app.run_test(size=(100, 36)) as pilot:
        app.query_one("#start-workflow", Picker).index = 1
        await pilot.pause()
        await settled(pilot, app)
        assert [item.id for item in app.chooser.shown] == ["ISSUE-a-first", "ISSUE-b-second"]
        assert app.chooser.border_title == "Ideas without an issue"
        assert not app.query_one("#start-source-row").display
        app.chooser.rows.focus()
        await pilot.press("asterisk")
        await pilot.pause()
        screen = app.export_screenshot().replace("&#160;", " ")
        assert "Start 2 issues" in screen
        assert ", 2 at once" in screen
        await pilot.press("enter")
        await pilot.pause()
    choice = app.return_value
    assert isinstance(choice, StartNew)
    assert choice.workflow == "issue"
    assert [item.key for item in choice.items] == ["a-first", "b-second"]


async def test_no_repository_is_said_in_place(tmp_path: Path) -> None:
    app = StartApp(tmp_path, list_runs=tuple, list_items=list_pending)
    async with app.run_test(size=(100, 36)) as pilot:
        await settled(pilot, app)
        text = str(app.query_one("#chooser-status", Static).visual)
        assert "is not in a git repository" in text


async def test_nothing_pending_is_said_in_place() -> None:
    app = start_app(Listing(SHOP, [], []))
    async with app.run_test(size=(100, 36)) as pilot:
        await settled(pilot, app)
        status = app.query_one("#chooser-status", Static)
        assert str(status.visual) == "Nothing is pending: every open issue has a design."
        app.query_one("#start-workflow", Picker).index = 1
        await pilot.pause()
        await settled(pilot, app)
        text = "Nothing is pending: ideas/active has no idea without an issue."
        assert str(status.visual) == text


async def test_a_filter_that_nothing_fits_says_so() -> None:
    app = start_app()
    async with app.run_test(size=(100, 36)) as pilot:
        await settled(pilot, app)
        await pilot.press("slash", "slash", *"zzz")
        await pilot.pause()
        status = app.query_one("#chooser-status", Static)
        assert app.chooser.filter.value == "zzz"
        assert (str(status.visual), status.display) == ("Nothing matches the filter.", True)
        await pilot.press("backspace", "backspace", "backspace")
        await pilot.pause()
        assert not status.display
        assert app.chooser.shown


async def test_titles_of_strangers_are_only_text() -> None:
    evil = ItemInfo(id="LLD-1", key="1", title="[@click=app.leave]x[/]\x1b[2J\u202e evil")
    app = start_app(Listing(SHOP, [evil], []))
    async with app.run_test(size=(100, 36)) as pilot:
        await settled(pilot, app)
        screen = app.export_screenshot().replace("&#160;", " ")
        assert "[@click=app.leave]x[/] evil" in screen


async def test_leaving_a_field_with_escape_keeps_the_program() -> None:
    app = start_app()
    async with app.run_test(size=(100, 36)) as pilot:
        await settled(pilot, app)
        app.query_one("#start-repository").focus()
        await pilot.press("q", "escape")
        await pilot.pause()
        assert app.is_running
        assert app.focused is app.chooser.rows


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (160, 50)])
def test_it_looks_like_this(size: tuple[int, int], snap_compare: Callable[..., bool]) -> None:
    app = start_app(offers=OFFERS)

    async def ready(pilot: Pilot[StartChoice]) -> None:
        await settled(pilot, app, 2)

    assert snap_compare(app, terminal_size=size, run_before=ready)


def test_it_looks_like_this_with_items_chosen(snap_compare: Callable[..., bool]) -> None:
    app = start_app(light=True)

    async def ready(pilot: Pilot[StartChoice]) -> None:
        await settled(pilot, app)
        await pilot.press("space", "j", "j", "space")

    assert snap_compare(app, terminal_size=(100, 30), run_before=ready)


def test_it_looks_like_this_with_an_error(snap_compare: Callable[..., bool]) -> None:
    app = start_app(LOGGED_OUT, ascii=True)

    async def ready(pilot: Pilot[StartChoice]) -> None:
        await settled(pilot, app)

    assert snap_compare(app, terminal_size=(60, 18), run_before=ready)
