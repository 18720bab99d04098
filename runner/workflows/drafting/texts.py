"""Texts of both drafting workflows: verdicts, the history of reviews, sections."""

from __future__ import annotations

import re

from assemblyzero_tui.runner.llm.provider import Request
from assemblyzero_tui.runner.workflows.drafting import prompt_files
from assemblyzero_tui.runner.workflows.drafting.prompt_files import delimited
from assemblyzero_tui.runner.workflows.drafting.reviews import SCHEMA
from assemblyzero_tui.runner.workflows.drafting.state import DraftState, ReviewRecord

_SECTION = re.compile(r"## +(.*?)(?: +#+)? *")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")


def verdict_text(review: ReviewRecord, draft_file: str) -> str:
    """``003-verdict.md``; also part of the prompts for later drafts and reviews."""
    lines = [
        f"# Verdict: {review['verdict']}",
        "",
        f"Review {review['draft']}, of {draft_file}, by {review['model'] or 'an unnamed model'}.",
        "",
        "## Critique",
        "",
        review["critique"].strip(),
    ]
    if review["tier1_issues"]:
        lines += ["", "## Tier-1 issues", ""]
        for number, issue in enumerate(review["tier1_issues"], 1):
            lines.append(f"{number}. **{issue['section'].strip()}**: {issue['problem'].strip()}")
            lines.append(f"   Remedy: {issue['remedy'].strip()}")
    if review["suggestions"]:
        lines += ["", "## Suggestions", ""]
        lines += [f"- {suggestion.strip()}" for suggestion in review["suggestions"]]
    return "\n".join(lines) + "\n"


def sections(draft: str) -> list[tuple[str, int]]:
    """The ``## `` headings of a draft outside code blocks, each with the characters below it."""
    headings: list[tuple[str, int]] = []
    fence = ""
    for line in draft.splitlines():
        if mark := _FENCE.match(line):
            if not fence:
                fence = mark[1]
            elif mark[1].startswith(fence):
                fence = ""
        elif not fence and (heading := _SECTION.fullmatch(line)):
            headings.append((heading[1], 0))
            continue
        if headings:
            headings[-1] = (headings[-1][0], headings[-1][1] + len(line) + 1)
    return headings


def draft_question(name: str, **values: str) -> Request:
    """The request for a draft with the prompts ``<name>`` and ``<name>-system``."""
    return Request(
        purpose="draft",
        system=prompt_files.template(f"{name}-system"),
        prompt=prompt_files.fill(name, **values),
    )


def review_question(name: str, **values: str) -> Request:
    """The request for a review with the prompts ``<name>`` and ``<name>-system``."""
    return Request(
        purpose="review",
        system=prompt_files.template(f"{name}-system"),
        prompt=prompt_files.fill(name, **values),
        schema=SCHEMA,
    )


def context_part(context: list[tuple[str, str]]) -> str:
    """The part of a prompt with the files of ``--context``; empty without any."""
    files = "\n\n".join(delimited("FILE", f"{name}\n\n{text}") for name, text in context)
    return f"## Files given as context\n\n{files}\n\n" if files else ""


def revision_part(state: DraftState, prompt: str, name: str) -> str:
    """The part of a prompt with the last draft, as a block of this name, and all reviews.

    Empty for the first draft.
    """
    if not state["reviews"]:
        return ""
    filled = prompt_files.fill(
        prompt, previous=delimited(name, state["draft"]), reviews=_reviews(state["reviews"])
    )
    return f"{filled}\n\n"


def earlier_reviews_part(state: DraftState, prompt: str) -> str:
    """The part of a prompt with all reviews of earlier drafts; empty for the first review."""
    if not state["reviews"]:
        return ""
    return f"{prompt_files.fill(prompt, reviews=_reviews(state['reviews']))}\n\n"


def _reviews(reviews: list[ReviewRecord]) -> str:
    return "\n\n".join(
        delimited("REVIEW", verdict_text(review, f"draft {review['draft']}")) for review in reviews
    )
