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

from assemblyzero_tui.runner.errors import TuiError, WorkflowError
from assemblyzero_tui.runner.events import Result
from assemblyzero_tui.runner.run_spec import WorkerSpec
from assemblyzero_tui.runner.workflows import lineage, prompt_files
from assemblyzero_tui.runner.workflows.catalog import LLD
from assemblyzero_tui.runner.workflows.context import Context
from assemblyzero_tui.runner.workflows.draft_state import approved, awaits_review
from assemblyzero_tui.runner.workflows.fingerprints import fingerprints
from assemblyzero_tui.runner.workflows.issues import Issue, fetch
from assemblyzero_tui.runner.workflows.lld_nodes import LldNodes
from assemblyzero_tui.runner.workflows.lld_state import LldState

N0, N1, N2, N3, N4 = LLD.nodes


class LldWorkflow:
    """See :class:`~assemblyzero_tui.runner.workflows.context.Workflow`."""

    name = LLD.name

    def __init__(self) -> None:
        self._read: dict[tuple[str, str, str], Issue] = {}

    def fingerprints(self, spec: WorkerSpec) -> dict[str, str]:
        """Digests of the issue, the prompts, the context files and the provider.

        The issue that is read here is the one that ``N0_fetch_issue`` then works with.

        Raises:
            WorkflowError: the issue or a context file cannot be read.
        """
        issue = self._fetch(spec)
        self._read[_key(spec)] = issue
        return fingerprints(spec, "issue", (issue.title, issue.body), prompt_files.LLD)

    def initial_state(self, spec: WorkerSpec) -> dict[str, Any]:
        """The input of a graph without a checkpoint."""
        return {"number": int(spec.item.key), "origin": spec.run}

    def graph(self, context: Context) -> StateGraph[Any, Any, Any, Any]:
        """The graph, not compiled."""
        spec = context.spec
        nodes = LldNodes(context, lambda: self._read.pop(_key(spec), None) or self._fetch(spec))
        graph: StateGraph[Any, Any, Any, Any] = StateGraph(LldState)
        for name, node in (
            (N0, nodes.fetch_issue),
            (N1, nodes.design),
            (N2, nodes.human_edit),
            (N3, nodes.review),
            (N4, nodes.finalize),
        ):
            graph.add_node(name, nodes.guarded(name, node))
        graph.add_edge(START, N0)
        graph.add_edge(N0, N1)
        graph.add_edge(N1, N2)
        graph.add_conditional_edges(N2, after_human_edit, [N1, N3])
        graph.add_conditional_edges(N3, after_review, [N2, N4])
        graph.add_edge(N4, END)
        return graph

    def result(self, state: dict[str, Any]) -> Result:
        """What the finished graph made.

        Raises:
            WorkflowError: it ended without an approved design.
        """
        if not state.get("output"):
            raise WorkflowError(
                "The workflow ended without an approved design.", "Run the item with --fresh."
            )
        reviews = len(state["reviews"])
        return Result(
            summary=f"approved after {reviews} review{'s' if reviews != 1 else ''}",
            output=state["output"],
            lineage=str(lineage.folder_of(state["number"])),
            iterations=state["drafts"],
            reviews=reviews,
            verdict=state["reviews"][-1]["verdict"],
        )

    def _fetch(self, spec: WorkerSpec) -> Issue:
        try:
            return fetch(spec.item, Path(spec.repository))
        except WorkflowError:
            raise
        except TuiError as error:
            raise WorkflowError(error.what, error.hint) from error


def after_human_edit(state: LldState) -> str:
    """A new draft goes to the review, a rejected one back to the writer."""
    return N3 if awaits_review(state) else N1


def after_review(state: LldState) -> str:
    """An approved draft is published, a rejected one goes back through the human-edit gate."""
    return N4 if approved(state) else N2


def _key(spec: WorkerSpec) -> tuple[str, str, str]:
    return spec.repository, spec.item.id, spec.item.source


WORKFLOW = LldWorkflow()
"""What :func:`assemblyzero_tui.runner.workflows.catalog.load` gives."""
