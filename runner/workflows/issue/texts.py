"""The texts of the Issue workflow, for prompts."""

from __future__ import annotations

from assemblyzero_tui.runner.llm.provider import Request
from assemblyzero_tui.runner.workflows.drafting.prompt_files import delimited
from assemblyzero_tui.runner.workflows.drafting.texts import (
    context_part,
    draft_question,
    earlier_reviews_part,
    review_question,
    revision_part,
)
from assemblyzero_tui.runner.workflows.issue.state import IssueState

_MAX_LABELS = 100
"""Labels of the repository that a prompt lists."""


def labels_part(labels: list[str]) -> str:
    """The part of a prompt about labels."""
    if not labels:
        return (
            "Nothing is known of the repository's labels. Use common ones that fit, such as bug, "
            "enhancement, documentation; labels it does not have are left out."
        )
    listed = delimited("LABELS", "\n".join(labels[:_MAX_LABELS]))
    return (
        "These are the labels of the repository, one a line. Use only them, and only those that "
        f"fit; none if none does.\n\n{listed}"
    )


def draft_request(state: IssueState, context: list[tuple[str, str]]) -> Request:
    """The request for the next draft, with context files, labels, last draft and all verdicts."""
    return draft_question(
        "issue-draft",
        slug=state["slug"],
        brief=delimited("BRIEF", state["brief"]),
        context=context_part(context),
        labels=labels_part(state["known_labels"]),
        history=revision_part(state, "issue-revise", "DRAFT"),
    )


def review_request(state: IssueState, context: list[tuple[str, str]]) -> Request:
    """The request for a review of the newest draft; the reviewer also sees the context files."""
    return review_question(
        "issue-review",
        slug=state["slug"],
        draft_number=str(state["drafts"]),
        brief=delimited("BRIEF", state["brief"]),
        context=context_part(context),
        draft=delimited("DRAFT", state["draft"]),
        history=earlier_reviews_part(state, "issue-earlier-reviews"),
    )
