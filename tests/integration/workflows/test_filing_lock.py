"""The lock under which issues are filed: one for a tracker, waited for within limits."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from assemblyzero_tui.runner.base.errors import TuiError, WorkflowError
from assemblyzero_tui.runner.locks.file_locks import shared_with_children
from assemblyzero_tui.runner.locks.lock_folder import OVERRIDE
from assemblyzero_tui.runner.workflows.tracker import gh_process
from assemblyzero_tui.runner.workflows.tracker.filing_lock import filing_file, filing_lock
from assemblyzero_tui.runner.workflows.tracker.recent_filings import (
    VALID_SECONDS,
    Entry,
    RecentFilings,
)

TRACKER = "github.com/example/tidewater"


def test_an_item_that_waits_too_long_names_who_holds_the_lock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gh_process, "TIMEOUT", 0.01)
    said: list[str] = []
    with filing_lock(TRACKER, "the run one of /state, process 7", print):
        with pytest.raises(WorkflowError) as caught:
            with filing_lock(TRACKER.upper(), "the run two", said.append):
                pass
    assert "the run one of /state, process 7 has been filing in" in caught.value.what
    assert "run the same command again" in caught.value.hint
    assert len(said) == 1
    assert "Waiting for the run one of /state, process 7" in said[0]


def test_other_trackers_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with filing_lock(TRACKER, "one", print):
        with filing_lock(f"{TRACKER}s", "two", print):
            pass


def test_the_lock_is_free_again_and_no_later_child_holds_it() -> None:
    with filing_lock(TRACKER, "one", print):
        (descriptor,) = shared_with_children()
        assert os.fstat(descriptor)
    assert shared_with_children() == ()
    with filing_lock(TRACKER, "two", print):
        pass


def test_without_a_place_for_the_lock_nothing_is_filed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "locks").write_text("")
    monkeypatch.setenv(OVERRIDE, str(tmp_path / "locks"))
    with pytest.raises(TuiError, match="Cannot create the folder"):
        with filing_lock(TRACKER, "one", print):
            raise AssertionError


def test_the_book_forgets_what_the_listing_must_know_by_now(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [1_000_000.0]
    monkeypatch.setattr("time.time", lambda: now[0])
    filings = RecentFilings(TRACKER)
    filings.record(Entry(mark="one", by="a run", time=now[0]))
    filings.record(Entry(mark="one", by="a run", time=now[0], answered=True, number=7, url="u"))
    filings.record(Entry(mark="two", by="a run", time=now[0]))
    assert RecentFilings(TRACKER.upper()).find("one") == Entry(
        mark="one", by="a run", time=now[0], answered=True, number=7, url="u"
    )
    now[0] += VALID_SECONDS
    assert filings.find("one") is None
    filings.record(Entry(mark="three", by="a run", time=now[0]))
    assert b"one" not in filing_file(TRACKER, "json").read_bytes()


@pytest.mark.parametrize("data", [b"", b"{", b"[1]", b"\xff", b'[{"mark": 1}]'])
def test_a_damaged_file_holds_no_filings(data: bytes) -> None:
    path = filing_file(TRACKER, "json")
    path.write_bytes(data)
    filings = RecentFilings(TRACKER)
    assert filings.find("one") is None
    filings.record(Entry(mark="one", by="a run", time=2e9))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
