"""The title of a text is what GitHub shows."""

from __future__ import annotations

import pytest

from assemblyzero_tui.runner.workflows.repository.titles import LIMIT, split_title, without_number

SETEXT = "Buoys\n=====\n\nA text.\n"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# Buoys\n\nA text.", "Buoys"),
        ("\ufeff# Buoys\r\n\r\nA text.\r\n", "Buoys"),
        ("#\tBuoys #", "Buoys"),
        (SETEXT, "Buoys"),
        ("Buoys\n-----\n\nA text.", "Buoys"),
        ("Two lines\nof a title\n===", "Two lines of a title"),
        ("<!--\n# What to write\n-->\n\n# Buoys", "Buoys"),
        ("<!-- # a --> \n# Buoys", "Buoys"),
        ("```sh\n# not it\n```\n# Buoys", "Buoys"),
        ("````\n```\n# not it\n````\n# Buoys", "Buoys"),
        ("~~~\n# not it\n```\n# nor this\n~~~\n# Buoys", "Buoys"),
        ("Log:\n\n```\n```sh\n# not it\n```\n\n# Buoys", "Buoys"),
        ("    # not it\n\n# Buoys", "Buoys"),
        ("\\# not it\n\n# Buoys", "Buoys"),
        ("#not-it\n\n# Buoys", "Buoys"),
        ("#\n\n# Buoys", "Buoys"),
        ("> # Quoted\n\n# Buoys", "Buoys"),
        ("## Contents\n\n# Buoys", "Buoys"),
        ("Before.\n\n## Buoys\n\nA text.", "Buoys"),
        ('<h1 align="center">\n  <b>Buoys</b> &amp; bells\n</h1>\n\nA text.', "Buoys & bells"),
        ("<details>\n# not it\n</details>\n\n# Buoys", "Buoys"),
        ("# [Buoys](https://example.org) **and** *bells* \\#5", "Buoys and bells #5"),
        ("# [Buoys][1]\n\n[1]: https://example.org", "Buoys"),
        ("# Let `buoy(1)` ring &copy;", "Let `buoy(1)` ring ©"),
        ("---\n# owner\nteam: quay\n---\n\n# Buoys", "Buoys"),
        ("---\ntitle: Buoys\n---\n\n## Context\n\nA text.", "Buoys"),
        ('---\ntitle: "Buoys: all"\nlabels: null\n---\nA text.', "Buoys: all"),
        ("---\ntitle: Buoys: a sequel\n---\nA text.", "Buoys: a sequel"),
        ("---\ntitle:\n---\n# Buoys", "Buoys"),
        ("---\ntitle: 2031\n...\nA text.", "2031"),
        ("---\n\nA text.\n\n---\n\n# Buoys", "Buoys"),
        ("<!-- never closed\n# Not it", "By name"),
        ("A text\nwithout any.", "By name"),
        ("", "By name"),
    ],
)
def test_the_first_heading_as_github_shows_it(text: str, title: str) -> None:
    assert split_title(text, "By name")[0] == title


def test_the_heading_is_taken_out_of_the_body_and_nothing_else_is() -> None:
    assert split_title(SETEXT, "")[1] == "A text."
    assert split_title("## One\n\na\n\n## Two\n\nb", "")[1] == "## One\n\na\n\n## Two\n\nb"
    assert split_title("## One\n\na", "")[1] == "a"
    assert split_title("---\ntitle: T\n---\na", "")[1] == "a"
    kept = "---\ntitle: T\npriority: high\n---\na"
    assert split_title(kept, "")[1] == kept
    assert split_title("---\ntitle: T\n---\n# T\n\na", "")[1] == "a"
    assert split_title("---\ntitle: T\n---\n# Other\n\na", "")[1] == "# Other\n\na"


def test_a_title_is_capped_where_it_enters() -> None:
    title, _ = split_title("# " + "word " * 400, "")
    assert len(title) <= LIMIT
    assert title.endswith("word…")


@pytest.mark.parametrize(
    "title",
    [
        "Issue #6: Buoys", "issue 6: Buoys", "#6 Buoys", "#6: Buoys", "6. Buoys", "6: Buoys",
        "6) Buoys", "LLD-6: Buoys", "LLD-006 - Buoys", "[#6] Buoys", "(#6) Buoys", "[LLD-6] Buoys",
        "Buoys (#6)", "Buoys (fixes #6)", "GH-6: Buoys", "Issue 6 — Buoys", "[6] Buoys", "Buoys",
    ],
)  # fmt: skip
def test_the_number_of_the_issue_is_not_said_twice(title: str) -> None:
    assert without_number(title, 6) == "Buoys"


@pytest.mark.parametrize(
    "title",
    ["6 buoys", "6-bit colours", "6.5 metres", "#60 Buoys", "Issue 60: Buoys", "16: Buoys", "6th"],
)
def test_other_numbers_stay(title: str) -> None:
    assert without_number(title, 6) == title


@pytest.mark.parametrize("title", ["Issue 6", "#6", "LLD-6", "6"])
def test_a_title_that_is_a_number_only_is_none(title: str) -> None:
    assert without_number(title, 6) == ""
