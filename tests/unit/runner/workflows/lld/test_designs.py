"""Which files are designs, and which of them this tool wrote."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.workflows.drafting.state import ReviewRecord
from assemblyzero_tui.runner.workflows.lld import designs
from assemblyzero_tui.runner.workflows.lld.texts import final_text
from assemblyzero_tui.runner.workflows.repository import lineage

DRAFT = "# LLD-042: Lamps\n\n## 1. Context\n\nThe pier is dark.\n\n---\n\nA rule of its own.\n"
REVIEW: ReviewRecord = {
    "draft": 1, "verdict": "APPROVED", "critique": "", "tier1_issues": [], "suggestions": [],
    "model": "a model", "gemini": True, "date": "2026-02-03",
}  # fmt: skip


def publish_ours(repository: Path, number: int = 42, folder: Path = designs.ACTIVE) -> Path:
    """A design as this tool leaves it, with its lineage; gives its path."""
    where = lineage.folder_of(number)
    lineage.write(repository / where, 2, "draft.md", DRAFT.encode())
    text = final_text(
        {"draft": DRAFT, "reviews": [REVIEW], "number": number, "url": ""}, str(where)
    )
    path = repository / folder / f"LLD-{number:03d}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    "name",
    [
        "LLD-042.md", "LLD-42.md", "LLD-0042.md", "LLD-042-lamps.md", "42-lamps.md", "042-lamps.md",
        "00042-lamps.md", "lld-042.md", "LLD-042.MD", "Lld_42_lamps.md", "LLD-042 (copy).md",
        "LLD-42.lamps.md", "42.md", "LLD042.md", "42-2fa.md", "42-a\nb.md", "42-\udcff.md",
    ],
)  # fmt: skip
def test_the_name_of_a_design_gives_its_issue(name: str) -> None:
    assert designs.number_of_design(name) == 42


@pytest.mark.parametrize(
    "name",
    [
        "README.md", "LLD-042.md~", "LLD-042.txt", "LLD-.md", "LLD-0.md", "lamps-42.md", "42b.md",
        "spec-0042-lamps.md", "lld-status.json", ".LLD-042.md.x", "LLD-1234567890.md", "LLD-٤٢.md",
        "2026-01-02-notes.md", "2026-01-02.md", "2026_01_02 notes.md", "2026.12.31.md",
    ],
)  # fmt: skip
def test_other_names_are_not_those_of_designs(name: str) -> None:
    assert designs.number_of_design(name) is None


@pytest.mark.parametrize("name", ["2026-lamps.md", "2026-01-lamps.md", "2026-99-99.md", "2026.md"])
def test_a_number_that_might_be_a_year_is_one(name: str) -> None:
    assert designs.number_of_design(name) == 2026


def test_designs_are_found_in_both_folders_and_folders_and_links_are_too(tmp_path: Path) -> None:
    active, done = tmp_path / designs.ACTIVE, tmp_path / designs.DONE
    active.mkdir(parents=True)
    done.mkdir()
    (done / "7-old.md").touch()
    (active / "LLD-7").mkdir()
    (active / "8-lamps.md").symlink_to("nowhere")
    (active / "9-circle.md").symlink_to("9-circle.md")
    assert designs.find_designs(tmp_path) == {
        7: [designs.ACTIVE / "LLD-7", designs.DONE / "7-old.md"],
        8: [designs.ACTIVE / "8-lamps.md"],
        9: [designs.ACTIVE / "9-circle.md"],
    }
    for number in (7, 8, 9):
        assert {one.status for one in designs.others_of(tmp_path, number)} == {"unknown"}


@pytest.mark.parametrize("folder", [designs.ACTIVE, designs.DONE])
def test_what_the_lineage_explains_is_ours(tmp_path: Path, folder: Path) -> None:
    path = publish_ours(tmp_path, folder=folder)
    assert designs.others_of(tmp_path, 42) == []
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))  # as git may check it out
    assert designs.others_of(tmp_path, 42) == []
    moved = tmp_path / lineage.DONE / "42-lld"
    moved.parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / lineage.folder_of(42)).rename(moved)
    assert designs.others_of(tmp_path, 42) == []


def test_what_was_edited_since_is_somebody_elses(tmp_path: Path) -> None:
    path = publish_ours(tmp_path)
    whole = path.read_text()
    for edited in (whole.replace("dark", "lit"), whole + "PS\n", whole.replace("· approved", "·")):
        path.write_text(edited)
        (other,) = designs.others_of(tmp_path, 42)
        assert other.path == designs.published_path(42)
        assert designs.other_in_the_way(tmp_path, 42) == other


def test_without_its_lineage_nothing_is_ours(tmp_path: Path) -> None:
    publish_ours(tmp_path)
    (tmp_path / lineage.folder_of(42) / "002-draft.md").unlink()
    assert len(designs.others_of(tmp_path, 42)) == 1


def test_another_name_is_not_in_the_way(tmp_path: Path) -> None:
    (tmp_path / designs.ACTIVE).mkdir(parents=True)
    (tmp_path / designs.ACTIVE / "42-lamps.md").write_text("Status: Approved\n")
    assert designs.other_in_the_way(tmp_path, 42) is None
    assert designs.others_of(tmp_path, 42) == [(designs.ACTIVE / "42-lamps.md", "approved")]


def test_a_folder_that_cannot_be_read_is_an_error_and_not_an_empty_one(tmp_path: Path) -> None:
    folder = tmp_path / designs.DONE
    folder.parent.mkdir(parents=True)
    folder.symlink_to(folder)
    with pytest.raises(TuiError, match=r"Cannot look for designs in .*done"):
        designs.find_designs(tmp_path)


@pytest.mark.parametrize("place", ["docs", "docs/lld", "docs/lld/active", "docs/lld/done"])
@pytest.mark.parametrize("link", [False, True])
def test_what_is_in_the_place_of_a_folder_of_designs_is_an_error(
    tmp_path: Path, place: str, link: bool
) -> None:
    path = tmp_path / place
    path.parent.mkdir(parents=True, exist_ok=True)
    if link:
        path.symlink_to("a disk that is not mounted")
    else:
        path.touch()
    for look in (lambda: designs.find_designs(tmp_path), lambda: designs.others_of(tmp_path, 42)):
        with pytest.raises(TuiError, match=f"{place} is (not a folder|a broken link)"):
            look()


def test_a_name_that_is_not_unicode_can_be_printed(tmp_path: Path) -> None:
    (tmp_path / designs.ACTIVE).mkdir(parents=True)
    (tmp_path / designs.ACTIVE / os.fsdecode(b"42-\xff.md")).touch()
    (other,) = designs.others_of(tmp_path, 42)
    assert other.name == "docs/lld/active/42-\ufffd.md"


@pytest.mark.parametrize("folder", [lineage.ACTIVE, lineage.DONE])
def test_the_newest_final_design_of_assemblyzero_is_one(tmp_path: Path, folder: Path) -> None:
    """As in the lineage of github.com/martymcenroe/AssemblyZero, without a file in docs/lld."""
    lineage.write(tmp_path / folder / "42-lld", 4, "final.md", b"**Final Status:** BLOCKED\n")
    lineage.write(tmp_path / folder / "42-lld", 8, "final.md", b"**Final Status:** APPROVED\n")
    lineage.write(tmp_path / folder / "43-lld-n1", 4, "final.md", b"of a version before\n")
    final = folder / "42-lld/008-final.md"
    assert designs.find_designs(tmp_path) == {42: [final]}
    assert designs.others_of(tmp_path, 42) == [(final, "approved")]
    assert designs.other_in_the_way(tmp_path, 42) is None
    assert lineage.first_number(tmp_path / folder / "42-lld", "issue.md", b"") == 9


def test_a_folder_in_the_place_of_a_design_cannot_be_replaced(tmp_path: Path) -> None:
    (tmp_path / designs.published_path(42)).mkdir(parents=True)
    with pytest.raises(TuiError, match="it is not a file"):
        designs.read_for_copy(tmp_path, designs.published_path(42))
