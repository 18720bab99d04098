"""The texts of the LLD workflow, for prompts and lineage files."""

from __future__ import annotations

import re

from assemblyzero_tui.runner.llm.provider import Request
from assemblyzero_tui.runner.workflows.drafting.prompt_files import delimited
from assemblyzero_tui.runner.workflows.drafting.texts import (
    context_part,
    draft_question,
    earlier_reviews_part,
    review_question,
    revision_part,
)
from assemblyzero_tui.runner.workflows.lld.state import LldState

_RULE = "\n\n---\n\n"
_ORIGIN = re.compile(
    r"Issue .* · approved on .* after .* · history in `docs/lineage/active/[0-9]+-lld/`\n*"
)


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


def final_text(state: LldState, lineage: str) -> str:
    """``LLD-042.md``: the approved draft, and a line on its origin."""
    last = state["reviews"][-1]
    issue = f"[#{state['number']}]({state['url']})" if state["url"] else f"#{state['number']}"
    rounds = len(state["reviews"])
    return (
        f"{state['draft'].strip()}{_RULE}"
        f"Issue {issue} · approved on {last['date']} by {last['model'] or 'an unnamed model'} "
        f"after {rounds} review{'s' if rounds != 1 else ''} · history in `{lineage}/`\n"
    )


def draft_in(text: str) -> str | None:
    """The draft in a final text; ``None`` if this program did not write the text."""
    draft, rule, origin = text.rpartition(_RULE)
    return draft if rule and _ORIGIN.fullmatch(origin) else None


def design_request(state: LldState, context: list[tuple[str, str]]) -> Request:
    """The request for the next draft: issue, context files, last draft and all verdicts so far."""
    return draft_question(
        "design",
        number=str(state["number"]),
        issue=delimited("ISSUE", issue_text(state)),
        context=context_part(context),
        history=revision_part(state, "revise", "DESIGN"),
    )


def review_request(state: LldState, context: list[tuple[str, str]]) -> Request:
    """The request for a review of the newest draft; the reviewer also sees the context files."""
    return review_question(
        "review",
        number=str(state["number"]),
        draft_number=str(state["drafts"]),
        issue=delimited("ISSUE", issue_text(state)),
        context=context_part(context),
        draft=delimited("DESIGN", state["draft"]),
        history=earlier_reviews_part(state, "earlier-reviews"),
    )
