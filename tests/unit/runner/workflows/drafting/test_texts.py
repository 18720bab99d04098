"""Prompts, titles, numbers and reviews: everything that takes texts apart or puts them together."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.workflows import catalog
from assemblyzero_tui.runner.workflows.drafting import prompt_files, reviews
from assemblyzero_tui.runner.workflows.drafting.log_style import plain, wrapped
from assemblyzero_tui.runner.workflows.drafting.texts import sections
from assemblyzero_tui.runner.workflows.lld import status_file
from assemblyzero_tui.runner.workflows.repository.titles import split_title
from assemblyzero_tui.runner.workflows.tracker.issues import issue_number

LINES = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=200)
GOOD = {"verdict": "APPROVED", "critique": "c", "tier1_issues": [], "suggestions": []}


def test_the_catalog_knows_the_workflow_without_langgraph() -> None:
    code = (
        "import sys; from assemblyzero_tui.runner.workflows import catalog; "
        "import assemblyzero_tui.runner.workflows.lld.pending; "
        "import assemblyzero_tui.runner.workflows.samples.demo, assemblyzero_tui.runner.llm; "
        "print(catalog.entry('lld').nodes[0], any(m.startswith('lang') for m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["N0_fetch_issue", "False"]
    assert catalog.entry("lld").item_id("42") == "LLD-42"
    with pytest.raises(TuiError, match="no workflow 'nope'"):
        catalog.load("nope")


@given(LINES)
def test_a_prompt_keeps_what_is_filled_in_as_it_is(text: str) -> None:
    wild = text + "{{REQUEST}} ${HOME} {0} \\1 \\g<0>"
    filled = prompt_files.fill("repair", request=wild, answer="A", error="E")
    assert filled.startswith(wild)
    assert filled.count("{{REQUEST}}") == 1 + text.count("{{REQUEST}}")


def test_every_prompt_is_there_and_every_marker_has_to_be_filled() -> None:
    assert all(prompt_files.template(name) for name in prompt_files.NAMES)
    with pytest.raises(KeyError):
        prompt_files.fill("repair", request="only this")


def test_checkpoints_of_earlier_versions_have_these_digests() -> None:
    """Change a prompt on purpose only: every checkpoint then asks for --continue or --fresh."""
    assert prompt_files.digest(prompt_files.LLD) == "e7743a0e63c628cb"
    assert prompt_files.digest(prompt_files.ISSUE) == "a6d3e0774398c991"


@given(LINES, LINES)
def test_a_text_cannot_end_its_own_delimiters(before: str, after: str) -> None:
    inner = prompt_files.delimited("ISSUE", before)
    outer = prompt_files.delimited("ISSUE", f"{inner}\n{after}")
    assert outer.count(outer.splitlines()[0]) == 1
    assert outer.endswith(outer.splitlines()[0].replace("BEGIN", "END"))


@settings(deadline=None)  # the first one imports the parser
@given(LINES)
def test_a_title_is_found_in_any_text(text: str) -> None:
    title, body = split_title(text, "fallback")
    assert title.strip()
    assert "\n" not in title
    assert len(body) <= len(text)


@pytest.mark.parametrize(
    ("text", "title", "body"),
    [
        ("# One\n\ntwo", "One", "two"),
        ("intro\n\n  # One two ##\nrest", "One two", "intro\n\nrest"),
        ("```\n# comment\n```\n# Title", "Title", "```\n# comment\n```"),
        ("~~~\n```\n# no\n~~~\ntext", "fallback", "~~~\n```\n# no\n~~~\ntext"),
        ("#hashtag\n# ", "fallback", "#hashtag\n#"),
    ],
)
def test_the_title_is_the_first_heading_outside_code(text: str, title: str, body: str) -> None:
    assert split_title(text, "fallback") == (title, body)


@given(st.integers(1, 999_999_999))
def test_a_number_is_read_in_every_form(number: int) -> None:
    for text in (str(number), f"LLD-{number}", f"lld-{number}", f"00{number}"):
        assert issue_number(text) == number


@given(st.text(max_size=12).filter(lambda text: not text.isascii() or not text.isalnum()))
def test_anything_else_is_refused_with_a_message(text: str) -> None:
    assume(not text.upper().startswith("LLD-"))
    with pytest.raises(TuiError, match="is not"):
        issue_number(text)


def test_sections_are_headings_outside_code_with_their_size() -> None:
    text = "# T\n## A\n```\n## no\n```\n##B\n### c\n## D ##\n"
    assert sections(text) == [("A", len("```\n## no\n```\n##B\n### c\n")), ("D", 0)]


def test_the_schema_names_what_the_parser_reads() -> None:
    assert set(reviews.SCHEMA["properties"]) == set(reviews.Review.__struct_fields__)
    assert reviews.parse(f" \n{json.dumps(GOOD)}\n").verdict == "APPROVED"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(JSON | JSON.map(lambda inner: {"version": "1.0", "issues": inner}))
def test_any_json_is_a_status_file_or_a_clear_refusal(document: object) -> None:
    data = json.dumps(document).encode()
    issues = document.get("issues") if isinstance(document, dict) else None
    if isinstance(issues, dict) and all(isinstance(entry, dict) for entry in issues.values()):
        assert status_file.decode(data) == document
    else:
        with pytest.raises(status_file.InvalidStatusFileError, match=r"."):
            status_file.decode(data)


@given(LINES)
def test_what_is_printed_holds_no_control_character(text: str) -> None:
    shown = [plain(text), *wrapped(text)]
    assert all(c.isprintable() or ord(c) > 159 for line in shown for c in line)
    assert all(len(line) <= 100 for line in wrapped(text))
