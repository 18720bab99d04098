"""The catalog of workflows; imports no LangGraph, so that the app and the engine can use it."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

from assemblyzero_tui.runner.base.errors import TuiError

if TYPE_CHECKING:
    from assemblyzero_tui.runner.workflows.context import Workflow


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """The description of a workflow that can be read without loading its graph."""

    name: str
    """``lld``; also the name of the command."""
    title: str
    """Shown to the user."""
    id_prefix: str
    """``LLD-``, the part of an item's id before its key."""
    nodes: tuple[str, ...]
    """The nodes of the graph in their usual order."""
    thread_prefix: str
    """``lld-``, the part before an item's key in the name of its LangGraph thread."""
    module: str
    """The module with the graph; a worker runs its ``WORKFLOW``."""
    records: str
    """The module with the records of its finished items, which implements
    :class:`~assemblyzero_tui.runner.workflows.records.Records`."""
    worker_checks: bool = False
    """Whether its worker checks, before any paid call, if another run has finished the item.
    The key alone is not enough to decide that: a brief of the same name can have another text."""

    def item_id(self, key: str) -> str:
        """The id of the item with this key, such as ``LLD-42``."""
        return f"{self.id_prefix}{key}"

    def thread_id(self, key: str) -> str:
        """The LangGraph thread of the item with this key, in its checkpoint."""
        return f"{self.thread_prefix}{key}"


LLD = CatalogEntry(
    name="lld",
    title="Low-level design",
    id_prefix="LLD-",
    nodes=("N0_fetch_issue", "N1_design", "N2_human_edit", "N3_review", "N4_finalize"),
    thread_prefix="lld-",
    module="assemblyzero_tui.runner.workflows.lld.workflow",
    records="assemblyzero_tui.runner.workflows.lld.records",
)

ISSUE = CatalogEntry(
    name="issue",
    title="Issue",
    id_prefix="ISSUE-",
    nodes=(
        "N0_load_brief",
        "N1_sandbox",
        "N2_draft",
        "N3_human_edit_draft",
        "N4_review",
        "N5_human_edit_verdict",
        "N6_file",
    ),
    thread_prefix="",
    module="assemblyzero_tui.runner.workflows.issue.workflow",
    records="assemblyzero_tui.runner.workflows.issue.records",
    worker_checks=True,
)

CATALOG: dict[str, CatalogEntry] = {entry.name: entry for entry in (LLD, ISSUE)}
"""Every workflow by its name."""


def entry(name: str) -> CatalogEntry:
    """The workflow of this name.

    Raises:
        TuiError: there is none.
    """
    if (workflow := CATALOG.get(name)) is None:
        raise TuiError(f"There is no workflow {name!r}.", f"Available: {', '.join(CATALOG)}.")
    return workflow


def load(name: str) -> Workflow:
    """Loads a workflow; imports LangGraph, so call it only in the process that runs the graph.

    Raises:
        TuiError: there is no workflow of that name.
    """
    workflow: Workflow = importlib.import_module(entry(name).module).WORKFLOW
    return workflow


def load_records(name: str) -> ModuleType:
    """Loads the module with the records of a workflow; does not import LangGraph.

    Raises:
        TuiError: there is no workflow of that name.
    """
    return importlib.import_module(entry(name).records)
