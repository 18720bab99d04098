"""The interface of both drafting workflows to the worker; the item is read only once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, Generic, TypeVar

from assemblyzero_tui.runner.base.errors import TuiError, WorkflowError
from assemblyzero_tui.runner.model.events import Result
from assemblyzero_tui.runner.model.run_spec import WorkerSpec
from assemblyzero_tui.runner.workflows.catalog import CatalogEntry
from assemblyzero_tui.runner.workflows.drafting.fingerprints import fingerprints
from assemblyzero_tui.runner.workflows.repository import audit

Item = TypeVar("Item")


class DraftingWorkflow(ABC, Generic[Item]):
    """The first node works with the same item whose fingerprint was taken."""

    entry: CatalogEntry
    prompts: tuple[str, ...]
    """Names of the prompts."""
    item_word: str
    """What messages call an item."""

    def __init__(self) -> None:
        self._read: dict[tuple[str, str, str], Item] = {}

    @property
    def name(self) -> str:
        """Of the workflow."""
        return self.entry.name

    def fingerprints(self, spec: WorkerSpec) -> dict[str, str]:
        """Digests of the item, the prompts, the context files and the provider.

        Raises:
            WorkflowError: the item or a context file cannot be read.
        """
        item = self._fetch(spec)
        self._read[_key(spec)] = item
        return fingerprints(spec, self.item_word, self._texts(item), self.prompts)

    def done_before(self, spec: WorkerSpec) -> Result | None:
        """By default, nothing is known of earlier journeys."""
        return None

    def overtaken(self, spec: WorkerSpec, state: dict[str, Any]) -> bool:
        """Whether another run, with another state folder, has started this item again since.

        The audit file contains the last start, with its run and lineage file.
        """
        if not state.get("first"):
            return False  # it has no lineage file yet
        begun = audit.newest_start(Path(spec.repository), **self._identity(spec))
        number = str(begun.get("issue_file") or begun.get("brief_file") or "").partition("-")[0]
        if "run" not in begun or not number.isdecimal():
            return False
        return (begun["run"], int(number)) != (state.get("origin", spec.run), state["first"])

    @abstractmethod
    def _identity(self, spec: WorkerSpec) -> dict[str, Any]:
        """What the audit calls an item: ``{"number": 42}`` or ``{"slug": "dark-mode"}``."""

    def _item(self, spec: WorkerSpec) -> Item:
        """The item that was read for its fingerprint, or else the current one."""
        return self._read.pop(_key(spec), None) or self._fetch(spec)

    def _fetch(self, spec: WorkerSpec) -> Item:
        try:
            return self._read_item(spec)
        except WorkflowError:
            raise
        except TuiError as error:
            raise WorkflowError(error.what, error.hint) from error

    @abstractmethod
    def _read_item(self, spec: WorkerSpec) -> Item:
        """Reads the item."""

    @abstractmethod
    def _texts(self, item: Item) -> tuple[str, ...]:
        """What a checkpoint depends on."""


def _key(spec: WorkerSpec) -> tuple[str, str, str]:
    return spec.repository, spec.item.id, spec.item.source


def add_nodes(graph: Any, nodes: Any, names: tuple[str, ...], steps: tuple[Any, ...]) -> None:
    """Adds the steps as nodes of these names, each with its failures written into the audit."""
    for name, step in zip(names, steps, strict=True):
        graph.add_node(name, nodes.guarded(name, step))
