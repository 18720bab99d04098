"""Designs that this tool did not write, while a workflow makes one for the same issue."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from assemblyzero_tui.runner.base.errors import WorkflowError
from assemblyzero_tui.runner.llm.provider import Request
from assemblyzero_tui.runner.model.events import ItemInfo
from assemblyzero_tui.runner.workflows.catalog import load
from assemblyzero_tui.runner.workflows.lld import designs, status_file
from assemblyzero_tui.runner.workflows.lld.pending import left_out_of_all, pending_lld_items
from assemblyzero_tui.runner.workflows.repository import lineage
from tests.integration.workflows.in_test_context import (
    InTestContext,
    KilledError,
    run_graph,
    worker_spec,
)

NUMBER = 101
THEIRS = "# Lamps\n\nWritten by hand.\n"


def write_theirs(repository: Path, name: str = "LLD-101.md", text: str = THEIRS) -> Path:
    path = repository / designs.ACTIVE / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def in_the_review(act: Callable[[], object]) -> Callable[[Request], None]:
    """Answers nothing itself, and does something while the review is asked for."""

    def reply(request: Request) -> None:
        if request.purpose != "draft":
            act()

    return reply


def lineage_names(repository: Path) -> list[str]:
    return sorted(p.name for p in (repository / lineage.folder_of(NUMBER)).iterdir())


def test_a_design_that_appears_during_the_run_stays_and_nothing_paid_for_is_lost(
    repository: Path, items: dict[int, ItemInfo], tmp_path: Path
) -> None:
    path = repository / designs.published_path(NUMBER)
    spec = worker_spec(repository, items[NUMBER], tmp_path)
    context = InTestContext(spec, reply=in_the_review(lambda: write_theirs(repository)))
    with pytest.raises(WorkflowError, match=r"is not published: .*LLD-101\.md .*002-draft\.md"):
        run_graph(context)
    assert path.read_text() == THEIRS

    spec = worker_spec(repository, items[NUMBER], tmp_path, replace=True)
    context = InTestContext(spec)
    result = load("lld").result(run_graph(context))
    assert context.requests == []
    assert (
        result.summary == "approved after 1 review; the earlier design is kept as 004-replaced.md"
    )
    assert path.read_text() != THEIRS
    kept = repository / lineage.folder_of(NUMBER) / "004-replaced.md"
    assert kept.read_text() == THEIRS
    assert lineage_names(repository)[-2:] == ["004-replaced.md", "005-approved.json"]
    assert any("It is replaced; a copy is kept as" in notice for notice in context.notices)
    assert status_file.approved(repository) == {NUMBER}


def test_a_design_that_appears_between_the_last_look_and_publishing_stays(
    repository: Path, items: dict[int, ItemInfo], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = Path.hardlink_to

    def somebody_is_faster(path: Path, target: Path) -> None:
        write_theirs(repository)
        link(path, target)

    monkeypatch.setattr(Path, "hardlink_to", somebody_is_faster)
    with pytest.raises(WorkflowError, match="is not published"):
        run_graph(InTestContext(worker_spec(repository, items[NUMBER], tmp_path)))
    assert (repository / designs.published_path(NUMBER)).read_text() == THEIRS
    assert NUMBER not in status_file.approved(repository)


def test_no_draft_is_paid_for_where_a_design_has_appeared(
    repository: Path, items: dict[int, ItemInfo], tmp_path: Path
) -> None:
    write_theirs(repository, "101-lamps.md")
    context = InTestContext(worker_spec(repository, items[NUMBER], tmp_path))
    with pytest.raises(WorkflowError, match=r"101-lamps\.md was not written by this tool"):
        run_graph(context)
    assert context.requests == []


@pytest.mark.parametrize("fresh", [False, True])
def test_an_item_that_has_not_begun_is_left_out(
    repository: Path, items: dict[int, ItemInfo], tmp_path: Path, fresh: bool
) -> None:
    spec = worker_spec(repository, items[NUMBER], tmp_path, fresh=fresh)
    workflow = load("lld")
    assert workflow.done_before(spec) is None
    write_theirs(repository)
    with pytest.raises(WorkflowError, match="left out"):
        workflow.done_before(spec)
    write_theirs(repository, text=THEIRS + "**Final Status:** APPROVED\n")
    result = workflow.done_before(spec)
    assert result is not None
    assert (result.output, result.verdict) == ("docs/lld/active/LLD-101.md", "APPROVED")
    named = worker_spec(repository, items[NUMBER], tmp_path, fresh=fresh, replace=True)
    assert workflow.done_before(named) is None


@pytest.mark.parametrize("at", ["It is replaced;", "SUCCESS:"])
def test_a_crash_while_replacing_leaves_one_copy(
    repository: Path, items: dict[int, ItemInfo], tmp_path: Path, at: str
) -> None:
    write_theirs(repository)
    spec = worker_spec(repository, items[NUMBER], tmp_path, replace=True)
    with pytest.raises(KilledError):
        run_graph(InTestContext(spec, die_at=at))
    run_graph(InTestContext(spec))
    names = lineage_names(repository)
    assert names[-2:] == ["004-replaced.md", "005-approved.json"]
    assert sum("replaced" in name for name in names) == 1
    assert sum("approved" in name for name in names) == 1


def test_a_link_is_replaced_and_what_it_leads_to_is_not(
    repository: Path, items: dict[int, ItemInfo], tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere.md"
    elsewhere.write_text(THEIRS)
    path = repository / designs.published_path(NUMBER)
    path.parent.mkdir(parents=True)
    path.symlink_to(elsewhere)
    run_graph(InTestContext(worker_spec(repository, items[NUMBER], tmp_path, replace=True)))
    assert elsewhere.read_text() == THEIRS
    assert not path.is_symlink()


def test_our_own_design_edited_since_is_copied_and_unedited_is_not(
    repository: Path, items: dict[int, ItemInfo], tmp_path: Path
) -> None:
    def again(number: int) -> None:
        folder = tmp_path / str(number)
        run_graph(InTestContext(worker_spec(repository, items[NUMBER], folder, replace=True)))

    again(1)
    again(2)
    assert not any("replaced" in name for name in lineage_names(repository))
    path = repository / designs.published_path(NUMBER)
    path.write_text(path.read_text().replace("##", "###"))
    edited = path.read_text()
    again(3)
    (kept,) = (repository / lineage.folder_of(NUMBER)).glob("*-replaced.md")
    assert kept.read_text() == edited


def test_a_design_of_ours_that_is_being_made_again_continues(
    repository: Path, items: dict[int, ItemInfo], tmp_path: Path
) -> None:
    run_graph(InTestContext(worker_spec(repository, items[NUMBER], tmp_path / "1", replace=True)))
    spec = worker_spec(repository, items[NUMBER], tmp_path / "2")
    with pytest.raises(KilledError):
        run_graph(InTestContext(spec, die_at="Draft saved"))
    pending, _ = pending_lld_items(repository, repository / "issues")
    assert items[NUMBER] in pending
    run_graph(InTestContext(spec))
    assert NUMBER in status_file.approved(repository)


@pytest.mark.parametrize("folder", [lineage.ACTIVE, lineage.DONE])
@pytest.mark.parametrize(
    "text",
    [
        json.dumps(
            {
                "issue_number": 101,
                "issue_title": "Lamps",
                "approved_at": "2026-02-01T00:22:41.888517+00:00",
                "final_lld_path": "C:\\Users\\me\\dock\\docs\\lld\\active\\LLD-101.md",
                "total_iterations": 3,
                "draft_count": 0,
                "verdict_count": 1,
            }
        ),
        '{"issue_number": 101, "ti',
    ],
)
def test_an_approval_of_assemblyzero_is_one(
    repository: Path, items: dict[int, ItemInfo], tmp_path: Path, folder: Path, text: str
) -> None:
    path = repository / folder / "101-lld" / "007-approved.json"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    pending, notes = pending_lld_items(repository, repository / "issues")
    assert items[NUMBER] not in pending
    assert any("#101 left out: the design is approved" in note for note in notes)
    assert not (repository / status_file.STATUS_FILE).exists()  # it is not ours to judge
    done = load("lld").done_before(worker_spec(repository, items[NUMBER], tmp_path))
    assert done is not None
    assert done.output == ("" if text.endswith("ti") else "docs/lld/active/LLD-101.md")


def test_an_approval_of_another_issue_is_none(repository: Path, items: dict[int, ItemInfo]) -> None:
    path = repository / lineage.ACTIVE / "101-lld" / "007-approved.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"issue_number": 102, "final_lld_path": "docs/lld/active/LLD-102.md"}')
    assert items[NUMBER] in pending_lld_items(repository, repository / "issues")[0]


def test_an_entry_nobody_understands_leaves_its_issue_out(
    repository: Path, items: dict[int, ItemInfo]
) -> None:
    path = repository / status_file.STATUS_FILE
    path.parent.mkdir(parents=True)
    path.write_text('{"issues": {"#101": {"status": "implemented"}, "102": {"status": "draft"}}}')
    pending, notes = pending_lld_items(repository, repository / "issues")
    assert items[NUMBER] not in pending
    assert items[102] in pending
    assert "cannot be read: #101" in notes[0]
    (one,), _ = left_out_of_all(repository, repository / "issues")
    assert (one.id, one.status, one.design) == ("LLD-101", "unknown", "")
    assert pending_lld_items(repository, repository / "issues", [101])[0] == [items[NUMBER]]
