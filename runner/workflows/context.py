"""The interface between a workflow and the process that runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol

from assemblyzero_tui.runner.llm.provider import Answer, Request
from assemblyzero_tui.runner.model.events import Result
from assemblyzero_tui.runner.model.run_spec import WorkerSpec

if TYPE_CHECKING:
    from langgraph.graph import StateGraph


class Context(Protocol):
    """What a workflow may use: apart from files, all its effects go through here."""

    spec: WorkerSpec

    def log(self, text: str) -> None:
        """Prints one or more lines into the item's log."""

    def report_progress(self, iteration: int, limit: int, note: str = "") -> None:
        """Reports how far the workflow is, for every viewer of the run."""

    def notify(self, text: str, level: Literal["info", "warning", "error"] = "info") -> None:
        """Sends a notice to the user, in addition to the log."""

    def call_model(self, request: Request) -> Answer:
        """Calls the model under a lease from the engine and stores the answer.

        A node that runs again after a crash gets the stored answer without another call.

        Raises:
            WorkflowError: the model could not be called or gave no answer.
        """

    @property
    def reviews_count_as_gemini(self) -> bool:
        """Whether an approval may be recorded as a Gemini review."""


class Workflow(Protocol):
    """A workflow the worker can run."""

    name: str

    def fingerprints(self, spec: WorkerSpec) -> dict[str, str]:
        """Digests of what a checkpoint depends on: ``{"issue": …, "prompts": …, "provider": …}``.

        A checkpoint is continued only if they are unchanged, or if the user accepts the changes.
        The keys are shown to the user.

        Raises:
            WorkflowError: the item cannot be read.
        """

    def done_before(self, spec: WorkerSpec) -> Result | None:
        """The result of an earlier run of this item, if there is nothing left to do for it.

        Called when there is no checkpoint. With ``options.fresh`` an item is done again, whatever
        an earlier run made of it.

        Raises:
            WorkflowError: the item must not be done.
        """

    def overtaken(self, spec: WorkerSpec, state: dict[str, Any]) -> bool:
        """Whether another run has started the item again since this state of its graph.

        Continuing from there would mix two runs in one lineage.
        """

    def initial_state(self, spec: WorkerSpec) -> dict[str, Any]:
        """The input of a graph that has no checkpoint."""

    def graph(self, context: Context) -> StateGraph[Any, Any, Any, Any]:
        """The graph, not compiled."""

    def result(self, state: dict[str, Any]) -> Result:
        """The result of the finished graph.

        Raises:
            WorkflowError: the graph ended without success.
        """
