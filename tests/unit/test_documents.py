"""Every file and folder of this repository that a document names exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob(".github/**/*.md")])
NAMED = re.compile(r"`((?:app|widgets|runner|tests|bench|docs/\w+\.md|\.ci)(?:/[\w./-]*)?)`")
LINKED = re.compile(r"\]\((?!https?://|#)([^)#]+)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_names_only_what_exists(document: Path) -> None:
    text = document.read_text()
    missing = [name for name in NAMED.findall(text) if not (ROOT / name).exists()]
    missing += [link for link in LINKED.findall(text) if not (document.parent / link).exists()]
    assert missing == []


def test_the_tree_in_the_architecture_names_every_room() -> None:
    tree = (ROOT / "ARCHITECTURE.md").read_text()
    rooms = [
        path.parent.name
        for root in ("app", "runner", "widgets")
        for path in (ROOT / root).rglob("__init__.py")
    ]
    assert [name for name in rooms if f"{name}/" not in tree] == []
