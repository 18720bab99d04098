"""Keys in the strip and in the table of keys, for every width."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assemblyzero_tui.runner.credentials.secret import Secret
from assemblyzero_tui.runner.model.events import (
    AnyEvent,
    CallEnded,
    CallStarted,
    CredentialChanged,
    CredentialStateName,
    ItemChanged,
    ItemInfo,
    ItemsQueued,
    PoolChanged,
    QuotaCounted,
    RunStarted,
)
from assemblyzero_tui.runner.model.pool_text import begins, ends, resume_time, time_of_day
from assemblyzero_tui.runner.model.run_state import RunState, fold
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.widgets.credentials.dialog import NewCredential, free_name, name_error
from assemblyzero_tui.widgets.credentials.strip import strip_content
from assemblyzero_tui.widgets.credentials.table import details, header, lines_of, place_of, row
from assemblyzero_tui.widgets.glyphs import ASCII, UNICODE

NOW = 1_790_000_000.0


def key(name: str, state: CredentialStateName, **more: Any) -> CredentialChanged:
    more.setdefault("quota", f"key {name}")
    return CredentialChanged(credential=name, state=state, time=NOW, **more)


def run_of(*events: AnyEvent) -> RunState:
    return fold(
        [
            RunStarted(
                run="20260921-141320-lld", workflow="lld", repository="/x", provider="gemini",
                parallel=5, time=NOW,
            ),
            ItemsQueued(items=[ItemInfo(id="LLD-1", key="1")], time=NOW),
            *events,
        ]
    )  # fmt: skip


def five_keys() -> RunState:
    return run_of(
        key("amber", "ready", project="shop", fingerprint="0a0b0c0d", quota="project shop"),
        key("birch", "ready", project="shop", quota="project shop"),
        key("cedar", "cooling", model="m", until=NOW + 252, reason="a minute", count=3),
        key("dune", "exhausted", model="m", until=NOW + 18_000, reason="the day"),
        key("ember", "invalid", reason="not valid"),
        QuotaCounted(
            quota="project shop", model="m", minute=7, per_minute=10, day=113, per_day=250, time=NOW
        ),
        QuotaCounted(quota="key cedar", model="m", minute=4, day=9, time=NOW),
        ItemChanged(item="LLD-1", attempt=1, state=State.RUNNING, time=NOW),
        CallStarted(item="LLD-1", attempt=1, lease=1, model="m", credential="amber", time=NOW),
        CallEnded(item="LLD-1", attempt=1, lease=9, outcome="ok", credential="amber", time=NOW),
        PoolChanged(state="low", slots=3, reason="quota", time=NOW),
    )


def strip(width: int) -> str:
    return strip_content(five_keys(), NOW, UNICODE, width).plain


def test_a_wide_strip_shows_everything() -> None:
    shown = strip(260)
    assert shown.startswith(
        " gemini · amber in use 7/10 min 113/250 day · birch ready 7/10 min 113/250 day · "
        f"cedar cooling 4:12 4/? min · dune exhausted until {time_of_day(NOW + 18_000)} · "
        "ember invalid · 1 call out · 1 answered"
    )
    assert shown.endswith("20260921-141320-lld · 3 of 5 at work: quota · 00:00 ")


@pytest.mark.parametrize(
    ("width", "there", "gone"),
    [
        (200, "amber in use 7/10 min", "1 answered"),
        (187, "1 call out", "in use"),
        (172, "113/250 day", "1 call out"),
        (140, "7/10 min", "113/250 day"),
        (120, "amber · birch · cedar cooling 4:12 · dune", "7/10 min"),
        (105, "cedar cooling 4:12", "amber"),
        (70, "2 ready · 1 cooling · 1 exhausted · 1 invalid", "cedar"),
    ],
)
def test_what_matters_least_is_left_out_first(width: int, there: str, gone: str) -> None:
    assert there in strip(width)
    assert gone not in strip(width)
    assert "3 of 5 at work: quota" in strip(width)


@given(st.integers(1, 320), st.booleans())
def test_the_strip_keeps_to_every_width(width: int, plain: bool) -> None:
    shown = strip_content(five_keys(), NOW, ASCII if plain else UNICODE, width)
    assert shown.cell_length <= max(width, 24)
    assert not plain or shown.plain.isascii()


def test_where_credentials_are_only_counted_the_next_one_is_shown() -> None:
    names = [f"a-long-name-{n}" for n in range(5)]
    run = run_of(*(key(name, "cooling", model="m", until=NOW + 30) for name in names))
    assert "5 cooling · next 0:30" in strip_content(run, NOW, UNICODE, 60).plain


@given(st.integers(10, 300), st.booleans())
def test_the_table_keeps_to_every_width(width: int, plain: bool) -> None:
    run = five_keys()
    glyphs = ASCII if plain else UNICODE
    lines = lines_of(run, NOW)
    rows = [row(run, lines, index, width, NOW, glyphs) for index in range(len(lines))]
    lengths = {shown.cell_length for shown in rows} | {header(lines, width).cell_length}
    assert len(lengths) == 1
    assert lengths.pop() <= max(width, 30)
    assert not plain or all(shown.plain.isascii() for shown in rows)


def test_a_row_has_everything_of_a_credential() -> None:
    run = five_keys()
    lines = lines_of(run, NOW)
    shown = [row(run, lines, n, 200, NOW, UNICODE).plain for n in range(len(lines))]
    for text in ("amber", "✓ ready", "7/10", "113/250", "LLD-1", "shop", "0a0b0c0d"):
        assert text in shown[0]
    for text in ("cedar", "◷ cooling 4:12", "4/?", "9/?", " 3 ", "a minute"):
        assert text in shown[2]
    assert "✗ invalid" in shown[4]
    assert "not valid" in shown[4]


def test_a_credential_has_a_row_for_each_model_where_they_differ() -> None:
    run = run_of(
        key("a", "cooling", model="pro", until=NOW + 60), key("a", "exhausted", model="flash")
    )
    lines = lines_of(run, NOW)
    shown = [row(run, lines, n, 160, NOW, UNICODE).plain for n in range(2)]
    assert "flash" in shown[0]
    assert "pro" in shown[1]
    assert shown[0].startswith("a ")
    assert shown[1].startswith("  ")


def test_the_chosen_credential_stays_chosen_when_rows_come_and_go() -> None:
    run = run_of(
        key("a", "cooling", model="pro", until=NOW + 60), key("a", "exhausted", model="flash"),
        key("b", "cooling", model="pro", until=NOW + 60),
    )  # fmt: skip
    two, fewer = lines_of(run, NOW), lines_of(run_of(key("a", "disabled"), key("b", "ready")), NOW)
    assert [place_of(two, line, 0) for line in two] == [0, 1, 2]
    assert [place_of(fewer, line, 0) for line in two] == [0, 0, 1]
    assert place_of(fewer, None, 1) == 1
    assert place_of(lines_of(run_of(key("c", "ready")), NOW), two[2], 7) == 7


def test_details_of_a_credential() -> None:
    run = five_keys()
    lines = lines_of(run, NOW)
    text = [line.plain for line in details(run, lines[0], NOW, UNICODE)]
    assert text == [
        "amber is ready",
        "fingerprint 0a0b0c0d · project shop · shares its quota with birch · in use by LLD-1",
        "m: 7/10 this minute, 113/250 today",
        "1 call answered, 0 refused, 0 tokens in, 0 out",
    ]
    (first, *_) = details(run, lines[2], NOW, UNICODE)
    since = time_of_day(NOW)
    assert first.plain == (
        f"cedar is cooling down for m since {since}, ready in 4:12: a minute (3 refusals in a row)"
    )


def test_credentials_that_another_engine_had_are_listed_if_they_were_used() -> None:
    run = five_keys()
    run.pool.engine_started(NOW)
    assert [line.credential.name for line in lines_of(run, NOW)] == ["amber"]
    assert "· gone" in row(run, lines_of(run, NOW), 0, 100, NOW, UNICODE).plain


def test_times_to_come() -> None:
    at = time_of_day(NOW + 18_000)
    assert (ends(NOW + 252, NOW), ends(NOW + 18_000, NOW)) == ("4:12", f"until {at}")
    assert (begins(NOW + 252, NOW), begins(NOW + 18_000, NOW)) == ("in 4:12", f"at {at}")
    assert resume_time(NOW + 18_000, NOW) == f"at {at} (in 5h 00m)"
    assert resume_time(NOW - 5, NOW).startswith("in 0:00 (")
    assert ends(NOW + 18_000, NOW, set_back=18_000) == f"until {time_of_day(NOW)}"


def test_names_of_credentials() -> None:
    assert free_name([]) == "key-1"
    assert free_name(["key-3", "b"]) == "key-4"
    assert name_error("a", ["b"]) == ""
    assert name_error("", []).startswith("Give the credential a name")
    assert "at most 64" in name_error("x" * 65, [])
    assert "printable" in name_error("a\x1b", [])
    assert name_error("a", ["a"]) == "There is a credential called a already."
    assert "canary" not in repr(NewCredential("a", Secret("canary-key-000000")))


def test_tokens_are_shown_where_their_limit_is_known() -> None:
    counted = QuotaCounted(
        quota="key amber", model="m", minute=2, day=9, tokens=12_000, tokens_per_minute=250_000,
        tokens_learned=True, time=NOW,
    )  # fmt: skip
    run = run_of(key("amber", "ready", quota="key amber"), counted)
    text = [line.plain for line in details(run, lines_of(run, NOW)[0], NOW, UNICODE)]
    assert (
        "m: 2/? this minute, 9/? today, 12k/250k tokens this minute (limit learned from a refusal)"
        in text
    )
    assert "amber ready 2/? min 12k/250k tokens" in strip_content(run, NOW, UNICODE, 200).plain
    later = strip_content(run, NOW + 120, UNICODE, 200).plain
    assert "0/250k tokens" in later
