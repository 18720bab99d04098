"""The table and the strips fit whatever width there is."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assemblyzero_tui.runner.base.paths import RunFolder
from assemblyzero_tui.runner.model.events import ItemInfo
from assemblyzero_tui.runner.model.run_state import fold
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.model.summary import Summary
from assemblyzero_tui.runner.runs import report
from assemblyzero_tui.widgets.glyphs import ASCII, UNICODE, Glyphs
from assemblyzero_tui.widgets.items.summary_table import columns, header, row
from assemblyzero_tui.widgets.start.rows import fitting, item_row
from assemblyzero_tui.widgets.timeline import axis, legend, strip
from tests.unit.run_examples import START, change, mixed_run, numbered, started


def summary_of(*events: object) -> Summary:
    return report.build(fold(events), RunFolder(Path("/r")), START + 500)  # type: ignore[arg-type]


MIXED = summary_of(*mixed_run())
WIDE = summary_of(
    *started(ItemInfo(id="LLD-999999999", key="999999999", title="日本語のとても長い題名です" * 5)),
    change("LLD-999999999", State.FAILED, 5, reason="原因" * 60),
)


@pytest.mark.parametrize("summary", [MIXED, WIDE], ids=["mixed", "wide"])
@given(width=st.integers(58, 300))
def test_header_and_rows_have_the_same_width(summary: Summary, width: int) -> None:
    widths = {header(summary, width).cell_length}
    widths |= {row(summary, n, width, UNICODE).cell_length for n in range(len(summary.items))}
    assert len(widths) == 1
    assert widths.pop() <= width


def test_wide_tables_have_titles_and_narrow_ones_do_not() -> None:
    assert columns(MIXED, 120).title > 0
    assert columns(MIXED, 80).title == 0
    assert columns(MIXED, 80).strip > 0


def test_a_row_without_colour_says_everything_in_words() -> None:
    text = row(MIXED, 2, 160, UNICODE).plain
    assert text.startswith("✗ FAIL")
    assert "LLD-63" in text
    assert "The review is no JSON" in text
    assert text.rstrip().endswith("✗")


def test_an_ascii_row_is_ascii() -> None:
    assert row(MIXED, 2, 100, ASCII).plain.isascii()
    assert legend(ASCII).plain.isascii()


@given(st.floats(0, 2e9), st.floats(0, 1e6), st.integers(0, 300))
def test_an_axis_is_exactly_as_wide_as_asked(start: float, length: float, width: int) -> None:
    assert len(axis(start, start + length, width, time.gmtime)) == width


def test_an_axis_names_the_times_that_it_shows() -> None:
    assert axis(START, START + 7200, 45, time.gmtime).split() == ["14:13", "15:13", "16:13"]
    assert axis(START, START + 60, 25, time.gmtime).split() == ["14:13:20", "14:14:20"]


def test_a_strip_has_a_cell_for_each_state() -> None:
    cells = [State.QUEUED, State.RUNNING, None, State.QUOTA, State.DONE]
    assert strip(cells).plain == "·━ ╍✓"
    assert strip(cells, ASCII).plain == ".= :+"


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
@given(st.sampled_from(["1", "x" * 100, "dark"]), st.text(), st.integers(20, 200))
def test_an_item_row_never_outgrows_its_width(
    glyphs: Glyphs, key: str, title: str, width: int
) -> None:
    item = ItemInfo(id=f"LLD-{key}", key=key, title=title)
    content = item_row(item, False, width, glyphs)
    assert content.cell_length <= width
    assert "\x1b" not in content.plain


def test_the_filter_wants_every_word_whatever_the_case() -> None:
    items = [numbered(42, "Log in with a passkey"), numbered(57, "Passkeys on the phone")]
    assert [item.key for item in fitting(items, "PASSKEY log")] == ["42"]
    assert [item.key for item in fitting(items, "#57")] == ["57"]
    assert fitting(items, "") == items
    assert fitting(items, "nothing") == []
