"""Markdown: headings, code, front matter, and which fence is around a whole text."""

from __future__ import annotations

import pytest

from assemblyzero_tui.runner.workflows.repository.markdown import (
    code_lines,
    headings,
    plain_line,
    split_front_matter,
    without_fence,
)


def test_headings_are_those_that_a_reader_sees() -> None:
    text = (
        "Bell\n====\n\n> # quoted\n\n- # in a list\n\n```\n# code\n```\n\n<!--\n# comment\n-->\n\n"
        "    # indented\n\n##   A `b`  #\n#no\n\nC *d*\n---\n"
    )
    found = [(heading.level, heading.text) for heading in headings(text)]
    assert found == [(1, "Bell"), (2, "A `b`"), (2, "C *d*")]
    lines = text.split("\n")
    last = headings(text)[-1]
    assert lines[last.start : last.end] == ["C *d*", "---"]
    assert sorted(code_lines(text)) == [7, 8, 9, 15]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("**Bell** and _rope_", "Bell and rope"),
        ("The [bell](https://example.org) rings", "The bell rings"),
        ("`__init__.py` &amp; *more* <!-- x -->", "`__init__.py` & more"),
        (r"snake_case \*star\*", "snake_case *star*"),
        ("a ~~b~~", "a b"),
        ("", ""),
    ],
)
def test_a_line_is_shown_without_its_marks(line: str, shown: str) -> None:
    assert plain_line(line) == shown


@pytest.mark.parametrize(
    ("text", "front", "rest"),
    [
        ("---\ntitle: Bell\nlabels:\n  - a\n---\n# T", "title: Bell\nlabels:\n  - a\n", "# T"),
        ("---\n---\nx", "", None),
        ("---\n# T\n---\nx", "", None),
        ("---\n\nJust prose between rules\n\n---\nx", "", None),
        ("# T\n\n---\na: b\n---\n", "", None),
    ],
)
def test_front_matter_is_split_off(text: str, front: str, rest: str | None) -> None:
    assert split_front_matter(text) == (front, text if rest is None else rest)


@pytest.mark.parametrize(
    ("inside", "fence"),
    [
        ("# T\n\n```sh\nring\n```\n\nend", "```markdown"),
        ("# T\n\n```\nring\n```", "```"),
        ("# T\n\n```markdown\n```sh\nring\n```\n```\n\nend", "```md"),
        ("# T\n\n~~~\n```\n~~~", "~~~~"),
        ("# T\n\n```\nring\n```", "````text"),
    ],
)
def test_the_fence_around_the_whole_is_the_matching_one(inside: str, fence: str) -> None:
    closing = fence.rstrip("abcdefghijklmnopqrstuvwxyz")
    assert without_fence(f"{fence}\n{inside}\n{closing}") == inside
    assert without_fence(f"{fence}\n{inside}") == inside


@pytest.mark.parametrize(
    "text",
    [
        "# T\n\n```\nring\n```",
        "```sh\nring\n```\n\n# T\n\n```sh\nring\n```",
        "```json\n{}\n```",
        "",
    ],
)
def test_no_other_fence_is_taken_off(text: str) -> None:
    assert without_fence(text) == text
