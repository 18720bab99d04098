"""The state of the Issue graph between its nodes."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from assemblyzero_tui.runner.workflows.drafting.state import DraftState


class IssueState(DraftState, total=False):
    """The checkpointed state; every value can be written as JSON."""

    slug: str
    brief: str
    """The text of the brief."""
    brief_path: str
    """Relative to the repository."""
    brief_digest: str
    tracker: str
    """``github.com/owner/name``; empty until it has been determined."""
    known_labels: list[str]
    """The labels of the repository."""
    filed: FiledRecord | None
    """The issue of this brief, once it is filed."""


class FiledRecord(TypedDict):
    """The issue that was filed for the brief."""

    number: int
    url: str
    lineage: str
    """Folder of its history, relative to the repository."""
    draft: str
    """The lineage file that was filed, relative to the repository; empty if there is none."""
    found: bool
    """Whether an earlier attempt filed it."""
    by: NotRequired[str]
    """The other run that filed it, if known."""
