"""Drafts as models write them: what surrounds the text is taken off, what is none is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assemblyzero_tui.runner.workflows.drafting import draft_text, guards

DESIGN = (
    "# LLD-9: Ring the bell\n\n## 1. Goal\n\n"
    + "The bell rings when the ferry leaves. " * 5
    + "\n\n## 2. Design\n\n```sh\nring --twice\n```\n\nThe rope is as long as the tower is high."
)
OTHER_FORMS = {
    "as it is": DESIGN,
    "a fence": f"```markdown\n{DESIGN}\n```",
    "a fence without a language": f"```\n{DESIGN}\n```",
    "tildes": f"~~~md\n{DESIGN}\n~~~\n",
    "a longer fence": f"`````md\n{DESIGN}\n`````",
    "a fence that nobody closed": f"```markdown\n{DESIGN}",
    "a byte order mark and other line ends": "\ufeff" + DESIGN.replace("\n", "\r\n"),
    "blank lines": f"\n\n{DESIGN}\n\n\n",
    "a remark": f"{DESIGN}\n\n---\n\nLet me know if the bell should ring three times!",
    "a remark behind a fence": f"```markdown\n{DESIGN}\n```\n\nWould you like me to go on?",
    "a rule above": f"---\n\n{DESIGN}",
    "an end mark": f"{DESIGN}<|im_end|>\n",
}


def read(answer: str) -> str:
    text = draft_text.text_of(answer)
    draft_text.check_design(text)
    return text


@pytest.mark.parametrize("form", OTHER_FORMS)
def test_only_what_surrounds_a_draft_is_taken_off(form: str) -> None:
    assert read(OTHER_FORMS[form]) == DESIGN


def test_a_code_block_at_the_end_is_not_the_end_of_a_fence_around_the_whole() -> None:
    text = f"{DESIGN}\n\n```sh\nring\n```"
    assert read(f"```markdown\n{text}") == text
    assert read(f"```markdown\n{text}\n```") == text
    assert read(text) == text


@pytest.mark.parametrize(
    "text",
    [
        DESIGN.replace("# LLD-9: Ring the bell", "LLD-9: Ring the bell\n====="),
        f"<!-- from the template -->\n\n{DESIGN}",
        f"---\nstatus: draft\n---\n\n{DESIGN}",
        DESIGN.replace("The rope", "It drops `<think>` up to\n\n```\n</think>\n```\n\nThe rope"),
        DESIGN.replace("The bell", "Sailors say: I cannot write this down. The bell", 1),
        DESIGN.replace("## 2. Design", "## 2. Nothing yet\n\nTBD\n\n## 3. Design"),
        DESIGN.replace("The rope", "Marked by `<!-- bell:`, the rope"),
    ],
    ids=["setext", "comment", "front matter", "think", "quote", "one empty", "open comment"],
)  # fmt: skip
def test_a_design_may_look_odd(text: str) -> None:
    assert read(text) == text


REFUSED = {
    "prose before": (f"Sure, here it is:\n\n{DESIGN}", "text before its first heading: Sure"),
    "prose and a fence": (f"Here:\n\n```markdown\n{DESIGN}\n```", "Here:"),
    "thoughts": (f"<think>\nA bell …\n</think>\n\n{DESIGN}", "the model's thoughts"),
    "the end of thoughts": (f"A bell …\n</think>\n\n{DESIGN}", "the model's thoughts"),
    "nothing but thoughts": (f"<thinking>\n{DESIGN}", "the model's thoughts"),
    "thoughts in brackets": (f"[THINK]bell[/THINK]{DESIGN}", "the model's thoughts"),
    "JSON": (json.dumps({"title": "Bell", "design": DESIGN}), "JSON"),
    "JSON in a fence": (f"```json\n{json.dumps([DESIGN], indent=1)}\n```", "JSON"),
    "JSON with a comma": ('{"design": "' + "bell " * 60 + '",}', "JSON"),
    "HTML": ("<!DOCTYPE html>\n<html><body>" + "<p>bell</p>" * 40 + "</body></html>", "HTML"),
    "HTML in a fence": ("```html\n<h1>Bell</h1>\n" + "<p>bell</p>\n" * 40 + "```", "HTML"),
    "HTML below a heading": ("# Bell\n\n## A\n\n" + "<div>the bell</div>\n\n" * 40, "HTML"),
    "a refusal": ("I can't help with that.", "a refusal: I can't help"),
    "a polite refusal": ("I'm sorry, but I can’t assist with that request. " * 6, "a refusal"),
    "a refusal with a heading": (
        "# LLD-9: Bell\n\n## 1. Goal\n\nAs an AI language model, I must not ring bells. "
        + "Bells are loud. " * 20 + "\n\n## 2. Design\n\nNo bell rings.", "a refusal: As an AI"),
    "a refusal nobody knows": ("Bells are against my principles, all of them. " * 8, "no headings"),
    "a refusal in another language": ("Dabei kann ich leider nicht helfen. " * 8, "no headings"),
    "empty sections": ("# T\n\n" + "\n\n".join(f"## {n}. Bell" for n in range(40)),
                       "40 of its 40 sections are empty: 0. Bell"),
    "sections to be written": ("# T\n\n" + "\n\n".join(f"## {n}. Bell\n\nTBD" for n in range(40)),
                               "40 of its 40 sections are empty"),
    "sections of comments": (
        "# T\n\n" + "\n\n".join(f"## {n}. Bell\n\n<!-- what? -->" for n in range(9)), "empty"),
    "a few words": ("# LLD-9: Ring the bell\n\n## 1. Goal\n\nIt rings.", "characters"),
    "nothing": (" \n", "it is empty"),
    "no sections": ("# Bell\n\n" + "The bell rings. " * 30, "no sections"),
    "bold headings": ("**LLD-9: Bell**\n\n" + "The bell rings. " * 30, "no headings"),
    "far too much": (DESIGN + "bell " * 50_000, "limit is 200,000"),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_design_is_refused_with_the_reason(kind: str) -> None:
    answer, reason = REFUSED[kind]
    with pytest.raises(ValueError, match=reason) as refused:
        read(answer)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize(("length", "told"), [(20, "at least 200"), (200_001, "limit is 200,000")])
def test_a_draft_of_an_old_checkpoint_is_still_measured(length: int, told: str) -> None:
    with pytest.raises(guards.GuardError, match=told):
        guards.check_draft("x" * length)


@given(st.text(max_size=300))
def test_any_text_is_a_design_or_a_clear_refusal(text: str) -> None:
    for whole in (text, f"```\n{text}\n```", f"{DESIGN}\n{text}"):
        try:
            assert len(read(whole)) >= guards.DRAFT_MINIMUM
        except ValueError as error:
            assert len(str(error)) > 8  # noqa: PT017 - it may be raised or not


@pytest.mark.parametrize("padding", [" ", "_", "\n", "<|x", "- "], ids=repr)
def test_padding_without_end_is_read_in_linear_time(padding: str) -> None:
    text = DESIGN.replace("## 2. Design", f"## 2. Rope\n\n{padding * 200_000}x\n\n## 3. Design")
    with pytest.raises(ValueError, match="the limit is 200,000"):
        read(text)
