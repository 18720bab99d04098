"""What the LLD graph remembers between its nodes."""

from __future__ import annotations

from assemblyzero_tui.runner.workflows.drafting.state import DraftState


class LldState(DraftState, total=False):
    """The checkpointed state; every value can be written as JSON."""

    number: int
    """Of the issue."""
    body: str
    url: str
    labels: list[str]
    output: str
    """The final design, relative to the repository."""
    replaced: str
    """Name of the lineage file with the design of somebody else that it replaced; or empty."""
