"""Whose issues these are, with GH_REPO, forks and other remotes, through the stand-in for gh."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.model.events import ItemInfo
from assemblyzero_tui.runner.workflows.catalog import load
from assemblyzero_tui.runner.workflows.issue import filing_records
from assemblyzero_tui.runner.workflows.issue.briefs import pending_briefs
from assemblyzero_tui.runner.workflows.lld.pending import pending_lld_items
from assemblyzero_tui.runner.workflows.tracker.tracker_name import (
    find_tracker,
    tracker_changed_note,
)
from tests.integration.workflows.in_test_context import InTestContext, run_graph, worker_spec
from tests.stand_ins import filed_issues, make_tracker, write_issue

HOME = "github.com/example/tidewater"
OTHER = "github.com/someone/else"


@pytest.fixture(autouse=True)
def issues(tracker: Path) -> Path:
    """The stand-in's folder: an issue of the repository's own, and one of somebody else's."""
    write_issue(tracker, 1, "A lamp")
    write_issue(make_tracker(tracker, "someone/else"), 1, "Of somebody else")
    return tracker


def repositories_asked(tmp_path: Path) -> set[str]:
    """What follows ``--repo`` in all calls about issues and labels."""
    calls = [json.loads(line) for line in (tmp_path / "calls.jsonl").read_text().splitlines()]
    asked = [call["arguments"] for call in calls if call["arguments"][0] in ("issue", "label")]
    assert asked
    return {a[a.index("--repo") + 1] if "--repo" in a else "nobody's" for a in asked}


def test_without_anything_special_there_is_nothing_to_note(repository: Path) -> None:
    found = find_tracker(repository)
    assert found.name == HOME
    assert found.notes == ()


@pytest.mark.parametrize(
    "named", ["someone/else", "github.com/someone/else", "https://github.com/someone/else.git"]
)
def test_gh_repo_is_followed_and_said(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    monkeypatch.setenv("GH_REPO", named)
    found = find_tracker(repository)
    assert found.name == OTHER
    (note,) = found.notes
    assert "issues of someone/else, not of example/tidewater, because GH_REPO is set" in note
    assert "unset GH_REPO" in note
    items, _ = pending_lld_items(repository)
    assert [item.title for item in items] == ["Of somebody else"]
    assert repositories_asked(tmp_path) == {OTHER}


def test_gh_repo_that_names_this_repository_is_nothing_to_note(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GH_REPO", "Example/Tidewater")
    assert find_tracker(repository).notes == ()


def test_gh_repo_works_where_there_is_no_remote(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GH_REPO", "someone/else")
    monkeypatch.setenv("GH_STAND_IN_FAULT", "repo view=no-remote@2")
    found = find_tracker(repository)
    assert found.name == OTHER
    assert "because GH_REPO is set" in found.notes[0]


@pytest.mark.parametrize("named", ["no/body", "tidewater", "-h/x", "a/b/c/d"])
def test_a_gh_repo_that_names_nothing_is_named(
    repository: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    monkeypatch.setenv("GH_REPO", named)
    with pytest.raises(TuiError) as caught:
        find_tracker(repository)
    assert "GH_REPO is set to" in caught.value.what
    assert named in caught.value.what
    assert "unset GH_REPO" in caught.value.hint


def test_of_a_fork_it_is_said_whose_issues_are_meant(repository: Path, issues: Path) -> None:
    (issues / "about").write_text(
        json.dumps({"isFork": True, "parent": {"name": "harbour", "owner": {"login": "upstream"}}})
    )
    (note,) = find_tracker(repository).notes
    assert "example/tidewater is a fork of upstream/harbour" in note
    assert "gh repo set-default upstream/harbour" in note


def test_a_fork_without_issues_names_the_way_to_its_parents(repository: Path, issues: Path) -> None:
    parent = {"name": "harbour", "owner": {"login": "upstream"}}
    (issues / "about").write_text(
        json.dumps({"hasIssuesEnabled": False, "isFork": True, "parent": parent})
    )
    with pytest.raises(TuiError) as caught:
        pending_lld_items(repository)
    assert "example/tidewater has issues disabled" in caught.value.what
    assert "gh repo set-default upstream/harbour" in caught.value.hint


def test_an_archived_repository_can_be_read_but_not_filed_in(
    repository: Path, issues: Path
) -> None:
    (issues / "about").write_text(json.dumps({"isArchived": True}))
    assert find_tracker(repository).name == HOME
    with pytest.raises(TuiError, match="is archived; no issues can be filed there"):
        find_tracker(repository, to_file=True)


@pytest.mark.parametrize(
    ("origin", "noted"),
    [
        ("git@github.com:me/fork.git", True),
        ("ssh://git@ssh.github.com:443/me/fork.git", True),
        ("https://github.com/me/fork", True),
        ("https://github.com/Someone/Else.git", False),
        ("/srv/git/me/fork.git", False),
        ("file:///srv/git/me/fork.git", False),
    ],
)
def test_issues_of_another_remote_than_origin_are_said(
    repository: Path, monkeypatch: pytest.MonkeyPatch, origin: str, noted: bool
) -> None:
    git = ["git", "-C", str(repository)]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "remote", "add", "origin", origin], check=True)
    monkeypatch.setenv("GH_STAND_IN_DEFAULT", "someone/else")
    found = find_tracker(repository)
    assert found.name == OTHER
    assert len(found.notes) == noted
    if noted:
        assert "issues of someone/else, not of the remote origin (me/fork)" in found.notes[0]
        assert "gh repo set-default me/fork" in found.notes[0]


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("", False),
        ("example/tidewater", False),
        ("Example/Tidewater/", False),
        ("github.com/example/tidewater", False),
        ("https://github.com/example/tidewater.git", False),
        ("git@github.com:example/tidewater.git", False),
        ("someone/else", True),
        ("ghe.example.org/example/tidewater", True),
        ("my-example/tidewater", True),
    ],
)
def test_a_resumed_run_says_that_gh_repo_has_changed(
    monkeypatch: pytest.MonkeyPatch, named: str, said: bool
) -> None:
    monkeypatch.setenv("GH_REPO", named)
    assert bool(tracker_changed_note(HOME)) == said
    assert tracker_changed_note("") == ""


def test_a_worker_asks_the_tracker_of_its_run_and_no_other(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (item,) = pending_lld_items(repository)[0]
    monkeypatch.setenv("GH_REPO", "someone/else")
    state = run_graph(InTestContext(worker_spec(repository, item, tmp_path, tracker=HOME)))
    assert state["title"] == "A lamp"
    assert repositories_asked(tmp_path) == {HOME}


def test_a_checkpoint_resumes_with_the_same_tracker_only(repository: Path, tmp_path: Path) -> None:
    item = ItemInfo(id="LLD-1", key="1")
    prints = [
        load("lld").fingerprints(worker_spec(repository, item, tmp_path, tracker=tracker))
        for tracker in (HOME, HOME.upper(), OTHER)
    ]
    assert prints[0]["tracker"] == prints[1]["tracker"] != prints[2]["tracker"]


def brief(repository: Path) -> ItemInfo:
    path = repository / "ideas/active/lamps.md"
    path.parent.mkdir(parents=True)
    path.write_text("# Lamps\n\nA lamp on each post.\n")
    (item,) = pending_briefs(repository)[0]
    return item


def test_filing_names_the_tracker_of_the_run_in_every_call(
    repository: Path, tmp_path: Path, issues: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GH_REPO", "example/tidewater")
    spec = worker_spec(repository, brief(repository), tmp_path, tracker=OTHER)
    state = run_graph(InTestContext(spec))
    assert state["filed"]["url"] == "https://github.com/someone/else/issues/2"
    assert repositories_asked(tmp_path) == {OTHER}
    assert len(filed_issues(issues)) == 1


def test_a_brief_begun_for_one_tracker_is_not_filed_in_another(
    repository: Path, tmp_path: Path, issues: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = brief(repository)
    monkeypatch.setenv("GH_STAND_IN_FAULT", "issue create=forbidden@1")
    with pytest.raises(TuiError, match="Not filed"):
        run_graph(InTestContext(worker_spec(repository, item, tmp_path, tracker=HOME)))
    with pytest.raises(TuiError, match="made for example/tidewater, but this run files in some"):
        run_graph(InTestContext(worker_spec(repository, item, tmp_path, tracker=OTHER)))
    assert len(filed_issues(issues)) == len(filed_issues(issues / "someone/else")) == 1
    spec = worker_spec(repository, item, tmp_path, tracker=OTHER, accept_changes=True)
    assert run_graph(InTestContext(spec))["filed"]["url"].endswith("someone/else/issues/2")


def test_what_an_earlier_attempt_may_have_filed_elsewhere_is_looked_for_there(
    repository: Path, tmp_path: Path, issues: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = brief(repository)
    spec = worker_spec(repository, item, tmp_path, tracker=HOME)
    monkeypatch.setenv("GH_STAND_IN_FAULT", "issue create=then-forbidden,issue list=forbidden@3")
    with pytest.raises(TuiError, match="Cannot check"):
        run_graph(InTestContext(spec))
    monkeypatch.delenv("GH_STAND_IN_FAULT")
    assert filing_records.read_intent(repository / filing_records.folder_of("lamps")) is not None
    spec = worker_spec(repository, item, tmp_path, tracker=OTHER, accept_changes=True)
    with pytest.raises(TuiError, match=r"was filed as https://github.com/example/tidewater/iss"):
        run_graph(InTestContext(spec))
    assert len(filed_issues(issues / "someone/else")) == 1
