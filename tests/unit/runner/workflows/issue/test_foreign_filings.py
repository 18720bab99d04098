"""Briefs that AssemblyZero has filed are known by its lineage, and not filed again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assemblyzero_tui.runner.workflows.issue.briefs import pending_briefs
from assemblyzero_tui.runner.workflows.issue.foreign_filings import foreign_filing
from assemblyzero_tui.runner.workflows.repository.text_files import text_digest

BRIEF = "# Lamps\n\nA lamp on each post.\n"
RECORD = {
    "issue_number": 7,
    "issue_url": "https://github.com/example/tidewater/issues/7",
    "title": "Lamps",
    "filed_at": "2026-02-02T05:23:14.622355+00:00",
    "brief_file": "C:/Users/me/ideas/active/lamps.md",
    "total_iterations": 3,
    "draft_count": 3,
    "verdict_count": 3,
}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """With one idea."""
    (tmp_path / "ideas/active").mkdir(parents=True)
    (tmp_path / "ideas/active/lamps.md").write_text(BRIEF)
    return tmp_path


def done(repository: Path, name: str = "7-lamps", **files: bytes | str) -> None:
    """A lineage folder with these files, called by what follows their numbers."""
    folder = repository / "docs/lineage" / ("active" if name == "lamps" else "done") / name
    folder.mkdir(parents=True)
    for number, (kind, data) in enumerate(files.items(), 1):
        ending = kind.replace("_", ".")
        data = data.encode() if isinstance(data, str) else data
        (folder / f"{number:03d}-{ending}").write_bytes(data)


def note(repository: Path, *, named: bool = False) -> str:
    """The one note; nothing is pending, unless that says ``anew``."""
    wanted = [repository / "ideas/active/lamps.md"] if named else None
    items, notes = pending_briefs(repository, wanted)
    (said,) = notes
    assert bool(items) == ("filing it as" in said)
    return said


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize(
    "brief", [BRIEF, BRIEF.replace("\n", "\r\n"), "\ufeff" + BRIEF, BRIEF.rstrip()]
)
def test_the_same_text_is_filed_before(repository: Path, brief: str, named: bool) -> None:
    done(repository, brief_md=brief, filed_json=json.dumps(RECORD))
    said = note(repository, named=named)
    assert "left out: already filed as #7 (https://github.com/example/tidewater/issues/7)" in said


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize(
    "record",
    [
        b"", b"{", b"[]", b"null", b"\xff\xfe", b"<<<<<<< HEAD", b'{"issue_number": null}',
        b'{"issue_number": "7"}', b"\xef\xbb\xbf" + json.dumps(RECORD).encode(),
        json.dumps(RECORD).encode("utf-16"),
    ],
)  # fmt: skip
def test_a_record_that_cannot_be_read_is_one_all_the_same(
    repository: Path, record: bytes, named: bool
) -> None:
    done(repository, filed_json=record)
    assert "left out: already filed as #7" in note(repository, named=named)


def test_the_folder_alone_is_enough(repository: Path) -> None:
    done(repository)
    assert "filed as #7 (docs/lineage/done/7-lamps)" in note(repository)


def test_a_record_that_was_not_put_away_yet_is_enough(repository: Path) -> None:
    done(repository, "lamps", brief_md=BRIEF, filed_json=json.dumps(RECORD))
    assert "filed as #7" in note(repository)


def test_another_text_is_filed_only_by_name_with_a_note(repository: Path) -> None:
    done(repository, brief_md="# Lamps\n\nNo lamp at all.\n", filed_json=json.dumps(RECORD))
    said = note(repository)
    assert "left out: filed as #7" in said
    assert "its text has changed since" in said
    said = note(repository, named=True)
    assert "was filed as #7" in said
    assert "filing it as a new issue" in said


@pytest.mark.parametrize(
    "name", ["7-my-lamps", "7-lamps-2", "07-lamps", "0-lamps", "lamps-7", "7-Lamps", "x-lamps"]
)
def test_names_that_end_alike_are_others(repository: Path, name: str) -> None:
    done(repository, name, brief_md=BRIEF, filed_json=json.dumps(RECORD))
    items, notes = pending_briefs(repository)
    assert len(items) == 1
    assert notes == []


def test_a_file_of_that_name_is_no_lineage(repository: Path) -> None:
    (repository / "docs/lineage/done").mkdir(parents=True)
    (repository / "docs/lineage/done/7-lamps").write_text("")
    assert len(pending_briefs(repository)[0]) == 1


@pytest.mark.parametrize("slug", ["lld", "testing"])
def test_lineages_of_designs_and_tests_are_none_of_briefs(repository: Path, slug: str) -> None:
    done(repository, f"104-{slug}", issue_md="# 104", approved_json="{}")
    assert foreign_filing(repository, slug, text_digest(BRIEF)) is None
    done(repository, f"105-{slug}", filed_json=json.dumps(RECORD))
    assert foreign_filing(repository, slug, text_digest(BRIEF)) is not None


def test_of_several_the_one_with_this_text_counts(repository: Path) -> None:
    done(repository, "7-lamps", brief_md="Another text.", filed_json="{}")
    done(repository, "9-lamps", brief_md=BRIEF, filed_json="{}")
    assert "left out: already filed as #9" in note(repository, named=True)


def test_a_later_journey_in_the_same_folder_is_not_what_was_filed(repository: Path) -> None:
    done(repository, "lamps", brief_md="Another text.", filed_json=json.dumps(RECORD))
    (repository / "docs/lineage/active/lamps/003-brief.md").write_text(BRIEF)
    assert "filing it as a new issue" in note(repository, named=True)
