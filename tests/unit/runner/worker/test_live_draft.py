"""A draft's sections are shown as they are completed."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from assemblyzero_tui.runner.logs.sanitise import plain_text
from assemblyzero_tui.runner.worker.live_draft import SectionPrinter

DRAFT = (
    "# Title\n\n## 1. Goal\nshort\n```\n## not a heading\n```\n## 2. Design\nlonger text\n## 3.\n"
)


def shown(pieces: list[str]) -> list[str]:
    lines: list[str] = []
    printer = SectionPrinter(lines.append)
    for piece in pieces:
        printer.feed(piece)
    printer.finish()
    return [" ".join(plain_text(line.encode()).split()) for line in lines]


def test_a_section_is_shown_when_the_next_one_begins() -> None:
    lines: list[str] = []
    printer = SectionPrinter(lines.append)
    printer.feed("## 1. Goal\nshort\n## 2")
    assert lines == []
    printer.feed(". Design\n")
    assert len(lines) == 1
    printer.finish()
    assert len(lines) == 2


@given(st.lists(st.integers(0, len(DRAFT)), max_size=8))
def test_it_does_not_matter_how_the_text_arrives(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(DRAFT)]
    pieces = [DRAFT[a:b] for a, b in pairwise(edges)]
    assert shown(pieces) == shown([DRAFT])
    assert [line.rsplit(" ", 1)[0] for line in shown([DRAFT])] == ["1. Goal", "2. Design", "3."]
