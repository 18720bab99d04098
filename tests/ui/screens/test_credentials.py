"""Credentials in the dashboard: the banner, the screen of keys, the dialog for another one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from assemblyzero_tui.app.dashboard.app import DashboardApp, Ending
from assemblyzero_tui.app.screens.credentials import CredentialsScreen
from assemblyzero_tui.runner.model.commands import Pause, SetAutoResume, TryNow
from assemblyzero_tui.runner.model.events import AnyEvent, AutoResumeSet, PoolChanged, RunEnded
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.runs.run_source import RunSource
from assemblyzero_tui.widgets.credentials.dialog import AddCredentialDialog
from assemblyzero_tui.widgets.dialogs import Confirm
from tests.ui.credential_services import FakeCredentialService
from tests.ui.dashboard.test_dashboard_looks import settled
from tests.ui.dashboards import Standing, Watched, watching
from tests.ui.example_exhaustion import (
    KEYS,
    all_rest,
    fingerprint,
    in_trouble,
    key,
    parked_stories,
    waiting_stories,
)
from tests.ui.example_runs import Story, build

CANARY = "AIzaCanary-0123456789-abcdefghijk"


@asynccontextmanager
async def with_keys(
    path: Path,
    stories: Sequence[Story] | None = None,
    pool: Callable[[float], Sequence[AnyEvent]] = in_trouble,
    **more: Any,
) -> AsyncIterator[tuple[Watched, FakeCredentialService]]:
    """A run with five keys, and a credential_service that notes what is ordered."""
    credential_service = FakeCredentialService()
    built = {"provider": "gemini", "keys": KEYS, "pool": pool, "parallel": 5}
    told = waiting_stories(6) if stories is None else stories
    async with watching(
        path, told, built=built, credential_service=credential_service, **more
    ) as seen:
        yield seen, credential_service


async def test_the_strip_and_the_panes_say_who_waits(tmp_path: Path) -> None:
    async with with_keys(tmp_path, size=(200, 50)) as (seen, _):
        await seen.shows(
            "amber 7/10 min 113/250 day",
            "cedar exhausted until",
            "dune cooling 0:37",
            "ember invalid",
            "3 of 5 at work: quota",
            "◷ waiting for quota 00:37",
        )


async def test_countdowns_run_every_second(tmp_path: Path) -> None:
    async with with_keys(tmp_path) as (seen, _):
        await seen.shows("waiting for quota 00:37", "dune cooling 0:37")
        seen.source.time += 10
        await seen.shows("waiting for quota 00:27", "dune cooling 0:27")


async def test_the_banner_says_why_until_when_and_what_can_be_done(tmp_path: Path) -> None:
    async with with_keys(tmp_path, parked_stories(6), all_rest, size=(200, 50)) as (seen, _):
        await seen.shows(
            "No quota left: amber is cooling down until 14:26",
            "Resumes automatically in 4:12 (14:26).",
            "resume 4:12",
        )
        seen.source.time += 2
        await seen.shows("Resumes automatically in 4:10 (14:26).", "resume 4:10")
        await seen.press("R")
        await seen.sends(TryNow())
        await seen.press("W")
        await seen.sends(SetAutoResume(on=False))
        seen.source.happen(AutoResumeSet(on=False))
        await seen.shows("Auto resume: off", "then the run waits for you", "quota in 4:10")
        await seen.press("W")
        await seen.sends(SetAutoResume(on=True))
        seen.source.happen(AutoResumeSet(on=True))
        seen.source.happen(PoolChanged(state="open"))
        await seen.until(lambda: seen.board.banner_text is None, "end of the banner")
        await seen.shows("Quota is available again")


@pytest.mark.parametrize(
    ("label", "command"),
    [("Pause", Pause()), ("Auto: on", SetAutoResume(on=False)), ("Now", TryNow())],
)
async def test_the_buttons_of_the_banner_can_be_clicked(
    tmp_path: Path, label: str, command: Any
) -> None:
    async with with_keys(tmp_path, parked_stories(6), all_rest) as (seen, _):

        def place() -> int:
            # In the banner's own row: the footer has a "Pause" as well, and is there before.
            row = seen.text().splitlines()[seen.board.banner.region.y]
            return row.find(f" {label} ") + 1

        await seen.until(place, f"{label!r} in the banner")
        await seen.pilot.click(seen.board.banner, offset=(place(), 0))
        await seen.sends(command)


async def test_quota_that_returns_waits_for_the_user_on_request(tmp_path: Path) -> None:
    async with with_keys(tmp_path, parked_stories(6), all_rest) as (seen, _):
        seen.source.happen(AutoResumeSet(on=False), PoolChanged(state="open"))
        await seen.shows("Quota is available again; the run waits for you.", "R  Resume now")


async def test_without_an_engine_no_credential_can_be_tested(tmp_path: Path) -> None:
    async with with_keys(tmp_path, parked_stories(6), all_rest, live=False) as (seen, _):
        for name in ("R", "W"):
            await seen.press(name)
            await seen.shows("No engine is running: resume the run first.")
        assert not seen.source.sent


async def test_an_engine_that_ended_without_quota_offers_a_credential(
    tmp_path: Path,
) -> None:
    async def resume() -> RunSource:
        raise AssertionError("nobody asked for it")

    async with with_keys(tmp_path, parked_stories(6), all_rest, resume=resume) as (seen, _):
        seen.source.happen(RunEnded(exit_code=75, reason="exhausted"))
        await seen.until(lambda: seen.source.state.ended is not None, "end")
        seen.source.engine_goes()
        await seen.shows("No quota left; nothing is lost", "r  Resume", "A  Add a credential")


async def test_capital_k_shows_every_credential(tmp_path: Path) -> None:
    async with with_keys(tmp_path) as (seen, _):
        await seen.press("K")
        await seen.until(lambda: isinstance(seen.app.screen, CredentialsScreen), "screen of keys")
        await seen.shows("2 ready", "exhausted until 19:52", "cooling 0:37", "113/250", "LLD-43")
        await seen.shows("amber is ready", "shares its quota with birch", "all ")
        await seen.press("down", "down", "down")
        await seen.shows(
            "dune is cooling down for offline-1 since 14:22, ready in 0:37",
            "(limit learned from a refusal)",
        )
        seen.source.time += 7
        await seen.shows("cooling 0:30", "ready in 0:30")
        seen.source.happen(key("dune", "disabled", 0.0, reason="by you"))
        await seen.shows("dune is disabled since 14:22: by you", "space Enable")
        for name in ("K", "q", "escape"):
            await seen.press(name)
            assert seen.app.screen is seen.board
            await seen.press("K")


@pytest.mark.parametrize(
    ("pressed", "order"), [(("space", "y"), "disable"), (("t",), "test"), (("r", "y"), "reset")]
)
async def test_actions_on_the_selected_credential(
    tmp_path: Path, pressed: tuple[str, ...], order: str
) -> None:
    async with with_keys(tmp_path) as (seen, credential_service):
        await seen.press("K", "down", *pressed)
        await seen.until(lambda: credential_service.orders, order)
        assert credential_service.orders == [(order, fingerprint("birch"), "birch")]
        await seen.shows(f"{order}: [done]")
        credential_service.refusal = "the [store] is busy"
        await seen.press(*pressed)
        await seen.shows("the [store] is busy")


async def test_a_credential_is_disabled_for_every_run_only_after_a_confirmation(
    tmp_path: Path,
) -> None:
    async with with_keys(tmp_path) as (seen, credential_service):
        await seen.press("K", "space")
        await seen.shows("Disable amber?", "No run uses it until it is enabled again.")
        await seen.press("enter")
        await seen.until(lambda: isinstance(seen.app.screen, CredentialsScreen), "no dialog")
        assert not credential_service.orders
        seen.source.happen(key("amber", "disabled", 0.0, reason="by you"))
        await seen.shows("amber is disabled")
        await seen.press("space", "y")
        await seen.until(lambda: credential_service.orders, "order")
        assert credential_service.orders == [("enable", fingerprint("amber"), "amber")]


@pytest.mark.parametrize("keys", ["d", "K d", "S d", "question_mark d", "q d", "q l", "v d", "z d"])
async def test_d_detaches_on_every_screen(tmp_path: Path, keys: str) -> None:
    async with with_keys(tmp_path) as (seen, credential_service):
        await seen.press(*keys.split())
        await seen.until(lambda: seen.app.return_value is Ending.DETACHED, "left")
        assert not credential_service.orders


async def test_the_cursor_stays_with_its_credential(tmp_path: Path) -> None:
    async with with_keys(tmp_path) as (seen, credential_service):
        seen.source.happen(key("amber", "cooling", 0.0, model="one"))
        seen.source.happen(key("amber", "exhausted", 0.0, model="two"))
        await seen.press("K")
        await seen.shows("one", "two")
        await seen.press("down", "down")
        await seen.shows("birch is ready")
        seen.source.happen(key("amber", "disabled", 0.0, reason="by you"))
        await seen.shows("1 disabled")
        await seen.press("space", "y")
        await seen.until(lambda: credential_service.orders, "order")
        assert credential_service.orders == [("disable", fingerprint("birch"), "birch")]


async def test_a_demo_says_at_once_that_it_takes_no_api_key(tmp_path: Path) -> None:
    async with with_keys(tmp_path) as (seen, credential_service):
        credential_service.read_only_reason = "A demo uses its own credentials"
        await seen.press("A")
        await seen.shows("A demo uses its own credentials")
        assert seen.app.screen is seen.board


async def test_a_reset_asks_first(tmp_path: Path) -> None:
    async with with_keys(tmp_path) as (seen, credential_service):
        await seen.press("K", "r")
        assert isinstance(seen.app.screen, Confirm)
        await seen.shows("Reset amber?")
        await seen.press("enter")
        assert not credential_service.orders


async def test_r_in_the_credentials_screen_tries_now(tmp_path: Path) -> None:
    async with with_keys(tmp_path) as (seen, _):
        await seen.press("K", "R")
        await seen.sends(TryNow())
        seen.source.live = False
        await seen.press("R")
        await seen.shows("No engine is running")


async def test_without_a_service_credentials_are_only_shown(tmp_path: Path) -> None:
    built = {"provider": "gemini", "keys": KEYS, "pool": in_trouble}
    async with watching(tmp_path, waiting_stories(3), built=built) as seen:
        await seen.press("K", "space")
        await seen.shows("Credentials cannot be changed here")
        await seen.press("n")
        await seen.shows("Credentials cannot be added here")


async def test_a_run_without_credentials_says_so(tmp_path: Path) -> None:
    async with watching(tmp_path, 3, credential_service=FakeCredentialService()) as seen:
        for name in ("K", "A"):
            await seen.press(name)
            await seen.shows("There are no credentials: offline needs none.")
        assert seen.app.screen is seen.board
        assert "K Keys" not in seen.text()


@pytest.mark.parametrize("way", [("A",), ("K", "n"), ("K", "A")])
async def test_an_added_api_key_is_shown_nowhere(tmp_path: Path, way: tuple[str, ...]) -> None:
    async with with_keys(tmp_path) as (seen, credential_service):
        await seen.press(*way)
        assert isinstance(seen.app.screen, AddCredentialDialog)
        await seen.shows("key-6", "gemini-credentials.json")
        seen.app.screen.query_one("#credential-api-key", Input).value = CANARY
        await seen.pilot.pause()
        assert CANARY not in seen.app.export_screenshot()
        await seen.press("down", *"lab", "enter")
        await seen.until(lambda: credential_service.orders, "order")
        assert credential_service.orders == [("add", "key-6", CANARY, "lab")]
        await seen.shows("add: [done]")
        journal = seen.source.folder.journal.read_text()
        assert CANARY not in journal + seen.app.export_screenshot()


async def test_enter_adds_a_credential_as_soon_as_there_is_one(tmp_path: Path) -> None:
    async with with_keys(tmp_path) as (seen, credential_service):
        await seen.press("A")
        seen.app.screen.query_one("#credential-api-key", Input).value = CANARY
        await seen.press("enter")
        await seen.until(lambda: credential_service.orders, "order")
        assert credential_service.orders == [("add", "key-6", CANARY, "")]


@pytest.mark.parametrize(
    ("name", "secret", "complaint"),
    [
        ("", CANARY, "Give the credential a name"),
        ("amber", CANARY, "There is a credential called amber already."),
        ("new", "short", "it is too short"),
    ],
)
async def test_what_cannot_be_an_api_key_is_rejected(
    tmp_path: Path, name: str, secret: str, complaint: str
) -> None:
    async with with_keys(tmp_path) as (seen, credential_service):
        await seen.press("A")
        dialog = seen.app.screen
        dialog.query_one("#credential-name", Input).value = name
        dialog.query_one("#credential-api-key", Input).value = secret
        await seen.pilot.click("#choice-enter")
        await seen.shows(complaint)
        assert seen.app.screen is dialog
        await seen.press("escape")
        assert seen.app.screen is seen.board
        assert not credential_service.orders


async def test_a_notification_says_that_no_quota_is_left(tmp_path: Path) -> None:
    async with with_keys(tmp_path) as (seen, _):
        until = seen.source.now() + 252
        seen.source.happen(PoolChanged(state="paused", until=until, reason="all [rest]"))
        await seen.shows("No quota left", "all [rest]", "resumes automatically")
        for item in ("LLD-42", "LLD-45"):
            seen.source.change(item, State.QUOTA, reason="no quota left")
        await seen.shows("QUOTA · resume")


# How it looks


def app_of(path: Path, stories: Sequence[Story], pool: Any, **options: Any) -> DashboardApp:
    run = build(
        path / "20260921-142000-lld", stories, provider="gemini", keys=KEYS, pool=pool, parallel=5
    )
    return DashboardApp(
        Standing(run), clock=lambda: 0.0, credential_service=FakeCredentialService(), **options
    )


def for_ever(now: float) -> list[AnyEvent]:
    """All keys are refused, and nobody knows when that changes."""
    return all_rest(now, left=None)


@pytest.mark.parametrize(
    ("stories", "pool", "size", "options"),
    [
        (waiting_stories(6), in_trouble, (120, 40), {}),
        (waiting_stories(6), in_trouble, (200, 60), {}),
        (waiting_stories(20), in_trouble, (120, 40), {"light": True}),
        (parked_stories(6), all_rest, (160, 40), {}),
        (parked_stories(6), all_rest, (80, 24), {}),
        (parked_stories(6), all_rest, (60, 15), {"ascii": True}),
        (parked_stories(6), for_ever, (120, 40), {}),
    ],
    ids=["waiting", "waiting-wide", "list", "rest", "rest-80", "rest-60", "refused"],
)
def test_the_dashboard_looks_like_this(
    snap_compare: Any, tmp_path: Path, stories: Sequence[Story], pool: Any,
    size: tuple[int, int], options: dict[str, Any],
) -> None:  # fmt: skip
    app = app_of(tmp_path, stories, pool, **options)
    assert snap_compare(app, terminal_size=size, run_before=settled)


@pytest.mark.parametrize(
    ("pressed", "size", "options"),
    [
        (["K", "down", "down", "down"], (120, 40), {}),
        (["K"], (200, 60), {"light": True}),
        (["K"], (80, 24), {}),
        (["K", "down"], (60, 15), {"ascii": True}),
        (["A"], (80, 24), {}),
    ],
    ids=["credentials", "credentials-wide", "credentials-80", "credentials-60", "add"],
)
def test_the_credentials_screen_looks_like_this(
    snap_compare: Any, tmp_path: Path, pressed: list[str], size: tuple[int, int],
    options: dict[str, Any],
) -> None:  # fmt: skip
    async def press(pilot: Pilot[Any]) -> None:
        await settled(pilot)
        await pilot.press(*pressed)
        for field in pilot.app.screen.query(Input):
            field.cursor_blink = False
        await settled(pilot)

    app = app_of(tmp_path, waiting_stories(6), in_trouble, **options)
    assert snap_compare(app, terminal_size=size, run_before=press)
