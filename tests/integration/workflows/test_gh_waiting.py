"""Failures of gh that pass are waited for, and what was filed is never filed again."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assemblyzero_tui.runner.base.errors import TransientError, TuiError, WorkflowError
from assemblyzero_tui.runner.model.events import ItemInfo
from assemblyzero_tui.runner.workflows.issue import filer
from assemblyzero_tui.runner.workflows.lld.pending import left_out_of_all, pending_lld_items
from assemblyzero_tui.runner.workflows.tracker import filing_pace, gh_issues
from assemblyzero_tui.runner.workflows.tracker.filing_pace import AT_MOST, GAP, PAUSES, FilingPace
from assemblyzero_tui.runner.workflows.tracker.gh_failures import Cause, GhTransientError
from assemblyzero_tui.runner.workflows.tracker.gh_issues import IssueFilter
from assemblyzero_tui.runner.workflows.tracker.gh_process import RATE_WINDOW, WAITING
from assemblyzero_tui.runner.workflows.tracker.tracker_name import find_tracker
from tests.integration.workflows.in_test_context import (
    InTestContext,
    run_graph,
    worker_spec,
    write_idea,
)
from tests.stand_ins import calls, filed_issues, make_issues, write_issue

TRACKER = "github.com/example/tidewater"
PASSING = ("fail", "dial", "tls", "reset", "eof", "502", "502-page", "wrong", "secondary", "429")
REFUSALS = ("too-quickly", "secondary", "blocked", "429")
CUT_OFF = ("fail", "reset", "502", "wrong")


class Clock:
    """Stands for the waiting: nothing sleeps, and the time goes on."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.told: list[str] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def time(self) -> float:
        return time.time() + sum(self.slept)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Nobody waits in these tests."""
    made = Clock()
    monkeypatch.setattr(WAITING, "sleep", made.sleep)
    monkeypatch.setattr(WAITING, "notify", made.told.append)
    monkeypatch.setattr(filing_pace, "now", made.time)
    monkeypatch.setattr(filer, "SETTLE_SECONDS", 0.0)
    monkeypatch.setattr(filer, "AGAIN_SECONDS", 0.0)
    return made


@pytest.fixture
def fault(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Scripts the faults of gh."""
    return lambda script: monkeypatch.setenv("GH_STAND_IN_FAULT", script)


def idea(repository: Path, name: str = "buoys") -> ItemInfo:
    text = f"# {name}\n\nA buoy at each end of the quay, with a bell.\n"
    return write_idea(repository, f"{name}.md", text)


def file(repository: Path, item: ItemInfo, folder: Path) -> dict[str, Any]:
    spec = worker_spec(repository, item, folder / item.key, tracker=TRACKER)
    return run_graph(InTestContext(spec))


@pytest.mark.parametrize("kind", PASSING)
def test_what_passes_is_tried_again(
    repository: Path, tracker: Path, clock: Clock, fault: Callable[[str], None], kind: str
) -> None:
    make_issues(tracker, 2)
    fault(f"issue view={kind}@1")
    assert gh_issues.view_issue(repository, TRACKER, 2).number == 2
    assert len(clock.slept) == len(clock.told) == 1
    assert clock.slept[0] == (WAITING.secondary if kind in ("secondary", "429") else 1.0)
    assert clock.told[0].endswith("Trying again for a minute")


@pytest.mark.parametrize("kind", PASSING)
def test_after_a_minute_it_is_left_to_the_run(
    repository: Path, tracker: Path, clock: Clock, fault: Callable[[str], None], kind: str
) -> None:
    fault(kind)
    with pytest.raises(GhTransientError) as caught:
        gh_issues.view_issue(repository, TRACKER, 2)
    assert 40 < sum(clock.slept) <= 60
    assert caught.value.hint


@pytest.mark.parametrize("kind", ["forbidden", "saml", "certificate", "bad-credentials"])
def test_what_does_not_pass_is_not_tried_again(
    repository: Path, tracker: Path, clock: Clock, tmp_path: Path, fault: Callable[[str], None],
    kind: str,
) -> None:  # fmt: skip
    fault(kind)
    with pytest.raises(TuiError) as caught:
        gh_issues.view_issue(repository, TRACKER, 2)
    assert not isinstance(caught.value, TransientError)
    assert calls(tmp_path) == ["issue view"]
    assert clock.slept == []


@pytest.mark.parametrize("kind", ["rate", "rate-already"])
def test_the_calls_of_the_hour_are_waited_for_as_long_as_it_takes(
    repository: Path, tracker: Path, clock: Clock, fault: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch, kind: str,
) -> None:  # fmt: skip
    make_issues(tracker, 2)
    fault(f"issue view={kind}@1-2")
    renewed = int(time.time()) + 1200
    monkeypatch.setenv("GH_STAND_IN_RESET", str(renewed))
    with pytest.raises(GhTransientError, match="rate limit is used up until") as caught:
        gh_issues.view_issue(repository, TRACKER, 2)
    assert caught.value.until == renewed + 5
    assert clock.slept == []
    monkeypatch.setenv("GH_STAND_IN_RESET", str(int(time.time()) + 20))
    assert gh_issues.view_issue(repository, TRACKER, 2).number == 2
    assert 1 <= clock.slept[0] <= 25


def test_a_worker_leaves_its_item_for_later_and_records_no_failure(
    repository: Path, tracker: Path, tmp_path: Path, fault: Callable[[str], None]
) -> None:
    make_issues(tracker, 2)
    fault("502")
    spec = worker_spec(repository, ItemInfo(id="LLD-2", key="2"), tmp_path, tracker=TRACKER)
    with pytest.raises(TransientError, match="HTTP 502"):
        run_graph(InTestContext(spec))
    assert not (repository / "docs/lineage/workflow-audit.jsonl").exists()


@pytest.mark.parametrize("kind", REFUSALS)
def test_who_is_refused_waits_and_files(
    repository: Path, tracker: Path, tmp_path: Path, clock: Clock, fault: Callable[[str], None],
    kind: str,
) -> None:  # fmt: skip
    item = idea(repository)
    fault(f"issue create={kind}@1")
    state = file(repository, item, tmp_path)
    assert state["filed"]["number"] == 1
    assert len(filed_issues(tracker)) == 1
    longest = PAUSES[0] if kind in ("too-quickly", "blocked") else WAITING.secondary
    assert longest - 5 < sum(clock.slept) <= longest
    assert "Filing is paced" in clock.told[0]
    assert calls(tmp_path).count("issue create") == 2


def test_a_long_refusal_is_left_to_the_run_and_to_all_others(
    repository: Path, tracker: Path, tmp_path: Path, clock: Clock, fault: Callable[[str], None]
) -> None:
    first, second = idea(repository), idea(repository, "bells")
    fault("issue create=too-quickly@1-9")
    with pytest.raises(TransientError, match="takes no new issue before") as caught:
        file(repository, first, tmp_path)
    assert caught.value.until > clock.time()
    tried = calls(tmp_path).count("issue create")
    assert tried == 3
    waited = sum(clock.slept)
    with pytest.raises(TransientError, match="takes no new issue before") as caught:
        file(repository, second, tmp_path)
    assert calls(tmp_path).count("issue create") == tried + 1
    assert sum(clock.slept) - waited > 45  # the pause that the first was given, before its own try
    fault("")
    clock.slept.append(caught.value.until - clock.time())
    assert file(repository, first, tmp_path)["filed"]["number"] == 1
    assert file(repository, second, tmp_path)["filed"]["number"] == 2
    assert len(filed_issues(tracker)) == 2


def test_a_pause_that_ends_after_an_hour_is_not_forgotten(clock: Clock) -> None:
    pace = filing_pace.FilingPace("github.com/example/tidewater")
    until = clock.time() + RATE_WINDOW + 5
    pace.refused(GhTransientError("rate limit", "", until, Cause.RATE))
    with pytest.raises(TransientError, match="takes no new issue before"):
        filing_pace.FilingPace("github.com/example/tidewater").wait_for_turn()


@pytest.mark.parametrize("kind", CUT_OFF)
def test_a_call_that_was_cut_off_is_looked_for_before_it_is_repeated(
    repository: Path, tracker: Path, tmp_path: Path, fault: Callable[[str], None], kind: str
) -> None:
    fault(f"issue create={kind}@1")
    state = file(repository, idea(repository), tmp_path)
    assert state["filed"]["number"] == 1
    assert len(filed_issues(tracker)) == 1
    made = calls(tmp_path)
    between = made[made.index("issue create") + 1 : len(made) - made[::-1].index("issue create")]
    assert between.count("issue list") >= 2


@pytest.mark.parametrize("kind", CUT_OFF)
def test_what_was_filed_although_the_call_was_cut_off_is_found(
    repository: Path, tracker: Path, tmp_path: Path, fault: Callable[[str], None], kind: str
) -> None:
    fault(f"issue create=then-{kind}")
    state = file(repository, idea(repository), tmp_path)
    assert state["filed"]["found"]
    assert len(filed_issues(tracker)) == 1
    assert calls(tmp_path).count("issue create") == 1


@pytest.mark.parametrize("kind", CUT_OFF)
def test_cut_off_again_and_again_it_waits_and_is_filed_once(
    repository: Path, tracker: Path, tmp_path: Path, fault: Callable[[str], None], kind: str
) -> None:
    item = idea(repository)
    fault(f"issue create={kind}@1-2")
    with pytest.raises(TransientError, match="Not filed yet, as far as the tracker shows"):
        file(repository, item, tmp_path)
    assert filed_issues(tracker) == []
    assert file(repository, item, tmp_path)["filed"]["number"] == 1
    assert len(filed_issues(tracker)) == 1


def test_where_the_network_is_away_for_the_look_too_nothing_is_filed_again(
    repository: Path, tracker: Path, tmp_path: Path, fault: Callable[[str], None]
) -> None:
    item = idea(repository)
    fault("issue create=then-reset,issue list=fail@3-99")
    with pytest.raises(TransientError, match="Cannot check whether the issue was filed"):
        file(repository, item, tmp_path)
    fault("")
    assert file(repository, item, tmp_path)["filed"]["found"]
    assert len(filed_issues(tracker)) == 1


def test_a_refused_issue_fails_and_is_not_repeated(
    repository: Path, tracker: Path, tmp_path: Path, fault: Callable[[str], None]
) -> None:
    fault("issue create=forbidden")
    with pytest.raises(WorkflowError, match="Not filed: gh's login may not do this"):
        file(repository, idea(repository), tmp_path)
    assert calls(tmp_path).count("issue create") == 1


def test_filing_keeps_to_what_github_takes(clock: Clock) -> None:
    pace, waits = FilingPace(TRACKER), []
    for _ in range(AT_MOST[0][1] + 2):
        before = sum(clock.slept)
        FilingPace(TRACKER).wait_for_turn()
        waits.append(sum(clock.slept) - before)
        pace.filed()
    assert waits[0] == 0
    assert all(0 < wait <= GAP for wait in waits[1 : AT_MOST[0][1]])
    assert max(waits) > 30
    refused = GhTransientError("", cause=Cause.CONTENT)
    for pause in PAUSES[:3]:
        pace.refused(refused)
        before = sum(clock.slept)
        FilingPace("GitHub.com/other/one").wait_for_turn()
        assert pause - 5 < sum(clock.slept) - before <= pause
    pace.filed()
    pace.refused(refused)
    FilingPace(TRACKER).wait_for_turn()
    assert clock.slept[-1] <= PAUSES[0]


def test_the_pace_of_one_host_is_not_anothers_and_a_damaged_book_is_none(clock: Clock) -> None:
    pace = FilingPace(TRACKER)
    for _ in range(4):
        pace.refused(GhTransientError("", cause=Cause.CONTENT))
    FilingPace("git.example.org/a/b").wait_for_turn()
    assert clock.slept == []
    with pytest.raises(GhTransientError):
        pace.wait_for_turn()
    pace._path.write_text("{")
    pace.wait_for_turn()
    assert clock.slept == []


@pytest.mark.parametrize("force", [{"CLICOLOR_FORCE": "1"}, {"GH_FORCE_TTY": "80"}])
def test_forced_colours_do_no_harm(
    repository: Path, tracker: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    force: dict[str, str],
) -> None:  # fmt: skip
    make_issues(tracker, 3)
    for name, value in force.items():
        monkeypatch.setenv(name, value)
    assert len(pending_lld_items(repository)[0]) == 3
    program = tmp_path / "bin/gh"
    shell = "CLICOLOR_FORCE=1; export CLICOLOR_FORCE"
    program.write_text(program.read_text().replace("\n", f"\n{shell}\n", 1))
    assert len(pending_lld_items(repository)[0]) == 3
    assert file(repository, idea(repository), tmp_path)["filed"]["number"] == 4


@pytest.mark.parametrize("version", ["2.4.0", "2.9.0", "1.9.2"])
def test_a_gh_that_is_too_old_is_told_before_anything_is_filed(
    repository: Path, tracker: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    monkeypatch.setenv("GH_STAND_IN_VERSION", version)
    with pytest.raises(TuiError, match=rf"too old \(gh version {version}") as caught:
        find_tracker(repository, alternative="Or else", to_file=True)
    assert "2.10 or newer" in caught.value.hint
    if version == "1.9.2":
        with pytest.raises(TuiError, match="too old"):
            find_tracker(repository)
    else:
        assert find_tracker(repository).name == TRACKER


def test_a_refused_token_is_told_by_its_name(
    repository: Path, tracker: Path, monkeypatch: pytest.MonkeyPatch, fault: Callable[[str], None]
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_canary0123456789")
    fault("bad-credentials")
    with pytest.raises(TuiError, match="refused the token in GITHUB_TOKEN") as caught:
        find_tracker(repository)
    assert "canary" not in str(caught.value)
    assert "unset GITHUB_TOKEN" in caught.value.hint


def test_labels_that_are_null_are_none(repository: Path, tracker: Path) -> None:
    write_issue(tracker, 1, "Buoys")
    path = tracker / "1.json"
    for labels in (None, [None], [{"name": None}], []):
        path.write_text(json.dumps(json.loads(path.read_text()) | {"labels": labels, "body": None}))
        issue = gh_issues.view_issue(repository, TRACKER, 1)
        assert (issue.labels, issue.body) == ([], "")


def test_a_title_on_the_tracker_is_cleaned_too(repository: Path, tracker: Path) -> None:
    write_issue(tracker, 7, "Issue #7: Buoys")
    write_issue(tracker, 8, "#8")
    assert [item.title for item in pending_lld_items(repository)[0]] == ["Buoys", "Issue 8"]


def test_named_issues_are_asked_for_one_by_one(
    repository: Path, tracker: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_issues(tracker, 9)
    monkeypatch.setenv("GH_STAND_IN_LIST_SECONDS", "300")
    items, _ = pending_lld_items(repository, None, [8, 2, 5, 3, 9], tracker=TRACKER)
    assert [item.key for item in items] == ["8", "2", "5", "3", "9"]
    assert calls(tmp_path) == ["issue view"] * 5


def test_a_long_listing_is_told(
    repository: Path, tracker: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_issues(tracker, 2)
    monkeypatch.setattr(gh_issues, "PATIENCE", 0.0)
    monkeypatch.setenv("GH_STAND_IN_LIST_SECONDS", "0.5")
    assert len(gh_issues.list_open_issues(repository, TRACKER)) == 2
    assert "--label, --milestone or --search" in clock.told[0]


@pytest.mark.parametrize(
    ("only", "numbers"),
    [
        (IssueFilter(labels=("quay",)), [1, 2]),
        (IssueFilter(labels=("quay", "light")), [2]),
        (IssueFilter(milestone="Spring"), [3]),
        (IssueFilter(search="bell"), [2]),
        (IssueFilter(labels=("quay",), milestone="Spring"), []),
    ],
)
def test_labels_milestone_and_search_choose_issues(
    repository: Path, tracker: Path, only: IssueFilter, numbers: list[int]
) -> None:
    write_issue(tracker, 1, "Buoys", labels=("quay",))
    write_issue(tracker, 2, "Bells", "A bell.", labels=("quay", "light"))
    write_issue(tracker, 3, "Ropes", labels=())
    path = tracker / "3.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"milestone": "Spring"}))
    write_issue(tracker, 4, "Old", labels=("quay",), state="CLOSED")
    items, notes = pending_lld_items(repository, only=only)
    assert [int(item.key) for item in items] == numbers
    assert notes == []
    assert left_out_of_all(repository, only=only) == ([], [])


def test_more_than_a_search_gives_is_told(repository: Path, tracker: Path) -> None:
    for number in range(1, 1003):
        write_issue(tracker, number, "Buoys")
    items, notes = pending_lld_items(repository, only=IssueFilter(labels=("enhancement",)))
    assert len(items) == 1000
    assert "1,000 issues at most" in notes[0]
    assert len(pending_lld_items(repository)[0]) == 1002
