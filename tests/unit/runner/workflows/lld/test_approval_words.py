"""What counts as a word of approval in a design, and what only looks like one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assemblyzero_tui.runner.workflows.lld.approval_words import means_approved, says_approved

APPROVED = [
    "**Final Status:** APPROVED",
    "* **Status:** Approved",
    "- **Status:** Approved (reviewer, 2026-02-03)",
    "Status: APPROVED",
    "status: approved",
    "**Status**: Approved",
    "> **Status:** ✅ Approved",
    "**Status:** Gemini Approved (2026-02-03)",
    "**Final Status:** APPROVED - READY FOR IMPLEMENTATION",
    "**Status:** ~~Draft~~ Approved",
    "| Field | Value |\n|---|---|\n| **Status** | APPROVED |",
    "| Issue | Status |\n|:--|--:|\n| #7 | Approved |",
    "## Status\n\nApproved on 2026-02-03",
    "## Status: Approved",
    "**Status:** Draft\n\nwords\n\n**Final Status:** APPROVED",
    "**Final Status:** PENDING\n\n**Final Status:** APPROVED\n",
    "\ufeffStatus: Approved\r\n",
]
NOT_APPROVED = [
    "",
    "The design was approved by everybody.",
    "Status: Not approved",
    "Status: pending approval",
    "**Status:** ~~Approved~~",
    "**Status:** Draft | Approved",
    "**Status:** [Draft | Approved | Rejected]",
    "**Status:** Approved | Draft",
    "**Status:** Approved / Rejected",
    "**Status:** [ ] Approved",
    "**Status:** Approved?",
    "**Status:** Unapproved",
    "**Status:** To be approved",
    "**Status:** Approved once legal agrees",
    "**Final Status:** APPROVED - PENDING REVIEW",
    "**Status:** Approved (not by Gemini)",
    "`**Final Status:** APPROVED` is set by the reviewer only",
    "```\n**Final Status:** APPROVED\n```",
    "~~~markdown\nStatus: Approved\n~~~",
    "    Status: Approved",
    "<!-- Status: Approved -->",
    "<!-- set to APPROVED by the reviewer\nStatus: Approved\n",
    "**Status:** Approved\n\n**Final Status:** PENDING",
    "**Status:** Draft\n\n### Review 1\n\n**Status:** Approved",
    "| Status values | approved, rejected |",
    "**Review status of others:** Approved",
    'status = "approved"',
]


@pytest.mark.parametrize("text", APPROVED)
def test_a_plain_statement_of_approval_is_one(text: str) -> None:
    assert says_approved(f"# LLD-7: Lamps\n\n{text}\n\nMore.\n" if text[0] != "\ufeff" else text)


@pytest.mark.parametrize("text", NOT_APPROVED)
def test_what_only_looks_like_an_approval_is_none(text: str) -> None:
    assert not says_approved(f"# LLD-7: Lamps\n\n{text}\n")


@pytest.mark.parametrize("value", ["approved", "Approved", "APPROVED", " approved "])
def test_capitals_and_space_do_not_matter(value: str) -> None:
    assert means_approved(value)


@given(
    st.text() | st.lists(st.sampled_from([*APPROVED, *NOT_APPROVED, "```", "|---|"])).map("\n".join)
)
def test_any_text_gives_an_answer(text: str) -> None:
    assert says_approved(text) in (True, False)
