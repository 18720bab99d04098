"""Which files among the ideas are briefs, and what is told of the others."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.workflows.issue.brief_files import choose_files, tracking_issue
from assemblyzero_tui.runner.workflows.issue.briefs import done_brief, pending_briefs, slug_of

BRIEFS = [
    "buoys.md", "BELLS.MD", "chains.markdown", "email-template.md", "conflict resolution.md",
    "phase.md", "phase 2.md", "readme-generator.md", "copy editing.md", "templates for mails.md",
]  # fmt: skip
OTHERS = {
    "README.md": "explains", "readme.MD": "explains", "README.de.md": "explains",
    "INDEX.md": "explains",
    "_TEMPLATE.md": "template", "template.md": "template", "00-template.md": "template",
    "idea-template.md": "template", "TEMPLATE_brief.template.md": "template",
    "_draft.md": "template",
    "~$buoys.md": "lock file", ".~lock.buoys.md#": "", "#buoys.md#": "lock file",
    "buoys.sync-conflict-20310405-101112-ABCDEFG.md": "conflict",
    "buoys (Ann's conflicted copy 2031-04-05).md": "conflict",
    "buoys (conflicted copy 2031-04-05 101112).md": "conflict",
    "buoys_conflict-20310405-101112.md": "conflict",
    "buoys_REMOTE_4711.md": "conflict",
    "buoys (1).md": "copy of buoys", "Copy of buoys.md": "copy of buoys",
    "buoys - Copy.md": "copy of buoys", "buoys copy.md": "copy of buoys",
    "buoys.txt": ".md or .markdown", "buoys.md.bak": ".md or .markdown", "buoys.md~": ".md or",
    ".hidden.md": "", ".DS_Store": "",
}  # fmt: skip


def test_briefs_are_kept_and_all_others_are_told() -> None:
    briefs, notes = choose_files([*BRIEFS, *OTHERS])
    assert sorted(briefs) == sorted(BRIEFS)
    told = {name: why for name, why in OTHERS.items() if why}
    assert len(notes) == len(told)
    for name, why in told.items():
        assert any(note.startswith(f"{name} left out: ") and why in note for note in notes), name


def test_a_copy_whose_original_is_not_there_is_a_brief() -> None:
    assert choose_files(["buoys (1).md"]) == (["buoys (1).md"], [])
    assert choose_files(["buoys (1).md", "buoys.png"])[0] == ["buoys (1).md"]


@pytest.mark.parametrize(
    "line",
    [
        "**Tracking Issue:** #12", "Tracking issue: #12", "- **Issue**: #12", "> Issue: 12",
        "**GitHub Issue:** https://github.com/example/tidewater/issues/12",
        "Issue: [#12](https://github.com/example/tidewater/issues/12)", "Tracked in #12",
        "Tracked by example/tidewater#12 since May", "issue: GH-12", "Filed as #12.",
    ],
)  # fmt: skip
def test_a_tracking_issue_is_found(line: str) -> None:
    assert tracking_issue(f"# Buoys\n\n{line}\n\nText.") == 12


@pytest.mark.parametrize(
    "text",
    [
        "See #12.", "Issue 12 people wrote about", "```\nIssue: #12\n```", "Issue: none",
        "Tracking Issue: TBD", "Issues: #12 and others", "This issue: 12% of all",
        "Text:\n\n    Issue: #12", "````\n```\nIssue: #12\n```\nIssue: #12\n````",
    ],
)  # fmt: skip
def test_a_number_in_passing_is_none(text: str) -> None:
    assert tracking_issue(text) == 0


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "ideas/active").mkdir(parents=True)
    return tmp_path


def idea(repository: Path, name: str, text: str = "Some words.") -> Path:
    path = repository / "ideas/active" / name
    path.write_text(text)
    return path


def test_a_clash_leaves_out_only_those_that_clash(repository: Path) -> None:
    both = [idea(repository, name) for name in ("d# bells.md", "d++ bells.md")]
    idea(repository, "buoys.md")
    items, notes = pending_briefs(repository)
    assert [item.key for item in items] == ["buoys"]
    (note,) = notes
    assert all(str(path) in note for path in both)
    assert "'d-bells'" in note
    named, notes = pending_briefs(repository, [*both, repository / "ideas/active/buoys.md"])
    assert named == items
    with pytest.raises(TuiError, match="same slug"):
        pending_briefs(repository, both)


def test_composed_and_decomposed_names_are_one(repository: Path) -> None:
    composed = unicodedata.normalize("NFC", "bouée à feu.md")
    taken_apart = unicodedata.normalize("NFD", composed)
    assert slug_of(Path(composed)) == slug_of(Path(taken_apart))
    first = idea(repository, composed)
    (item,) = pending_briefs(repository, [first.with_name(taken_apart)])[0]
    assert item.source == str(first)
    other = idea(repository, taken_apart)
    items, notes = pending_briefs(repository)
    assert len(items) == 1
    assert "its name and text are those of" in notes[0]
    other.write_text("Other words.")
    with pytest.raises(TuiError, match="same slug"):
        pending_briefs(repository)


def test_a_brief_that_names_its_issue_is_noted(repository: Path) -> None:
    path = idea(repository, "ropes.md", "# Ropes\n\n**Tracking Issue:** #12\n")
    items, notes = pending_briefs(repository)
    assert len(items) == 1
    assert notes[0].startswith(f"{path} names #12 as its issue.")


def test_a_filed_brief_is_found_by_its_name(repository: Path) -> None:
    done = repository / "ideas/done"
    assert done_brief(repository, "buoys.md") is None
    done.mkdir()
    (done / "7-buoys.md").touch()
    (done / "12-buoys.md").touch()
    (done / "9-big-buoys.md").touch()
    assert done_brief(repository, "buoys.md") == done / "12-buoys.md"
    (done / "buoys.md").touch()
    assert done_brief(repository, "buoys.md") == done / "buoys.md"
    _, notes = pending_briefs(repository, [repository / "ideas/active/buoys.md"])
    assert "already filed" in notes[0]


def test_a_brief_that_is_too_long_says_what_to_do(repository: Path) -> None:
    idea(repository, "long.md", "# Long\n\n" + "word " * 30_000)
    idea(repository, "buoys.md")
    items, notes = pending_briefs(repository)
    assert [item.key for item in items] == ["buoys"]
    assert "the limit is 100,000" in notes[0]
    assert "--context FILE" in notes[0]
