"""The texts of the LLD workflow: what goes into the prompts and into the lineage files."""

from __future__ import annotations

import re

from assemblyzero_tui.runner.llm.provider import Request
from assemblyzero_tui.runner.workflows import prompt_files
from assemblyzero_tui.runner.workflows.lld_state import LldState, ReviewRecord
from assemblyzero_tui.runner.workflows.prompt_files import delimited
from assemblyzero_tui.runner.workflows.reviews import SCHEMA

_SECTION = re.compile(r"## +(.*?)(?: +#+)? *")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")


def issue_text(state: LldState) -> str:
    """``001-issue.md``."""
    lines = [f"# Issue #{state['number']}: {state['title']}", ""]
    if state["url"]:
        lines.append(f"- URL: {state['url']}")
    if state["labels"]:
        lines.append(f"- Labels: {', '.join(state['labels'])}")
    if len(lines) > 2:
        lines.append("")
    lines.append(state["body"].strip() or "(no description)")
    return "\n".join(lines) + "\n"


def verdict_text(review: ReviewRecord, draft_file: str) -> str:
    """``003-verdict.md``; also what later drafts and reviews are shown."""
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


def final_text(state: LldState, lineage: str) -> str:
    """``LLD-042.md``: the approved draft and where it comes from."""
    last = state["reviews"][-1]
    issue = f"[#{state['number']}]({state['url']})" if state["url"] else f"#{state['number']}"
    rounds = len(state["reviews"])
    return (
        f"{state['draft'].strip()}\n\n---\n\n"
        f"Issue {issue} · approved on {last['date']} by {last['model'] or 'an unnamed model'} "
        f"after {rounds} review{'s' if rounds != 1 else ''} · history in `{lineage}/`\n"
    )


def sections(draft: str) -> list[tuple[str, int]]:
    """The ``## `` headings of a draft, outside its code blocks, and the characters below each."""
    found: list[tuple[str, int]] = []
    fence = ""
    for line in draft.splitlines():
        if mark := _FENCE.match(line):
            if not fence:
                fence = mark[1]
            elif mark[1].startswith(fence):
                fence = ""
        elif not fence and (heading := _SECTION.fullmatch(line)):
            found.append((heading[1], 0))
            continue
        if found:
            found[-1] = (found[-1][0], found[-1][1] + len(line) + 1)
    return found


def design_request(state: LldState, context: list[tuple[str, str]]) -> Request:
    """Asks for the next draft: issue, context files, the last draft and all verdicts so far."""
    files = "\n\n".join(delimited("FILE", f"{name}\n\n{text}") for name, text in context)
    history = ""
    if state["reviews"]:
        history = prompt_files.fill(
            "revise",
            previous=delimited("DESIGN", state["draft"]),
            reviews=_reviews(state["reviews"]),
        )
    return Request(
        purpose="draft",
        system=prompt_files.template("design-system"),
        prompt=prompt_files.fill(
            "design",
            number=str(state["number"]),
            issue=delimited("ISSUE", issue_text(state)),
            context=f"## Files given as context\n\n{files}\n\n" if files else "",
            history=f"{history}\n\n" if history else "",
        ),
    )


def review_request(state: LldState) -> Request:
    """Asks for a review of the newest draft."""
    history = ""
    if state["reviews"]:
        history = prompt_files.fill("earlier-reviews", reviews=_reviews(state["reviews"]))
    return Request(
        purpose="review",
        system=prompt_files.template("review-system"),
        prompt=prompt_files.fill(
            "review",
            number=str(state["number"]),
            draft_number=str(state["drafts"]),
            issue=delimited("ISSUE", issue_text(state)),
            draft=delimited("DESIGN", state["draft"]),
            history=f"{history}\n\n" if history else "",
        ),
        schema=SCHEMA,
    )


def _reviews(reviews: list[ReviewRecord]) -> str:
    return "\n\n".join(
        delimited("REVIEW", verdict_text(review, f"draft {review['draft']}")) for review in reviews
    )
