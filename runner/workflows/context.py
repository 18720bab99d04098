"""The interface between a workflow and the process that runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol

from assemblyzero_tui.runner.llm.provider import Answer, Request
from assemblyzero_tui.runner.model.events import Result
from assemblyzero_tui.runner.model.run_spec import WorkerSpec

if TYPE_CHECKING:
    from langgraph.graph import StateGraph


class Context(Protocol):
    """The services that a workflow uses: apart from files, all its effects go through here."""

    spec: WorkerSpec

    def log(self, text: str) -> None:
        """Prints one or more lines into the item's log."""

    def report_progress(self, iteration: int, limit: int, note: str = "") -> None:
        """Reports the progress of the workflow to every viewer of the run."""

    def notify(self, text: str, level: Literal["info", "warning", "error"] = "info") -> None:
        """Sends a notice to the user, in addition to the log."""

    def call_model(self, request: Request) -> Answer:
        """Calls the model with a lease from the engine and stores the answer.

        A node that runs again after a crash gets the stored answer without another call.

        Raises:
            WorkflowError: the model could not be called or did not answer.
        """

    @property
    def reviews_count_as_gemini(self) -> bool:
        """Whether an approval may be recorded as a Gemini review."""


class Workflow(Protocol):
    """A workflow that a worker can run."""

    name: str

    def fingerprints(self, spec: WorkerSpec) -> dict[str, str]:
        """Digests of a checkpoint's inputs: ``{"issue": …, "prompts": …, "provider": …}``.

        A checkpoint is resumed only if they are unchanged, or if the user accepts the changes.
        The names are shown to the user.

        Raises:
            WorkflowError: the item cannot be read.
        """

    def done_before(self, spec: WorkerSpec) -> Result | None:
        """The result of an earlier run of this item, if nothing remains to be done.

        Called when there is no checkpoint. With ``options.fresh`` earlier results are ignored.

        Raises:
            WorkflowError: the item must not be worked on.
        """

    def overtaken(self, spec: WorkerSpec, state: dict[str, Any]) -> bool:
        """Whether another run has started the item over since this state was saved.

        Resuming from it would mix two runs in one lineage.
        """

    def initial_state(self, spec: WorkerSpec) -> dict[str, Any]:
        """The input of a graph without a checkpoint."""

    def graph(self, context: Context) -> StateGraph[Any, Any, Any, Any]:
        """The graph, not compiled."""

    def result(self, state: dict[str, Any]) -> Result:
        """The result of the finished graph.

        Raises:
            WorkflowError: the graph ended without success.
        """
