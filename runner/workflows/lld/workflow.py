"""The LLD workflow: an issue becomes a low-level design that a reviewer has approved.

::

    N0_fetch_issue -> N1_design -> N2_human_edit -> N3_review -> N4_finalize
                          ^             |   ^            |
                          +-- rejected -+   +- rejected -+
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from langgraph.graph import END, START, StateGraph

from assemblyzero_tui.runner.base.errors import WorkflowError
from assemblyzero_tui.runner.model.events import Result
from assemblyzero_tui.runner.model.run_spec import WorkerSpec
from assemblyzero_tui.runner.workflows.catalog import LLD
from assemblyzero_tui.runner.workflows.context import Context
from assemblyzero_tui.runner.workflows.drafting import prompt_files
from assemblyzero_tui.runner.workflows.drafting.fingerprints import digest
from assemblyzero_tui.runner.workflows.drafting.state import approved, awaits_review
from assemblyzero_tui.runner.workflows.drafting.workflow import DraftingWorkflow, add_nodes
from assemblyzero_tui.runner.workflows.lld import designs, status_file
from assemblyzero_tui.runner.workflows.lld.issue_source import fetch
from assemblyzero_tui.runner.workflows.lld.nodes import LldNodes
from assemblyzero_tui.runner.workflows.lld.state import LldState
from assemblyzero_tui.runner.workflows.lld.template import find_template
from assemblyzero_tui.runner.workflows.repository import lineage
from assemblyzero_tui.runner.workflows.tracker.issues import Issue

N0, N1, N2, N3, N4 = LLD.nodes


class LldWorkflow(DraftingWorkflow[Issue]):
    """See :class:`~assemblyzero_tui.runner.workflows.context.Workflow`."""

    entry = LLD
    prompts = prompt_files.LLD
    item_word = "issue"

    def fingerprints(self, spec: WorkerSpec) -> dict[str, str]:
        """The same as for every workflow, and a digest of the template, where there is one.

        Raises:
            WorkflowError: the item or a context file cannot be read.
            TuiError: the template cannot be used.
        """
        found = super().fingerprints(spec)
        template = find_template(Path(spec.repository), spec.options.template)
        if template is None:
            return found
        prompts = prompt_files.digest(prompt_files.TEMPLATE)
        return {**found, "template": digest(template.text, prompts)}

    def done_before(self, spec: WorkerSpec) -> Result | None:
        """The existing design, which another run or someone else may have written in the meantime.

        Raises:
            WorkflowError: it was not written by this tool and does not say that it is approved.
        """
        number, repository = int(spec.item.key), Path(spec.repository)
        design = None if spec.options.fresh else status_file.approved_design(repository, number)
        if design is not None:
            return Result(
                summary="approved before",
                output=design,
                lineage=str(lineage.folder_of(number)),
                verdict="APPROVED",
            )
        others = [] if spec.options.replace else designs.others_of(repository, number)
        if not others:
            return None
        if others[0].status == "approved":
            summary = "left out: approved, and not written by this tool"
            return Result(summary=summary, output=others[0].name, verdict="APPROVED")
        raise WorkflowError(
            f"left out: {others[0].name} was not written by this tool, or was edited since.",
            f"To replace it, name the issue: assemblyzero-tui lld {number}",
        )

    def initial_state(self, spec: WorkerSpec) -> dict[str, Any]:
        """The input of a graph without a checkpoint."""
        return {"number": int(spec.item.key), "origin": spec.run}

    def graph(self, context: Context) -> StateGraph[Any, Any, Any, Any]:
        """The graph, not compiled."""
        nodes = LldNodes(context, lambda: self._item(context.spec))
        graph: StateGraph[Any, Any, Any, Any] = StateGraph(LldState)
        steps = (nodes.fetch_issue, nodes.design, nodes.human_edit, nodes.review, nodes.finalize)
        add_nodes(graph, nodes, LLD.nodes, steps)
        graph.add_edge(START, N0)
        graph.add_edge(N0, N1)
        graph.add_edge(N1, N2)
        graph.add_conditional_edges(N2, after_human_edit, [N1, N3])
        graph.add_conditional_edges(N3, after_review, [N2, N4])
        graph.add_edge(N4, END)
        return graph

    def result(self, state: dict[str, Any]) -> Result:
        """The result of the finished graph.

        Raises:
            WorkflowError: it ended without an approved design.
        """
        if not state.get("output"):
            raise WorkflowError(
                "The workflow ended without an approved design.", "Run the item with --fresh."
            )
        reviews = len(state["reviews"])
        summary = f"approved after {reviews} review{'s' if reviews != 1 else ''}"
        if state.get("replaced"):
            summary += f"; the earlier design is kept as {state['replaced']}"
        return Result(
            summary=summary,
            output=state["output"],
            lineage=str(lineage.folder_of(state["number"])),
            iterations=state["drafts"],
            reviews=reviews,
            verdict=state["reviews"][-1]["verdict"],
        )

    def _identity(self, spec: WorkerSpec) -> dict[str, Any]:
        return {"number": int(spec.item.key)}

    def _read_item(self, spec: WorkerSpec) -> Issue:
        return fetch(spec.item, Path(spec.repository), spec.tracker)

    def _texts(self, item: Issue) -> tuple[str, ...]:
        return item.title, item.body


def after_human_edit(state: LldState) -> str:
    """Sends a new draft to the review, and a rejected one back to the writer."""
    return N3 if awaits_review(state) else N1


def after_review(state: LldState) -> str:
    """Publishes an approved draft, and sends a rejected one back through the human-edit gate."""
    return N4 if approved(state) else N2


WORKFLOW = LldWorkflow()
"""Returned by :func:`assemblyzero_tui.runner.workflows.catalog.load`."""
