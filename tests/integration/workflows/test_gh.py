"""Issues through a stand-in for gh that behaves, and through ones that do not."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.model.events import ItemInfo
from assemblyzero_tui.runner.workflows.catalog import load
from assemblyzero_tui.runner.workflows.lld import status_file
from assemblyzero_tui.runner.workflows.lld.pending import pending_lld_items
from assemblyzero_tui.runner.workflows.tracker import gh_issues
from assemblyzero_tui.runner.workflows.tracker.gh_process import WAITING, run_gh
from tests.integration.workflows.in_test_context import InTestContext, run_graph, worker_spec
from tests.stand_ins import make_issues, write_issue

TRACKER = "github.com/example/tidewater"


@pytest.fixture
def tracker(tracker: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the issues that the stand-in serves; twelve are open."""
    make_issues(tracker, 12)
    monkeypatch.setattr(WAITING, "sleep", lambda seconds: None)
    return tracker


def approve(repository: Path, number: int) -> None:
    entry = status_file.StatusEntry(
        lld_path="p", status="approved", has_gemini_review=True, final_verdict="APPROVED",
        last_review_date="2031-01-01", review_count=1,
    )  # fmt: skip
    status_file.upsert(repository, number, entry, print)


def ids(items: list[ItemInfo]) -> list[str]:
    return [item.id for item in items]


def test_all_open_issues_less_the_approved_ones_are_pending(
    repository: Path, tracker: Path
) -> None:
    write_issue(tracker, 20, "Closed", state="CLOSED")
    approve(repository, 3)
    items, notes = pending_lld_items(repository)
    assert ids(items) == [f"LLD-{n}" for n in range(1, 13) if n != 3]
    assert items[0].source == "gh"
    assert items[0].key == "1"
    assert items[0].url.endswith("/issues/1")
    assert len(notes) == 1
    assert "#3 left out" in notes[0]


def test_more_issues_than_gh_lists_by_default_are_all_found(
    repository: Path, tracker: Path
) -> None:
    make_issues(tracker, 250, first=100)
    items, _ = pending_lld_items(repository)
    assert len(items) == 262


def test_gh_is_run_in_the_repository_without_input_and_prompts(
    repository: Path, tracker: Path, tmp_path: Path
) -> None:
    gh_issues.view_issue(repository, TRACKER, 1)
    call = json.loads((tmp_path / "calls.jsonl").read_text())
    assert call["cwd"] == str(repository)
    assert not call["input"]
    assert not call["prompts"]


@pytest.mark.parametrize("wanted", [["7", "LLD-2"], ["5", 9, "1", "LLD-2", "9"]])
def test_wanted_issues_keep_their_order(
    repository: Path, tracker: Path, wanted: list[str | int]
) -> None:
    items, notes = pending_lld_items(repository, None, wanted)
    assert ids(items) == list(dict.fromkeys(f"LLD-{str(w).removeprefix('LLD-')}" for w in wanted))
    assert notes == []


def test_an_approved_issue_that_is_wanted_needs_fresh(repository: Path, tracker: Path) -> None:
    approve(repository, 3)
    items, notes = pending_lld_items(repository, None, ["3", "4"])
    assert ids(items) == ["LLD-4"]
    assert "--fresh" in notes[0]
    items, notes = pending_lld_items(repository, None, ["3", "4"], fresh=True)
    assert ids(items) == ["LLD-3", "LLD-4"]
    assert notes == []


def test_a_closed_issue_can_be_wanted(repository: Path, tracker: Path) -> None:
    write_issue(tracker, 20, "Closed", state="CLOSED")
    assert ids(pending_lld_items(repository, None, ["20", "1", "2", "3"])[0])[0] == "LLD-20"


@pytest.mark.parametrize("wanted", [["99"], ["1", "2", "3", "4", "99"]])
def test_an_issue_that_does_not_exist_is_named(
    repository: Path, tracker: Path, wanted: list[str]
) -> None:
    with pytest.raises(TuiError, match=r"There is no issue #99 in .*\n.* --repo "):
        pending_lld_items(repository, None, wanted)


@pytest.mark.parametrize("text", ["../x", "4x", "0", "-1", "", "LLD-", "1 2", "9" * 12, "４２"])
def test_what_is_no_number_is_refused_before_anything_is_asked(
    repository: Path, tracker: Path, tmp_path: Path, text: str
) -> None:
    with pytest.raises(TuiError, match=r"is not (an item|an issue number)"):
        pending_lld_items(repository, None, [text])
    assert not (tmp_path / "calls.jsonl").exists()


def test_a_pull_request_is_no_issue(repository: Path, tracker: Path) -> None:
    write_issue(tracker, 30, "A change", kind="pull")
    with pytest.raises(TuiError, match="is a pull request"):
        gh_issues.view_issue(repository, TRACKER, 30)


@pytest.mark.parametrize(
    ("fault", "told", "hint"),
    [
        ("not-logged-in", "not logged in", "gh auth login"),
        ("garbage", "did not print the expected JSON", "gh --version"),
        ("no-remote", "has no remote", "git remote add"),
        ("not-a-repository", "is not a git repository", "--repo"),
        ("fail", "check your internet connection", "Try it yourself"),
    ],
)
def test_each_fault_of_gh_has_a_message_of_its_own(
    repository: Path, tracker: Path, monkeypatch: pytest.MonkeyPatch,
    fault: str, told: str, hint: str,
) -> None:  # fmt: skip
    monkeypatch.setenv("GH_STAND_IN_FAULT", fault)
    for call in (
        lambda: gh_issues.list_open_issues(repository, TRACKER),
        lambda: gh_issues.view_issue(repository, TRACKER, 1),
    ):
        with pytest.raises(TuiError) as caught:
            call()
        assert told in caught.value.what
        assert hint in caught.value.hint


def test_a_gh_that_hangs_is_given_up(
    repository: Path, tracker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GH_STAND_IN_FAULT", "hang")
    with pytest.raises(TuiError, match="did not answer within"):
        gh_issues.view_issue(repository, TRACKER, 1, timeout=0.3)


def test_without_gh_the_message_names_the_way_round(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    with pytest.raises(TuiError) as caught:
        gh_issues.list_open_issues(repository, TRACKER)
    assert "not on the PATH" in caught.value.what
    assert "--issues-dir" in caught.value.hint


def test_without_the_repository_the_message_names_it(tmp_path: Path, tracker: Path) -> None:
    with pytest.raises(TuiError, match="nowhere"):
        gh_issues.list_open_issues(tmp_path / "nowhere", TRACKER)


def test_the_workflow_reads_its_issue_once_per_process(
    repository: Path, tracker: Path, tmp_path: Path
) -> None:
    item = pending_lld_items(repository, None, ["2"])[0][0]
    (tmp_path / "calls.jsonl").unlink()
    spec = worker_spec(repository, item, tmp_path, tracker=TRACKER)
    load("lld").fingerprints(spec)
    state = run_graph(InTestContext(spec))
    assert state["labels"] == ["enhancement"]
    design = (repository / state["output"]).read_text()
    assert "(https://github.com/example/tidewater/issues/2)" in design
    assert len((tmp_path / "calls.jsonl").read_text().splitlines()) == 1


def test_a_fault_in_a_worker_fails_its_item_clearly(
    repository: Path, tracker: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GH_STAND_IN_FAULT", "not-logged-in")
    item = ItemInfo(id="LLD-1", key="1")
    context = InTestContext(worker_spec(repository, item, tmp_path))
    with pytest.raises(TuiError, match="not logged in"):
        run_graph(context)
    assert "gh is not logged in" in (repository / "docs/lineage/workflow-audit.jsonl").read_text()
    assert [p.name for p in (repository / "docs/lineage").iterdir()] == ["workflow-audit.jsonl"]


def test_gh_gets_no_api_key_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gh = tmp_path / "bin/gh"
    gh.parent.mkdir()
    gh.write_text("#!/bin/sh\nenv\n")
    gh.chmod(0o755)
    monkeypatch.setenv("PATH", str(gh.parent), prepend=os.pathsep)
    for name in ("GEMINI_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.setenv(name, "AIzaCanaryOfTheEnvironment0000000000001")
    said = run_gh(tmp_path, ["repo", "view"])
    assert b"PATH=" in said
    assert b"Canary" not in said
