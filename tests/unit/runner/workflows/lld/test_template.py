"""A repository's own template: where it is found, and which of its headings a design lacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.workflows.drafting.guards import CONTEXT_FILE_LIMIT
from assemblyzero_tui.runner.workflows.lld.template import Template, find_template
from assemblyzero_tui.runner.workflows.lld.texts import draft_in, read_design

TEXT = "# {ID}: {Title}\n\n## 1. Purpose\n\n## 2. Parts\n"


def put(repository: Path, name: str, text: str = TEXT) -> str:
    path = repository / "docs/templates" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return f"docs/templates/{name}"


def found(repository: Path, chosen: str = "") -> str | None:
    template = find_template(repository, chosen)
    return template.path if template else None


@pytest.mark.parametrize(
    "name", ["lld.md", "0102-lld-template.md", "LLD Template.MD", "my-lld.markdown"]
)
def test_it_is_found_by_its_name(tmp_path: Path, name: str) -> None:
    assert found(tmp_path) is None
    put(tmp_path, "notes.md")
    put(tmp_path, "lld.txt")
    (tmp_path / "docs/templates/old-lld.md").mkdir()
    assert found(tmp_path) is None
    assert put(tmp_path, name) == found(tmp_path)


def test_of_several_the_one_that_is_about_designs_is_taken(tmp_path: Path) -> None:
    put(tmp_path, "0001-lld-review-checklist.md")
    put(tmp_path, "0002-lld-empty.md", "Nothing yet.")
    wanted = put(tmp_path, "0003-lld.md")
    template = find_template(tmp_path, "")
    assert template is not None
    assert template.path == wanted
    assert len(template.others) == 2


def test_a_chosen_one_goes_first_and_has_to_be_one(tmp_path: Path) -> None:
    put(tmp_path, "lld.md")
    mine = tmp_path / "mine.md"
    mine.write_text(TEXT)
    assert found(tmp_path, str(mine)) == str(mine)
    mine.write_text("Only words.")
    with pytest.raises(TuiError, match="has no headings"):
        find_template(tmp_path, str(mine))
    mine.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TuiError, match="not UTF-8"):
        find_template(tmp_path, str(mine))
    with pytest.raises(TuiError, match="does not exist"):
        find_template(tmp_path, str(tmp_path / "none.md"))
    mine.write_text(TEXT + "word " * (CONTEXT_FILE_LIMIT // 5))
    with pytest.raises(TuiError, match="limit is 200,000"):
        find_template(tmp_path, str(mine))


@pytest.mark.parametrize(
    ("template", "design", "missing"),
    [
        (TEXT, "# 7: Lamps\n\n## 1. Purpose\n\n## 2. Parts", []),
        (TEXT, "# 7: Lamps\n\n## PURPOSE\n\n### 5.1 **Parts**", []),
        (TEXT, "# 7: Lamps\n\n## 1. Purpose\n\n```\n## 2. Parts\n```", ["2. Parts"]),
        (TEXT, "# 7: Lamps\n\n## 1. Purposes\n\nParts\n-----", ["1. Purpose"]),
        ("## 1. Files & Folders\n", "## Files and folders (changed)\n", []),
        ("## Flow of {name} here\n", "## Flow of the lamp here\n", []),
        ("## Flow of <name>\n", "## Flow of\n", []),
        ("## Flow of [name]\n", "## Stop of the lamp\n", ["Flow of [name]"]),
        ("## {Anything}\n\n## A (optional)\n\n## B (if applicable)\n", "# T", []),
        ("## A <!-- say why -->\n\n<!--\n## B\n-->\n", "## a", []),
        ("---\nname: lld\n---\n## A\n", "---\nname: x\n---\n## A\n", []),
        ("# One\n\n# Two\n", "# Other\n", ["Two"]),
        ("## Phase 1 plan\n\n## Phase 2 plan\n", "## Phase 1 plan\n", ["Phase 2 plan"]),
        ("## 3. Python 3 support\n", "## Python 3 support\n", []),
        ("---\n# vars\nowner: x\n---\n# LLD\n\n## A\n", "# LLD\n\n## A\n", []),
        ("## A\n\n## A\n", "# T", ["A"]),
    ],
)
def test_headings_are_compared_as_a_reader_would(
    template: str, design: str, missing: list[str]
) -> None:
    assert Template("t.md", template).missing(design) == missing


DESIGN = "# 7: Lamps\n\n## 1. Purpose\n\n" + "The pier is dark. " * 12 + "\n\n## 2. Parts\n\nLamps."


def test_only_the_approval_says_a_final_status() -> None:
    status = "\n\n**Final Status:** APPROVED\n- Final status: PENDING"
    code = "\n\n```\nFinal Status: any\n```"
    assert read_design(DESIGN + code + status) == DESIGN + code + "\n"


def test_a_published_design_is_ours_with_and_without_its_final_status() -> None:
    origin = "Issue #7 · approved on 2026-02-03 by m after 1 review · history in "
    text = f"{DESIGN}\n\n---\n\n{origin}`docs/lineage/active/7-lld/`\n"
    assert draft_in(text) == draft_in(f"{text}\n**Final Status:** APPROVED\n") == DESIGN
    assert draft_in(f"{text}\n**Final Status:** BLOCKED\n") is None
