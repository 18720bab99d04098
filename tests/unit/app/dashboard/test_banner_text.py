"""The text of the banner, on terminals of every width."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from rich.cells import cell_len

from assemblyzero_tui.app.dashboard.banner_text import Engine, find_banner_text
from assemblyzero_tui.runner.model.events import (
    AnyEvent,
    AutoResumeSet,
    CredentialChanged,
    ItemChanged,
    ItemInfo,
    ItemsQueued,
    PoolChanged,
    RunBlocked,
    RunEnded,
    RunHeld,
    RunStarted,
)
from assemblyzero_tui.runner.model.pool_text import time_of_day
from assemblyzero_tui.runner.model.run_state import RunState, fold
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.widgets.banner import BannerText, banner_content
from assemblyzero_tui.widgets.glyphs import ASCII, UNICODE

NOW = 1_790_000_000.0
LIVE = Engine(live=True, gone=False, can_resume=True)
GONE = Engine(live=False, gone=True, can_resume=True)
PAUSED = PoolChanged(
    state="paused", until=NOW + 252, reason="a is cooling, b is exhausted", time=NOW
)
HOURS = PoolChanged(state="paused", until=NOW + 18_120, reason="a and b are exhausted", time=NOW)
FOREVER = PoolChanged(state="paused", reason="a is refused", time=NOW)


def run_of(*events: AnyEvent) -> RunState:
    return fold(
        [
            RunStarted(
                run="r", workflow="lld", repository="/x", provider="gemini", parallel=5, time=NOW
            ),
            ItemsQueued(items=[ItemInfo(id=n, key=n) for n in "AB"], time=NOW),
            CredentialChanged(
                credential="a", state="cooling", model="m", until=NOW + 252, time=NOW
            ),
            *events,
        ]
    )


def banner_text(*events: AnyEvent, watch: Engine = LIVE) -> BannerText:
    found = find_banner_text(run_of(*events), NOW, watch)
    assert found is not None
    return found


def shown(found: BannerText, width: int, **more: Any) -> str:
    content, actions = banner_content(found, more.get("glyphs", UNICODE), width)
    assert content.cell_length <= width
    text = content.plain
    for first, behind, _ in actions:
        assert text[first:behind].strip()
        assert text[behind:][:1] in ("", " ")
    return text


def keys(found: BannerText, width: int) -> list[str]:
    _, actions = banner_content(found, UNICODE, width)
    return [action.removeprefix("screen.do('").removesuffix("')") for _, _, action in actions]


def test_no_quota_for_some_minutes() -> None:
    at = time_of_day(NOW + 252)
    text = shown(banner_text(PAUSED), 200)
    assert (
        f"No quota left: a is cooling, b is exhausted. Resumes automatically in 4:12 ({at})."
        in text
    )
    assert "Auto resume: on" in text
    assert keys(banner_text(PAUSED), 200) == [
        "pause_all",
        "auto_resume",
        "try_now",
        "add_credential",
    ]


def test_hours_are_given_by_the_time_of_day_first() -> None:
    assert f"Resumes automatically at {time_of_day(NOW + 18_120)} (in 5h 02m)." in shown(
        banner_text(HOURS), 200
    )


def test_without_a_time_it_says_what_helps() -> None:
    found = banner_text(FOREVER, CredentialChanged(credential="a", state="invalid", time=NOW))
    assert found.severe
    assert (
        "No usable credential: a is refused. Add, enable or reset a credential to continue."
        in shown(found, 200)
    )


def test_automatic_resume_can_be_off() -> None:
    found = banner_text(PAUSED, AutoResumeSet(on=False, time=NOW))
    text = shown(found, 200)
    assert "then the run waits for you." in text
    assert "Auto resume: off" in text
    back = PoolChanged(state="open", time=NOW)
    waits = ItemChanged(item="A", state=State.QUOTA, time=NOW)
    again = banner_text(AutoResumeSet(on=False, time=NOW), PAUSED, waits, back)
    assert shown(again, 120).startswith(" !  Quota is available again; the run waits for you.")
    assert keys(again, 120) == ["try_now", "auto_resume"]


@pytest.mark.parametrize(
    ("width", "text", "buttons"),
    [
        (120, ". Resumes automatically in 4:12 (14:", 4),
        (80, "No quota, resumes in 4:12 ", 4),
        (60, "No quota, resumes in 4:12 ", 2),
        (40, "No quota, resumes in 4:12 ", 1),
        (31, "No quota, resumes in 4:12", 0),
    ],
)
def test_where_room_is_short_buttons_shorten_and_then_go(
    width: int, text: str, buttons: int
) -> None:
    found = banner_text(PAUSED)
    assert text in shown(found, width)
    assert len(keys(found, width)) == buttons
    if buttons:
        assert "try_now" in keys(found, width)


@pytest.mark.parametrize("events", [[PAUSED], [HOURS], [FOREVER]])
def test_every_width_is_kept_to_and_nothing_is_drawn_twice(events: Sequence[AnyEvent]) -> None:
    found = banner_text(*events)
    for width in range(1, 240):
        text = shown(found, width, glyphs=ASCII)
        assert cell_len(text) <= width
        assert text.isascii()


def test_a_countdown_makes_no_other_banner_text() -> None:
    run = run_of(PAUSED)
    assert find_banner_text(run, NOW, LIVE) == find_banner_text(run, NOW + 1, LIVE)
    off = run_of(PAUSED, AutoResumeSet(on=False, time=NOW))
    assert find_banner_text(run, NOW, LIVE) != find_banner_text(off, NOW, LIVE)


def test_what_nobody_takes_is_not_offered() -> None:
    replay = Engine(live=False, gone=False, can_resume=False)
    assert banner_text(PAUSED, watch=replay).buttons == ()


def test_a_pause_by_the_user_comes_first() -> None:
    held = RunHeld(held=True, reason="by you", time=NOW)
    assert banner_text(PAUSED, held).what == "Paused: by you. No item is started."


def test_an_engine_that_ended_without_quota_says_when_there_is_some() -> None:
    left = RunEnded(exit_code=75, reason="exhausted", time=NOW)
    quota = ItemChanged(item="A", state=State.QUOTA, until=NOW + 252, time=NOW)
    found = banner_text(quota, left, watch=GONE)
    assert "No quota left; nothing is lost. Available again in 4:12" in shown(found, 160)
    assert keys(found, 160) == ["resume_run", "add_credential"]
    assert "No quota left, again in 4:12" in shown(found, 60)
    run = run_of(quota, left)
    later = find_banner_text(run, NOW + 300, GONE)
    assert later is not None
    assert later.what == "There should be quota again; nothing is lost."
    assert banner_text(left, watch=GONE).what == "No usable credential; nothing is lost."


BLOCKED = RunBlocked(
    what="No credential has the model m", words="m is not found", hint="", time=NOW
)


def test_a_run_that_no_item_can_go_on_with_says_why_in_the_service_s_words() -> None:
    found = banner_text(BLOCKED)
    assert (found.what, found.why, found.severe) == (BLOCKED.what, BLOCKED.words, True)
    assert [button.label for button in found.buttons] == []
    assert "report r" in found.then
    found = banner_text(BLOCKED, RunEnded(exit_code=1, reason="error", time=NOW), watch=GONE)
    assert [button.label for button in found.buttons] == ["Resume"]
    assert found.what == BLOCKED.what


def test_where_money_helps_a_credential_can_be_added() -> None:
    found = banner_text(RunBlocked(what="Pay", money=True, time=NOW), watch=GONE)
    assert [button.label for button in found.buttons] == ["Resume", "Add a credential"]


def test_once_it_is_put_right_nothing_is_said() -> None:
    run = run_of(BLOCKED, RunBlocked(time=NOW))
    assert find_banner_text(run, NOW, LIVE) is None
