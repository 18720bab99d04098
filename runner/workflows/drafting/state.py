"""The common part of the state of both drafting workflows."""

from __future__ import annotations

from typing import TypedDict


class DraftState(TypedDict, total=False):
    """The checkpointed state. File numbers come from here, never from a listing of the folder.

    Every value can be written as JSON.
    """

    origin: str
    """The run in which this journey began; part of the ids of its audit events."""
    title: str
    first: int
    """Number of the first lineage file of this journey."""
    last: int
    """Number of the last lineage file written."""
    visits: int
    """The number of visits to the human-edit gates."""
    drafts: int
    """The number of drafts so far."""
    draft: str
    """Text of the newest draft."""
    draft_file: str
    """Its name in the lineage folder."""
    drafted_by: str
    """The model that wrote the newest draft."""
    input_tokens: int
    """Input tokens of all calls so far."""
    output_tokens: int
    reviews: list[ReviewRecord]
    """Every review so far, oldest first."""


class ReviewRecord(TypedDict):
    """One verdict, and the draft it is about."""

    draft: int
    """Number of the draft, from 1."""
    verdict: str
    critique: str
    tier1_issues: list[IssueRecord]
    suggestions: list[str]
    model: str
    gemini: bool
    """Whether it counts as a Gemini review."""
    date: str
    """``YYYY-MM-DD``, UTC."""


class IssueRecord(TypedDict):
    """A change that is required before the draft can be approved."""

    section: str
    problem: str
    remedy: str


def awaits_review(state: DraftState) -> bool:
    """Whether the newest draft has not been reviewed."""
    return state["drafts"] > len(state["reviews"])


def approved(state: DraftState) -> bool:
    """Whether the last review approved the newest draft."""
    return bool(state["reviews"]) and state["reviews"][-1]["verdict"] == "APPROVED"
