"""What the banner says, and how much of it on terminals of every width."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from rich.cells import cell_len

from assemblyzero_tui.app.dashboard.banner_text import Engine, find
from assemblyzero_tui.runner.model.events import (
    AnyEvent,
    AutoResumeSet,
    CredentialChanged,
    ItemChanged,
    ItemInfo,
    ItemsQueued,
    PoolChanged,
    RunEnded,
    RunHeld,
    RunStarted,
)
from assemblyzero_tui.runner.model.pool_text import time_of_day
from assemblyzero_tui.runner.model.run_state import RunState, fold
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.widgets.banner import Trouble, banner_content
from assemblyzero_tui.widgets.glyphs import ASCII, UNICODE

NOW = 1_790_000_000.0
LIVE = Engine(live=True, gone=False, can_resume=True)
GONE = Engine(live=False, gone=True, can_resume=True)
PAUSED = PoolChanged(
    state="paused", until=NOW + 252, reason="a rests, b has used up its day", time=NOW
)
HOURS = PoolChanged(state="paused", until=NOW + 18_120, reason="a and b are used up", time=NOW)
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


def trouble(*events: AnyEvent, watch: Engine = LIVE) -> Trouble:
    found = find(run_of(*events), NOW, watch)
    assert found is not None
    return found


def shown(found: Trouble, width: int, **more: Any) -> str:
    content, actions = banner_content(found, more.get("glyphs", UNICODE), width)
    assert content.cell_length <= width
    text = content.plain
    for first, behind, _ in actions:
        assert text[first:behind].strip()
        assert text[behind:][:1] in ("", " ")
    return text


def keys(found: Trouble, width: int) -> list[str]:
    _, actions = banner_content(found, UNICODE, width)
    return [action.removeprefix("screen.do('").removesuffix("')") for _, _, action in actions]


def test_all_keys_rest_for_some_minutes() -> None:
    at = time_of_day(NOW + 252)
    text = shown(trouble(PAUSED), 200)
    assert (
        f"No quota left: a rests, b has used up its day. Resumes automatically in 4:12 ({at})."
        in text
    )
    assert "Auto resume: on" in text
    assert keys(trouble(PAUSED), 200) == ["pause_all", "auto_resume", "try_now", "add_credential"]


def test_hours_are_told_by_the_time_of_day_first() -> None:
    assert f"Resumes automatically at {time_of_day(NOW + 18_120)} (in 5h 02m)." in shown(
        trouble(HOURS), 200
    )


def test_without_a_time_it_says_what_helps() -> None:
    found = trouble(FOREVER, CredentialChanged(credential="a", state="invalid", time=NOW))
    assert found.severe
    assert (
        "No usable credential: a is refused. Add, enable or reset a credential to continue."
        in shown(found, 200)
    )


def test_going_on_by_itself_can_be_off() -> None:
    found = trouble(PAUSED, AutoResumeSet(on=False, time=NOW))
    text = shown(found, 200)
    assert "then the run waits for you." in text
    assert "Auto resume: off" in text
    back = PoolChanged(state="open", time=NOW)
    waits = ItemChanged(item="A", state=State.QUOTA, time=NOW)
    again = trouble(AutoResumeSet(on=False, time=NOW), PAUSED, waits, back)
    assert shown(again, 120).startswith(" !  There is quota again; the run waits for you.")
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
    found = trouble(PAUSED)
    assert text in shown(found, width)
    assert len(keys(found, width)) == buttons
    if buttons:
        assert "try_now" in keys(found, width)


@pytest.mark.parametrize("events", [[PAUSED], [HOURS], [FOREVER]])
def test_every_width_is_kept_to_and_nothing_is_drawn_twice(events: Sequence[AnyEvent]) -> None:
    found = trouble(*events)
    for width in range(1, 240):
        text = shown(found, width, glyphs=ASCII)
        assert cell_len(text) <= width
        assert text.isascii()


def test_a_countdown_makes_no_other_trouble() -> None:
    run = run_of(PAUSED)
    assert find(run, NOW, LIVE) == find(run, NOW + 1, LIVE)
    off = run_of(PAUSED, AutoResumeSet(on=False, time=NOW))
    assert find(run, NOW, LIVE) != find(off, NOW, LIVE)


def test_what_nobody_takes_is_not_offered() -> None:
    replay = Engine(live=False, gone=False, can_resume=False)
    assert trouble(PAUSED, watch=replay).buttons == ()


def test_a_pause_by_the_user_comes_first() -> None:
    held = RunHeld(held=True, reason="by you", time=NOW)
    assert trouble(PAUSED, held).what == "Paused: by you. No item is started."


def test_an_engine_that_left_without_keys_says_when_there_are_some() -> None:
    left = RunEnded(exit_code=75, reason="exhausted", time=NOW)
    quota = ItemChanged(item="A", state=State.QUOTA, until=NOW + 252, time=NOW)
    found = trouble(quota, left, watch=GONE)
    assert "No quota left; nothing is lost. Available again in 4:12" in shown(found, 160)
    assert keys(found, 160) == ["resume_run", "add_credential"]
    assert "No quota left, again in 4:12" in shown(found, 60)
    run = run_of(quota, left)
    later = find(run, NOW + 300, GONE)
    assert later is not None
    assert later.what == "There should be quota again; nothing is lost."
    assert trouble(left, watch=GONE).what == "No usable credential any more; nothing is lost."
