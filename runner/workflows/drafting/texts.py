"""Texts of both drafting workflows: verdicts, the history of reviews, sections."""

from __future__ import annotations

from assemblyzero_tui.runner.llm.provider import Request
from assemblyzero_tui.runner.workflows.drafting import prompt_files
from assemblyzero_tui.runner.workflows.drafting.prompt_files import delimited
from assemblyzero_tui.runner.workflows.drafting.reviews import SCHEMA
from assemblyzero_tui.runner.workflows.drafting.state import DraftState, ReviewRecord
from assemblyzero_tui.runner.workflows.repository.markdown import headings


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
            section = issue["section"].strip()
            where = f"**{section}**: " if section else ""
            lines.append(f"{number}. {where}{issue['problem'].strip()}")
            if remedy := issue["remedy"].strip():
                lines.append(f"   Remedy: {remedy}")
    if review["suggestions"]:
        lines += ["", "## Suggestions", ""]
        lines += [f"- {suggestion.strip()}" for suggestion in review["suggestions"]]
    return "\n".join(lines) + "\n"


def sections(draft: str) -> list[tuple[str, int]]:
    """The headings of level 2 of a draft, and the characters below each."""
    lines = [f"{line}\n" for line in draft.removesuffix("\n").split("\n")]
    found = [heading for heading in headings(draft) if heading.level == 2]
    ends = [*(heading.start for heading in found), len(lines)][1:]
    return [
        (heading.text, sum(map(len, lines[heading.end : end])))
        for heading, end in zip(found, ends, strict=True)
    ]


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
