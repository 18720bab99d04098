"""The Issue workflow: a brief becomes an issue that a reviewer has approved, and is filed once.

::

    N0_load_brief -> N1_sandbox -> N2_draft -> N3_human_edit_draft -> N4_review
                          |           ^  ^              |                 |
                          |           |  +-- rejected --+                 v
                          |           +----------- rejected --- N5_human_edit_verdict
                          |                                               |
                          +---------- filed before -----> N6_file <-------+
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from langgraph.graph import END, START, StateGraph

from assemblyzero_tui.runner.base.errors import WorkflowError
from assemblyzero_tui.runner.model.events import Result
from assemblyzero_tui.runner.model.run_spec import WorkerSpec
from assemblyzero_tui.runner.workflows.catalog import ISSUE
from assemblyzero_tui.runner.workflows.context import Context
from assemblyzero_tui.runner.workflows.drafting import prompt_files
from assemblyzero_tui.runner.workflows.drafting.log_style import count
from assemblyzero_tui.runner.workflows.drafting.state import approved, awaits_review
from assemblyzero_tui.runner.workflows.drafting.workflow import DraftingWorkflow, add_nodes
from assemblyzero_tui.runner.workflows.issue import filing_records
from assemblyzero_tui.runner.workflows.issue.briefs import Brief, done_brief, read_brief
from assemblyzero_tui.runner.workflows.issue.nodes import IssueNodes
from assemblyzero_tui.runner.workflows.issue.state import IssueState

N0, N1, N2, N3, N4, N5, N6 = ISSUE.nodes


class IssueWorkflow(DraftingWorkflow[Brief]):
    """See :class:`~assemblyzero_tui.runner.workflows.context.Workflow`."""

    entry = ISSUE
    prompts = prompt_files.ISSUE
    item_word = "brief"

    def initial_state(self, spec: WorkerSpec) -> dict[str, Any]:
        """The input of a graph without a checkpoint."""
        return {"slug": spec.item.key, "origin": spec.run}

    def graph(self, context: Context) -> StateGraph[Any, Any, Any, Any]:
        """The graph, not compiled."""
        nodes = IssueNodes(context, lambda: self._item(context.spec))
        graph: StateGraph[Any, Any, Any, Any] = StateGraph(IssueState)
        steps = (
            nodes.load_brief, nodes.sandbox, nodes.draft, nodes.human_edit, nodes.review,
            nodes.human_edit_verdict, nodes.file,
        )  # fmt: skip
        add_nodes(graph, nodes, ISSUE.nodes, steps)
        graph.add_edge(START, N0)
        graph.add_edge(N0, N1)
        graph.add_conditional_edges(N1, after_sandbox, [N2, N6])
        graph.add_edge(N2, N3)
        graph.add_conditional_edges(N3, after_human_edit_draft, [N2, N4])
        graph.add_edge(N4, N5)
        graph.add_conditional_edges(N5, after_human_edit_verdict, [N2, N6])
        graph.add_edge(N6, END)
        return graph

    def result(self, state: dict[str, Any]) -> Result:
        """The result of the finished graph.

        Raises:
            WorkflowError: it ended without an issue and without an approved draft.
        """
        filed, reviews = state.get("filed"), state.get("reviews", [])
        iterations, verdict = state.get("drafts", 0), reviews[-1]["verdict"] if reviews else ""
        if filed:
            verb = "was already filed as" if filed["found"] else "filed as"
            by = f" by {filed['by']}" if filed.get("by") else ""
            return Result(
                summary=f"{verb} #{filed['number']} {filed['url']}{by}",
                output=filed["draft"],
                url=filed["url"],
                lineage=filed["lineage"],
                iterations=iterations,
                reviews=len(reviews),
                verdict=verdict,
            )
        if verdict != "APPROVED":
            raise WorkflowError(
                "The workflow ended without an approved draft.", "Run the item with --fresh."
            )
        folder = filing_records.folder_of(state["slug"])
        output = str(folder / state["draft_file"])
        return Result(
            summary=f"approved after {count(len(reviews), 'review')}, not filed: {output}",
            output=output,
            lineage=str(folder),
            iterations=iterations,
            reviews=len(reviews),
            verdict=verdict,
            keeps_checkpoint=True,
        )

    def _identity(self, spec: WorkerSpec) -> dict[str, Any]:
        return {"slug": spec.item.key}

    def _read_item(self, spec: WorkerSpec) -> Brief:
        path = Path(spec.item.source)
        moved = None if path.exists() else done_brief(Path(spec.repository), path.name)
        return read_brief(moved or path)

    def _texts(self, item: Brief) -> tuple[str, ...]:
        return (item.digest,)


def after_sandbox(state: IssueState) -> str:
    """Skips the draft of a brief that already has an issue."""
    return N2 if state["filed"] is None else N6


def after_human_edit_draft(state: IssueState) -> str:
    """Sends a new draft to the review, and any other one back to the writer."""
    return N4 if awaits_review(state) else N2


def after_human_edit_verdict(state: IssueState) -> str:
    """Files an approved draft, and sends a rejected one back to the writer."""
    return N6 if approved(state) else N2


WORKFLOW = IssueWorkflow()
"""Returned by :func:`assemblyzero_tui.runner.workflows.catalog.load`."""
