"""The rows of text: status line, header, pool strip, table, footer of any width."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from assemblyzero_tui.runner.base.durations import duration
from assemblyzero_tui.runner.base.paths import RunFolder
from assemblyzero_tui.runner.model.events import (
    AnyEvent,
    AutoResumeSet,
    CallEnded,
    CallQueued,
    CallStarted,
    CredentialChanged,
    ItemChanged,
    ItemInfo,
    ItemsQueued,
    NodeStarted,
    Progressed,
    Result,
    RunEnded,
    RunStarted,
)
from assemblyzero_tui.runner.model.run_state import ItemState, RunState, fold
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.runs.report import build
from assemblyzero_tui.widgets.credentials.strip import strip_content
from assemblyzero_tui.widgets.format import brief, counted, cut, fit, roughly, time_of_day
from assemblyzero_tui.widgets.glyphs import ASCII, UNICODE
from assemblyzero_tui.widgets.header import estimate, header_content
from assemblyzero_tui.widgets.items.row import Columns, row_cells
from assemblyzero_tui.widgets.items.status_line import LogFigures, status_content
from assemblyzero_tui.widgets.items.steps import panel_content, steps_content
from assemblyzero_tui.widgets.items.table import Order, sorted_items

NODES = ["N0_fetch_issue", "N1_design", "N2_human_edit", "N3_review", "N4_finalize"]


def run_of(*events: AnyEvent) -> RunState:
    start: list[AnyEvent] = [
        RunStarted(
            run="r", workflow="lld", repository="/srv/shop", provider="offline", parallel=3,
            nodes=NODES, time=100.0,
        ),
        ItemsQueued(items=[ItemInfo(id=f"LLD-{n}", key=str(n)) for n in (1, 2, 3)], time=100.0),
    ]  # fmt: skip
    return fold([*start, *events])


def change(state: State, time: float, item: str = "LLD-1", **more: object) -> AnyEvent:
    return ItemChanged(item=item, attempt=1, state=state, time=time, **more)  # type: ignore[arg-type]


def working(*events: AnyEvent) -> tuple[RunState, ItemState]:
    run = run_of(
        change(State.STARTING, 101.0),
        change(State.RUNNING, 102.0),
        NodeStarted(node="N1_design", item="LLD-1", attempt=1, time=103.0),
        Progressed(iteration=2, limit=20, item="LLD-1", attempt=1, time=104.0),
        CallStarted(lease=1, model="m", timeout=600.0, item="LLD-1", attempt=1, time=105.0),
        *events,
    )
    return run, run.items["LLD-1"]


def status(width: int, now: float = 165.0, log: LogFigures | None = None, *more: AnyEvent) -> str:
    run, item = working(*more)
    log = log or LogFigures(1243, 0, now)
    return status_content(item, run, log, now, UNICODE, width).plain


def test_the_status_shows_everything_where_there_is_room() -> None:
    assert status(120) == "▸ RUN · N1 design 2/5 · call 01:00 · draft 2 · 01:04 · 1 243 lines"


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (60, "▸ RUN · N1 design 2/5 · call 01:00 · draft 2 · 01:04"),
        (48, "▸ RUN · N1 design 2/5 · call 01:00 · 01:04"),
        (38, "▸ RUN · N1 design 2/5 · 01:04"),
        (16, "▸ RUN · 01:04"[:0] + "▸ RUN"),
    ],
)
def test_what_matters_least_is_dropped_first(width: int, expected: str) -> None:
    shown = status(width)
    assert shown.startswith(expected)
    assert cell_len(shown) <= width


def test_new_lines_are_shown_before_nearly_everything() -> None:
    assert "12 new lines" in status(40, log=LogFigures(1243, 12, 165.0))


def test_silence_is_shown() -> None:
    assert "quiet 4m" in status(120, 345.0, LogFigures(10, 0, 105.0))
    assert "quiet" not in status(120, 165.0, LogFigures(10, 0, 160.0))


def test_an_item_at_work_elsewhere_says_by_whom() -> None:
    why = "at work in run a (state folder /x, process 7)"
    run = run_of(ItemChanged(item="LLD-1", state=State.QUEUED, reason=why, elsewhere="a", time=102))
    shown = status_content(run.items["LLD-1"], run, LogFigures(), 165.0, UNICODE, 120).plain
    assert shown == f"· WAIT · {why}"


def test_a_waiting_state_counts_down() -> None:
    resting = change(State.QUOTA, 170.0, until=422.0, reason="no quota left")
    assert status(120, 170.0, None, resting).startswith("◷ QUOTA · resume 4:12 · no quota left")
    assert status(24, 170.0, None, resting) == "◷ QUOTA · resume 4:12"
    hours = change(State.QUOTA, 170.0, until=170.0 + 7200, reason="daily quota exhausted")
    at = time_of_day(170.0 + 7200)
    assert f"resume at {at} · daily quota" in status(120, 170.0, None, hours)
    assert f"quota at {at}" in status(120, 170.0, None, hours, AutoResumeSet(on=False, time=171.0))


WAITS = CallQueued(
    item="LLD-1", attempt=1, model="m", why="a rests until 14:03", until=207.0, time=165.0
)


@pytest.mark.parametrize(
    ("width", "now", "expected"),
    [
        (120, 170.0, "▸ RUN · N1 design 2/5 · ◷ waiting for quota 00:37 · a rests until 14:03 ·"),
        (70, 170.0, "▸ RUN · N1 design 2/5 · ◷ waiting for quota 00:37 · 01:04"),
        (40, 170.0, "▸ RUN · ◷ waiting for quota 00:37"),
        (120, 225.0, "▸ RUN · N1 design 2/5 · ◷ waiting for quota for 01:00 · a rests"),
    ],
)
def test_an_item_in_the_queue_says_so_and_for_how_long(
    width: int, now: float, expected: str
) -> None:
    over = CallEnded(item="LLD-1", attempt=1, lease=1, outcome="minute", time=165.0)
    shown = status(width, now, LogFigures(), over, WAITS)
    assert shown.startswith(expected)
    assert cell_len(shown) <= width


def test_an_item_that_waits_for_a_model_says_so_and_when_it_is_asked_again() -> None:
    why = "m is not answering (HTTP 503)"
    waits = msgspec.structs.replace(WAITS, why=why, until=182.0, for_model=True)
    shown = status(120, 170.0, LogFigures(), waits)
    assert f"◷ retried in 00:12 · {why}" in shown
    assert f"◷ waiting for m for 00:35 · {why}" in status(120, 200.0, LogFigures(), waits)


def test_a_row_of_the_table_counts_down_too() -> None:
    run, item = working(WAITS)
    columns = Columns.fitting(100, list(run.items))
    row = "".join(text for text, _ in row_cells(item, columns, 170.0, UNICODE))
    assert "▸ RUN ◷ 00:37 " in row
    assert "a rests until 14:03" in row
    plain = "".join(text for text, _ in row_cells(item, columns, 170.0, ASCII))
    assert "> RUN % 00:37 " in plain


def test_a_pausing_item_says_when_it_will_be() -> None:
    shown = status(120, 165.0, None, change(State.PAUSING, 160.0))
    assert "PAUSE…" in shown
    assert "after this call, within 9m" in shown


def test_a_done_item_shows_its_outcome() -> None:
    done = change(State.DONE, 170.0, result=Result(summary="approved after 2 reviews"))
    assert status(120, 180.0, None, done).startswith("✓ DONE · approved after 2 reviews")


@given(
    width=st.integers(1, 200),
    state=st.sampled_from(list(State)),
    reason=st.text(max_size=80),
    new=st.integers(0, 10**7),
)
def test_a_status_never_exceeds_its_width_much(
    width: int, state: State, reason: str, new: int
) -> None:
    run, item = working()
    item.state, item.reason = state, reason
    content = status_content(item, run, LogFigures(new, new, 1.0), 165.0, UNICODE, width)
    assert content.cell_length <= max(width, 22)
    assert content.plain.startswith(state.look.glyph)
    assert "\n" not in content.plain


@given(width=st.integers(1, 300), plain=st.booleans())
def test_header_strip_and_steps_keep_to_their_width(width: int, plain: bool) -> None:
    run, item = working(change(State.FAILED, 140.0, "LLD-2"), change(State.DONE, 150.0, "LLD-3"))
    glyphs = ASCII if plain else UNICODE
    header = header_content(run, 165.0, glyphs, width)
    strip = strip_content(run, 165.0, glyphs, width)
    if width >= 60:
        assert header.cell_length == width
        assert strip.cell_length == width
        assert "%" in header.plain
    if plain:
        assert (header.plain + strip.plain).isascii()
        assert steps_content(item, run, glyphs, width).plain.isascii()


def test_the_header_has_totals_with_words_and_what_needs_attention_first() -> None:
    run, _ = working(change(State.FAILED, 140.0, "LLD-2"), change(State.DONE, 150.0, "LLD-3"))
    text = header_content(run, 165.0, UNICODE, 160).plain
    assert text.index("✗ 1 FAIL") < text.index("▸ 1 RUN") < text.index("✓ 1 DONE")
    assert "lld · shop" in text
    assert "3 items" in text


def test_a_header_without_a_row_for_the_keys_counts_them() -> None:
    cooling = CredentialChanged(credential="b", state="cooling", until=300.0, time=120.0)
    one, two = (CredentialChanged(credential=n, state="ready", time=110.0) for n in "ab")
    run, _ = working(one, two)
    said = header_content(run, 165.0, UNICODE, 80, with_credentials=True)
    assert said.cell_length == 80
    assert "ready 2/2" in said.plain
    assert "keys" not in header_content(run, 165.0, UNICODE, 80).plain
    run.apply(cooling)
    assert (
        "ready 1/2, next 2:15"
        in header_content(run, 165.0, UNICODE, 90, with_credentials=True).plain
    )
    assert "ready 1/2 " in header_content(run, 165.0, UNICODE, 80, with_credentials=True).plain
    run.apply(CredentialChanged(credential="a", state="cooling", until=225.0, time=121.0))
    said = header_content(run, 165.0, UNICODE, 80, with_credentials=True)
    assert "ready 0/2, next 1:00" in said.plain
    assert (
        "keys" not in header_content(working()[0], 165.0, UNICODE, 80, with_credentials=True).plain
    )


def test_the_estimate_says_when_nothing_is_known() -> None:
    run, _ = working()
    assert estimate(run, 165.0, UNICODE) == "ETA unknown"
    run.held = True
    assert estimate(run, 165.0, UNICODE) == ""


def test_there_is_no_estimate_while_nobody_is_at_it() -> None:
    run, _ = working(change(State.STARTING, 110.0, "LLD-3"), change(State.DONE, 150.0, "LLD-3"))
    assert estimate(run, 165.0, UNICODE).startswith("ETA")
    assert estimate(run, 165.0, UNICODE, served=False) == ""
    assert "ETA" not in header_content(run, 165.0, UNICODE, 160, served=False).plain


def test_the_header_and_the_summary_say_the_same_of_how_long_it_took(tmp_path: Path) -> None:
    run, _ = working(*(change(State.DONE, 150.6, f"LLD-{n}") for n in (1, 2, 3)))
    run.apply(RunEnded(time=150.8, exit_code=0))
    wall = build(run, RunFolder(tmp_path), 200.0).times.wall
    assert estimate(run, 165.0, UNICODE) == f"took {duration(wall)}"
    assert strip_content(run, 165.0, UNICODE, 120).plain.endswith(f" {duration(wall)} ")


def test_a_retry_is_counted_in_the_same_way_everywhere() -> None:
    run, item = working()
    item.tries = 1
    pane = status_content(item, run, LogFigures(), 165.0, UNICODE, 120).plain
    assert "try 1" in pane
    panel = panel_content(item, run, 165.0, UNICODE, 30).plain
    assert next(row.split() for row in panel.splitlines() if "tries" in row) == ["tries", "1"]


def test_time_counts_in_seconds_while_there_is_no_quota() -> None:
    run, _ = working(change(State.PAUSED, 110.0))
    assert strip_content(run, 120.0, UNICODE, 120).plain.endswith("at once · 00:20 ")


def test_calls_that_a_stop_abandoned_were_not_refused() -> None:
    run, item = working()
    for outcome in ("ok", "died", "cancelled", "minute"):
        run.apply(CallEnded(item=item.id, attempt=item.attempt, lease=9, outcome=outcome))
    assert (run.calls_refused, run.calls_abandoned, item.calls_refused) == (1, 2, 1)
    text = strip_content(run, 165.0, UNICODE, 120).plain
    assert "1 answered · 1 refused · 2 abandoned" in text


def test_the_pool_strip_shows_calls() -> None:
    run, _ = working()
    run.calls_ended.update({"ok": 128, "minute": 2})
    text = strip_content(run, 165.0, UNICODE, 120).plain
    assert "offline model, no credentials · 1 call out · 128 answered · 2 refused" in text
    assert "3 at once" in text


def test_orders_of_the_table() -> None:
    run, _ = working(change(State.FAILED, 140.0, "LLD-3"))
    assert sorted_items(run, Order.ATTENTION, 165.0) == ["LLD-3", "LLD-1", "LLD-2"]
    assert sorted_items(run, Order.QUEUE, 165.0) == ["LLD-1", "LLD-2", "LLD-3"]
    assert sorted_items(run, Order.LONGEST, 165.0)[0] == "LLD-1"


@given(st.text(max_size=40), st.integers(0, 40))
def test_text_is_fitted_to_cells(text: str, width: int) -> None:
    assert cell_len(fit(text, width)) == width
    assert cell_len(cut(text, width)) <= width


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (999, "999"), (4200, "4.2k"), (9960, "10k"), (38_400, "38k"), (1_300_000, "1.3M"),
     (999_600, "1.0M"), (10**13, "10T")],
)  # fmt: skip
def test_large_numbers_in_few_cells(number: int, text: str) -> None:
    assert brief(number) == text


def test_estimates_do_not_pretend_to_know_seconds() -> None:
    assert [roughly(s) for s in (10, 60, 2280, 7800, 200_000)] == [
        "<1m", "1m", "38m", "2h 10m", "2d",
    ]  # fmt: skip
    assert counted(1, "line") == "1 line"
    assert counted(1243, "line") == "1 243 lines"
