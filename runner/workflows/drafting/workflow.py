"""The common part of both drafting workflows, as the worker calls them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, Generic, TypeVar

from assemblyzero_tui.runner.base.errors import TransientError, TuiError, WorkflowError
from assemblyzero_tui.runner.model.events import Result
from assemblyzero_tui.runner.model.run_spec import WorkerSpec
from assemblyzero_tui.runner.workflows.catalog import CatalogEntry
from assemblyzero_tui.runner.workflows.drafting.fingerprints import fingerprints
from assemblyzero_tui.runner.workflows.repository import audit

Item = TypeVar("Item")


class DraftingWorkflow(ABC, Generic[Item]):
    """A drafting workflow. The item is read only once: for its fingerprint and the first node."""

    entry: CatalogEntry
    prompts: tuple[str, ...]
    """Names of the prompts."""
    item_word: str
    """What messages call an item."""

    def __init__(self) -> None:
        self._items: dict[tuple[str, str, str], Item] = {}

    @property
    def name(self) -> str:
        """The name of the workflow."""
        return self.entry.name

    def fingerprints(self, spec: WorkerSpec) -> dict[str, str]:
        """Digests of the item, the prompts, the context files and the provider.

        Raises:
            TransientError: the item cannot be read now.
            WorkflowError: the item or a context file cannot be read.
        """
        item = self._fetch(spec)
        self._items[_key(spec)] = item
        return fingerprints(spec, self.item_word, self._texts(item), self.prompts)

    def done_before(self, spec: WorkerSpec) -> Result | None:
        """``None``: by default, there are no earlier results."""
        return None

    def overtaken(self, spec: WorkerSpec, state: dict[str, Any]) -> bool:
        """Whether another run, with another state folder, has started this item over since.

        The audit file contains the last start, with its run and lineage file.
        """
        if not state.get("first"):
            return False  # it has no lineage file yet
        start = audit.newest_start(Path(spec.repository), **self._identity(spec))
        number = str(start.get("issue_file") or start.get("brief_file") or "").partition("-")[0]
        if "run" not in start or not number.isdecimal():
            return False
        return (start["run"], int(number)) != (state.get("origin", spec.run), state["first"])

    @abstractmethod
    def _identity(self, spec: WorkerSpec) -> dict[str, Any]:
        """What the audit trail calls an item: ``{"number": 42}`` or ``{"slug": "dark-mode"}``."""

    def _item(self, spec: WorkerSpec) -> Item:
        """The item that was read for its fingerprint, or else the current one."""
        return self._items.pop(_key(spec), None) or self._fetch(spec)

    def _fetch(self, spec: WorkerSpec) -> Item:
        try:
            return self._read_item(spec)
        except (WorkflowError, TransientError):
            raise
        except TuiError as error:
            raise WorkflowError(error.what, error.hint) from error

    @abstractmethod
    def _read_item(self, spec: WorkerSpec) -> Item:
        """Reads the item."""

    @abstractmethod
    def _texts(self, item: Item) -> tuple[str, ...]:
        """The texts of an item that a checkpoint depends on."""


def _key(spec: WorkerSpec) -> tuple[str, str, str]:
    return spec.repository, spec.item.id, spec.item.source


def add_nodes(graph: Any, nodes: Any, names: tuple[str, ...], steps: tuple[Any, ...]) -> None:
    """Adds the steps as nodes of these names; their failures are written into the audit files."""
    for name, step in zip(names, steps, strict=True):
        graph.add_node(name, nodes.guarded(name, step))
