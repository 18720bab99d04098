"""The state of the LLD graph between its nodes."""

from __future__ import annotations

from assemblyzero_tui.runner.workflows.drafting.state import DraftState


class LldState(DraftState, total=False):
    """The checkpointed state; every value can be written as JSON."""

    number: int
    """The number of the issue."""
    body: str
    url: str
    labels: list[str]
    output: str
    """The final design, relative to the repository."""
    replaced: str
    """Name of the lineage file with a copy of the design that it replaced; or empty."""
