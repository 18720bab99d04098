"""What a workflow gets from the process that runs it, and what it gives in return."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol

from assemblyzero_tui.runner.llm.provider import Answer, Request
from assemblyzero_tui.runner.model.events import Result
from assemblyzero_tui.runner.model.run_spec import WorkerSpec

if TYPE_CHECKING:
    from langgraph.graph import StateGraph


class Context(Protocol):
    """The hands of a workflow: everything it does to the world goes through here or to files."""

    spec: WorkerSpec

    def say(self, text: str) -> None:
        """Prints one or more lines into the item's log."""

    def progress(self, iteration: int, limit: int, note: str = "") -> None:
        """Tells every face how far the workflow is."""

    def remark(self, text: str, level: Literal["info", "warning", "error"] = "info") -> None:
        """Tells a human something beyond the log."""

    def ask(self, request: Request) -> Answer:
        """Asks the model, under a lease of the engine; the answer is kept.

        A node that runs again after a crash gets the kept answer back without a call.

        Raises:
            WorkflowError: the model could not be asked or gave no answer.
        """

    @property
    def reviews_count_as_gemini(self) -> bool:
        """Whether an approval may be recorded as a Gemini review."""


class Workflow(Protocol):
    """A workflow the worker can run."""

    name: str

    def fingerprints(self, spec: WorkerSpec) -> dict[str, str]:
        """Digests of what a checkpoint depends on: ``{"issue": …, "prompts": …, "provider": …}``.

        A checkpoint is continued only if they are what they were, or if the user accepts the
        changes. The keys are words for humans.

        Raises:
            WorkflowError: the item cannot be read.
        """

    def done_before(self, spec: WorkerSpec) -> Result | None:
        """What an earlier journey made of this item, if nothing is left to do for it.

        Asked when there is no checkpoint. An item that is to be done afresh (``options.fresh``) is
        done again whatever an earlier journey made of it.

        Raises:
            WorkflowError: it must not be done.
        """

    def overtaken(self, spec: WorkerSpec, state: dict[str, Any]) -> bool:
        """Whether somebody else has begun the item again since this state of its graph.

        Going on from there would mix two journeys in one lineage.
        """

    def initial_state(self, spec: WorkerSpec) -> dict[str, Any]:
        """The input of a graph that has no checkpoint."""

    def graph(self, context: Context) -> StateGraph[Any, Any, Any, Any]:
        """The graph, not compiled."""

    def result(self, state: dict[str, Any]) -> Result:
        """What the finished graph made.

        Raises:
            WorkflowError: the graph ended without success.
        """
