"""What the Issue graph remembers between its nodes."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from assemblyzero_tui.runner.workflows.drafting.state import DraftState


class IssueState(DraftState, total=False):
    """The checkpointed state; every value can be written as JSON."""

    slug: str
    brief: str
    """Its text."""
    brief_path: str
    """Relative to the repository."""
    brief_digest: str
    tracker: str
    """``github.com/owner/name``; empty until it has been asked for."""
    known_labels: list[str]
    """The labels of the repository."""
    filed: FiledRecord | None
    """The issue of this brief, once there is one."""


class FiledRecord(TypedDict):
    """The issue that was made of the brief."""

    number: int
    url: str
    lineage: str
    """Folder of its history, relative to the repository."""
    draft: str
    """Lineage file that was filed, relative to the repository; empty if there is none."""
    found: bool
    """An earlier attempt had filed it."""
    by: NotRequired[str]
    """Which other run filed it, if that is known."""
